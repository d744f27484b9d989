//! Building the programs with `tools/sbf`.
use crate::paths::Paths;
use crate::run::checked;
use anyhow::Result;
use std::process::Command;

/// Builds the linker and, with it, the programs, the toolchain's probe and the tests' caller into `target/deploy`.
pub fn build(paths: &Paths, debug_panics: bool) -> Result<()> {
    eprintln!("building the programs");
    let tool = paths.target.join("sbf-tool");
    checked(linker(paths).args(["build", "--quiet", "--release", "--locked"]))?;
    let mut command = Command::new(tool.join("release/sbf"));
    command.arg("build").arg("--workspace").arg(&paths.root).arg("--out").arg(&paths.deploy);
    command.arg("--target-dir").arg(paths.target.join("sbpf"));
    for package in ["credits", "staking", "jobs", "governance", "sbf-probe", "caller"] {
        command.args(["--package", package]);
    }
    if debug_panics {
        command.arg("--debug-panics");
    }
    checked(&mut command)
}

/// Runs the linker's own tests: it is a workspace of its own.
pub fn test_linker(paths: &Paths) -> Result<()> {
    checked(linker(paths).args(["test", "--release", "--locked"]))
}

fn linker(paths: &Paths) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(paths.root.join("tools/sbf")).env("CARGO_TARGET_DIR", paths.target.join("sbf-tool"));
    command
}
