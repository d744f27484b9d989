//! The worker's config file.
use crate::error::WorkerError;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A commented config file with every setting at its default.
pub const EXAMPLE: &str = include_str!("../worker.example.toml");

/// Settings of one worker, which serves one device.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// JSON-RPC address of the cluster.
    pub rpc_url: String,
    /// The device's keypair file.
    pub device_key: PathBuf,
    /// Folder of the blob store.
    pub blobs: PathBuf,
    /// Folder in which a job's data is kept until the job has ended.
    #[serde(default = "kept")]
    pub kept: PathBuf,
    /// `auto`, `cpu`, `gpu`, `gpu:PART-OF-NAME` or `software`.
    #[serde(default = "auto")]
    pub backend: String,
    /// Least price for a job, IOSD (decimal).
    #[serde(default = "floor")]
    pub min_price: String,
    /// Roots (hex) of the models that it serves; empty: any.
    #[serde(default)]
    pub models: Vec<String>,
    /// Seconds that must be left before a commit deadline after the expected execution time.
    #[serde(default = "margin")]
    pub margin_s: u32,
    /// Most memory that a job may take, MiB: leave some to the rest of the machine.
    #[serde(default = "memory")]
    pub max_memory_mb: u64,
    /// Pause between looks at the chain, milliseconds.
    #[serde(default = "poll")]
    pub poll_ms: u64,
}

fn auto() -> String {
    "auto".into()
}

fn kept() -> PathBuf {
    "kept".into()
}

fn floor() -> String {
    "0.01".into()
}

fn margin() -> u32 {
    5
}

fn memory() -> u64 {
    4096
}

fn poll() -> u64 {
    500
}

impl Config {
    /// Reads a config file. Unknown settings are refused. Relative paths start at the file's folder.
    ///
    /// # Errors
    /// If it cannot be read or is not valid.
    pub fn load(path: &Path) -> Result<Self, WorkerError> {
        let text =
            std::fs::read_to_string(path).map_err(|cause| WorkerError::ReadConfig { path: path.into(), cause })?;
        let mut config: Config =
            toml::from_str(&text).map_err(|e| WorkerError::Config { path: path.into(), cause: e.to_string() })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        config.device_key = folder.join(&config.device_key);
        config.blobs = folder.join(&config.blobs);
        config.kept = folder.join(&config.kept);
        Ok(config)
    }

    pub fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_valid_and_shows_the_defaults() {
        let shown: Config = toml::from_str(EXAMPLE).unwrap();
        let minimal = "rpc_url = \"http://127.0.0.1:8899\"\ndevice_key = \"device.json\"\nblobs = \"blobs\"";
        assert_eq!(shown, toml::from_str(minimal).unwrap());
    }

    #[test]
    fn unknown_settings_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("worker.toml");
        std::fs::write(&path, format!("{EXAMPLE}\nprice_flor = 1\n")).unwrap();
        let error = Config::load(&path).unwrap_err().to_string();
        assert!(error.contains("price_flor"), "{error}");
    }
}
