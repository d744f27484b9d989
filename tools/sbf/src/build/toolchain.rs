//! Finds the compiler and the library sources of the distribution.

use anyhow::{Context as _, Result, anyhow, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// rustup's rustc cannot be used: its library sources are other ones and its LLVM may be older.
const RUSTC: &str = "/usr/bin/rustc";
/// The LLVM that this tool links with; bitcode of a newer one cannot be read.
const LLVM_MAJOR: &str = "22";
/// What the edits of the library were written for and the tests run with.
const TRIED_RELEASE: &str = "1.96";
const INSTALL: &str = "apt-get install rustc-web rust-web-src llvm-22-dev libpolly-22-dev zlib1g-dev libzstd-dev";

#[derive(Debug)]
pub struct Toolchain {
    pub rustc: PathBuf,
    /// The `library` folder of the sources that belong to the compiler.
    pub library: PathBuf,
    /// Identifies compiler and sources.
    pub version: String,
}

pub fn find() -> Result<Toolchain> {
    let output = Command::new(RUSTC)
        .arg("-vV")
        .env_remove("RUSTUP_TOOLCHAIN")
        .output()
        .with_context(|| format!("cannot run {RUSTC}, the compiler of the package rustc-web. Try: {INSTALL}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (release, llvm) = versions(&text)
        .ok_or_else(|| anyhow!("{RUSTC} -vV does not tell its version. Is it the one of rustc-web? Try: {INSTALL}"))?;
    if llvm.split('.').next() != Some(LLVM_MAJOR) {
        bail!(
            "{RUSTC} {release} uses LLVM {llvm}, but this tool is linked with LLVM {LLVM_MAJOR} and reads the \
             bitcode of that version only. Install the rustc-web that was built with it: {INSTALL}"
        );
    }
    if !release.starts_with(TRIED_RELEASE) {
        eprintln!("sbf: note: {RUSTC} is {release}; this was tried with {TRIED_RELEASE} only");
    }
    let library = Path::new("/usr/src").join(format!("rustc-{release}")).join("library");
    if !library.join("std/src/lib.rs").is_file() {
        bail!("no library sources at {}, the package rust-web-src. Try: {INSTALL}", library.display());
    }
    Ok(Toolchain { rustc: RUSTC.into(), library, version: format!("{text}{}", package_version()) })
}

/// Release and LLVM version in the output of `rustc -vV`.
fn versions(text: &str) -> Option<(&str, &str)> {
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    Some((value("release: ")?, value("LLVM version: ")?))
}

/// The revision of the sources' package; empty where there is no dpkg.
fn package_version() -> String {
    let query = Command::new("dpkg-query").args(["-W", "-f", "${Version}", "rust-web-src"]).output();
    query.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions() {
        let text = "rustc 1.96.0 (x)\nbinary: rustc\nrelease: 1.96.0\nLLVM version: 22.1.8\n";
        assert_eq!(versions(text), Some(("1.96.0", "22.1.8")));
        assert_eq!(versions("rustc 1.96.0"), None);
    }
}
