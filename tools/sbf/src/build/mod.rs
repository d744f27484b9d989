//! `sbf build`: compiles packages of a workspace with the distribution's rustc and this program as linker.

mod stdlib;
mod toolchain;

use anyhow::{Context as _, Result, anyhow, bail};
use sha2::{Digest as _, Sha256};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use stdlib::Library;
use toolchain::Toolchain;

/// Set for cargo and everything below it; makes this executable act as the linker.
pub const LINK_MODE: &str = "SBF_LINK";

/// rustc finds the description by this name. Its path is not given to cargo, which would put it into the hashes
/// of all crates. `CARGO_TARGET_SBPF_*` and the name of the output folder follow from it.
const TARGET: &str = "sbpf";
const TARGET_DESCRIPTION: &str = include_str!("sbpf.json");

/// Settings of a cargo around this one, which are meant for the host.
const FOREIGN: [&str; 11] = [
    "CARGO_BUILD_RUSTC",
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_TARGET_DIR",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

#[derive(Debug, PartialEq)]
struct Options {
    workspace: PathBuf,
    out: Option<PathBuf>,
    target_dir: Option<PathBuf>,
    packages: Vec<String>,
    debug_panics: bool,
}

impl Options {
    fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Options> {
        let mut options =
            Options { workspace: ".".into(), out: None, target_dir: None, packages: vec![], debug_panics: false };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let name = argument.to_string_lossy();
            let mut value = || arguments.next().ok_or_else(|| anyhow!("{name} needs a value"));
            match &*name {
                "--workspace" => options.workspace = value()?.into(),
                "--out" => options.out = Some(value()?.into()),
                "--target-dir" => options.target_dir = Some(value()?.into()),
                "--package" | "-p" => options.packages.push(value()?.to_string_lossy().into_owned()),
                "--debug-panics" => options.debug_panics = true,
                _ => bail!("unknown option {name} of sbf build; see sbf --help"),
            }
        }
        if options.packages.is_empty() {
            bail!("name at least one package to build, for example --package credits");
        }
        Ok(options)
    }
}

pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<()> {
    let options = Options::parse(arguments)?;
    let workspace = absolute(&options.workspace)?;
    if !workspace.join("Cargo.lock").is_file() {
        bail!("{} has no Cargo.lock: give the root of the workspace with --workspace", workspace.display());
    }
    let out = make_dir(options.out.unwrap_or_else(|| workspace.join("target/deploy")))?;
    // Panic messages change how every crate is compiled, so they have a folder of their own.
    let kind = if options.debug_panics { "sbf-debug" } else { "sbf" };
    let target_dir = make_dir(options.target_dir.unwrap_or_else(|| workspace.join("target/programs")).join(kind))?;

    let toolchain = toolchain::find()?;
    let library = stdlib::prepare(&toolchain.library, &toolchain.version, &target_dir)?;
    if library.is_new {
        // Cargo does not look for changes in the standard library.
        stdlib::remove_tree(&target_dir.join("sbpf/release/.fingerprint"))?;
    }
    let description = target_dir.join(format!("{TARGET}.json"));
    if fs::read_to_string(&description).ok().as_deref() != Some(TARGET_DESCRIPTION) {
        fs::write(&description, TARGET_DESCRIPTION)
            .with_context(|| format!("cannot write {}", description.display()))?;
    }
    let build = Build { workspace, target_dir, library, toolchain, debug_panics: options.debug_panics };
    for package in &options.packages {
        build.package(package, &out)?;
    }
    Ok(())
}

struct Build {
    workspace: PathBuf,
    target_dir: PathBuf,
    library: Library,
    toolchain: Toolchain,
    debug_panics: bool,
}

