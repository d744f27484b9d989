//! Solana's own wallet files and command-line config.
use crate::Keypair;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Why a wallet or config file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    #[error("cannot read wallet {path}: {cause} (hint: create one with `io wallet new`)")]
    Read { path: PathBuf, cause: std::io::Error },
    #[error("wallet {path} is not a Solana keypair file: {cause}")]
    Format { path: PathBuf, cause: String },
    #[error("cannot write wallet {path}: {cause}")]
    Write { path: PathBuf, cause: std::io::Error },
    #[error("wallet {0} exists already and is not overwritten")]
    Exists(PathBuf),
    #[error("config {path} is not valid: {cause}")]
    Config { path: PathBuf, cause: String },
}

/// What `solana config` writes: `~/.config/solana/cli/config.yml`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub struct SolanaConfig {
    pub json_rpc_url: Option<String>,
    pub keypair_path: Option<String>,
}

impl SolanaConfig {
    /// Reads the config below `home`; a missing file is an empty config.
    ///
    /// # Errors
    /// If the file is there and is not valid.
    pub fn load(home: &Path) -> Result<Self, WalletError> {
        let path = home.join(".config/solana/cli/config.yml");
        match std::fs::read_to_string(&path) {
            Ok(text) => serde_yaml::from_str(&text).map_err(|e| WalletError::Config { path, cause: e.to_string() }),
            Err(_) => Ok(Self::default()),
        }
    }

    /// The wallet that Solana's own tools would use.
    pub fn keypair(&self, home: &Path) -> PathBuf {
        let default = || home.join(".config/solana/id.json");
        self.keypair_path.as_ref().map_or_else(default, PathBuf::from)
    }
}

/// Reads a keypair file: a JSON array of 64 bytes.
///
/// # Errors
/// If it cannot be read or is not a keypair.
pub fn read_keypair(path: &Path) -> Result<Keypair, WalletError> {
    let text = std::fs::read_to_string(path).map_err(|cause| WalletError::Read { path: path.into(), cause })?;
    let format = |cause: String| WalletError::Format { path: path.into(), cause };
    let bytes: Vec<u8> = serde_json::from_str(&text).map_err(|e| format(e.to_string()))?;
    Keypair::try_from(bytes.as_slice()).map_err(|e| format(e.to_string()))
}

/// Writes a keypair file that only its owner can read; never overwrites one.
///
/// # Errors
/// If the file exists or cannot be written.
pub fn write_keypair(path: &Path, keypair: &Keypair) -> Result<(), WalletError> {
    let write = |cause| WalletError::Write { path: path.into(), cause };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(write)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AlreadyExists => WalletError::Exists(path.into()),
        _ => write(cause),
    })?;
    let json = serde_json::to_string(&keypair.to_bytes().to_vec()).unwrap_or_default();
    file.write_all(json.as_bytes()).map_err(write)
}
