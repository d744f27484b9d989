//! Running other programs.
use crate::paths::Paths;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::process::Command;

/// Runs a command to its end; fails if it fails.
pub fn checked(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot run {name}"))?;
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}

/// Cargo in this workspace.
pub struct Cargo<'a> {
    paths: &'a Paths,
}

impl<'a> Cargo<'a> {
    pub fn new(paths: &'a Paths) -> Self {
        Cargo { paths }
    }

    /// Builds one target and gives a command for it. The whole workspace is selected, so that dependencies have the same
    /// features as in the tests and are not compiled twice.
    pub fn built(&self, target: &[&str], path: &str) -> Result<Command> {
        checked(self.command(["build", "--locked", "--workspace"]).args(target))?;
        Ok(in_workspace(self.paths, self.paths.binary(path)))
    }

    /// As [`Cargo::built`], a binary at full speed: for measurements.
    pub fn native(&self, name: &str) -> Result<Command> {
        checked(&mut self.command(["build", "--locked", "--workspace", "--profile", "native", "--bin", name]))?;
        Ok(in_workspace(self.paths, self.paths.target.join("native").join(name)))
    }

    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = in_workspace(self.paths, "cargo");
        command.args(arguments);
        command
    }
}

/// A command that starts at the workspace's root and knows where things are.
pub fn in_workspace(paths: &Paths, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&paths.root).env("CARGO_TARGET_DIR", &paths.target);
    command.env("SBF_OUT_DIR", &paths.deploy).env("IO_ONNXRUNTIME", &paths.onnxruntime);
    // Software Vulkan drivers complain without one.
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        command.env("XDG_RUNTIME_DIR", std::env::temp_dir());
    }
    command
}