impl Build {
    /// Builds one package. Two at once would share features: a program that another one calls would lose its
    /// entrypoint.
    fn package(&self, package: &str, out: &Path) -> Result<()> {
        let status = self.cargo(package)?.status().context("cannot run cargo; is it installed and in the PATH?")?;
        if !status.success() {
            bail!("{package} was not built");
        }
        let name = package.replace('-', "_");
        let built = self.target_dir.join("sbpf/release").join(format!("lib{name}.so"));
        let bytes = fs::read(&built)
            .with_context(|| format!("no {}; has {package} crate-type = [\"cdylib\", \"lib\"]?", built.display()))?;
        if bytes.is_empty() {
            bail!("{package} has no function named entrypoint; was it built with the feature no-entrypoint?");
        }
        let copy = out.join(format!("{name}.so"));
        fs::write(&copy, &bytes).with_context(|| format!("cannot write {}", copy.display()))?;
        println!("{} {} bytes sha256 {}", copy.display(), bytes.len(), hex(&Sha256::digest(&bytes)));
        Ok(())
    }

    fn cargo(&self, package: &str) -> Result<Command> {
        let linker = std::env::current_exe().context("cannot find the path of this executable")?;
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        for name in FOREIGN {
            cargo.env_remove(name);
        }
        cargo
            .current_dir(&self.workspace)
            .env("RUSTC", &self.toolchain.rustc)
            .env("RUSTC_WRAPPER", "") // not even the one of a config file
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTC_BOOTSTRAP_SYNTHETIC_TARGET", "1")
            .env("__CARGO_TESTS_ONLY_SRC_ROOT", &self.library.path)
            // Gives cdylibs a hash in their file names: a program that is a dependency of another one, without
            // its entrypoint, must not overwrite the real one.
            .env("__CARGO_DEFAULT_LIB_METADATA", "sbf")
            .env("RUST_TARGET_PATH", &self.target_dir)
            .env("CARGO_TARGET_SBPF_LINKER", linker)
            .env("CARGO_TARGET_SBPF_RUSTFLAGS", self.rust_flags()?)
            .env(LINK_MODE, "1")
            .args(["build", "--release", "--lib", "--locked", "--package", package])
            .args(["-Z", "build-std=std,panic_abort", "-Z", "build-std-features=", "--target", TARGET])
            .arg("--target-dir")
            .arg(&self.target_dir);
        Ok(cargo)
    }

    fn rust_flags(&self) -> Result<String> {
        let panic = if self.debug_panics { "abort" } else { "immediate-abort" };
        let mut flags = vec![
            "-Zunstable-options".to_string(),
            format!("-Cpanic={panic}"),
            "-Crelocation-model=static".into(),
            "-Ctarget-feature=+allows-misaligned-mem-access".into(),
        ];
        // Where things lie on this machine must not change the program. rustc takes the last that matches.
        let mut places = vec![(self.workspace.clone(), ".")];
        places.extend(cargo_home().map(|home| (home, "/cargo")));
        places.push((self.library.folder.clone(), "/library"));
        places.push((self.library.path.clone(), "/library"));
        for (path, name) in places {
            let path = path.to_str().ok_or_else(|| anyhow!("{} is not UTF-8", path.display()))?;
            if path.contains(char::is_whitespace) {
                bail!("cargo's flags cannot hold the path {path:?}: use one without spaces");
            }
            flags.push(format!("--remap-path-prefix={path}={name}"));
        }
        Ok(flags.join(" "))
    }
}

fn cargo_home() -> Option<PathBuf> {
    let set = std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    set.or_else(|| Some(std::env::home_dir()?.join(".cargo")))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).with_context(|| format!("no such folder: {}", path.display()))
}

fn make_dir(path: PathBuf) -> Result<PathBuf> {
    fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
    absolute(&path)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn reads_options() {
        let options = parse("--workspace root --out so --package a -p b --debug-panics").unwrap();
        assert_eq!(options.workspace, Path::new("root"));
        assert_eq!(options.out.as_deref(), Some(Path::new("so")));
        assert_eq!(options.packages, ["a", "b"]);
        assert!(options.debug_panics);
    }

    #[test]
    fn says_what_is_wrong() {
        for (line, message) in
            [("--out", "--out needs a value"), ("--fast", "--fast"), ("--out x", "at least one package")]
        {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn the_target_file_is_json_for_solana() {
        assert!(TARGET_DESCRIPTION.contains("\"os\": \"solana\""));
        assert!(TARGET_DESCRIPTION.trim_end().ends_with('}'));
    }
}
