//! System packages, through apt.
use crate::run::checked;
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};

/// Everything that the project needs beside Rust, by what it is for.
const PACKAGES: &[(&str, &[&str])] = &[
    ("building C dependencies", &["gcc", "libc6-dev", "make", "perl", "pkg-config"]),
    (
        "building the programs",
        &["rustc-web", "rust-web-src", "llvm-22-dev", "libpolly-22-dev", "zlib1g-dev", "libzstd-dev"],
    ),
    ("the private database", &["postgresql"]),
    ("GPU kernels, in software where there is no GPU", &["libvulkan1", "mesa-vulkan-drivers"]),
    ("GPU kernels on a second driver: SwiftShader", &["chromium-common"]),
    ("comparing with ONNX Runtime, schemathesis", &["python3", "python3-venv"]),
];

/// Installs what is missing; says what and with which command where it may not.
pub fn install() -> Result<()> {
    let missing: Vec<(&str, &str)> = PACKAGES
        .iter()
        .flat_map(|(purpose, names)| names.iter().map(move |name| (*purpose, *name)))
        .filter(|(_, name)| !is_installed(name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    for (purpose, name) in &missing {
        eprintln!("missing system package {name} ({purpose})");
    }
    let names: Vec<&str> = missing.iter().map(|(_, name)| *name).collect();
    let by_hand = format!("apt-get update && apt-get install -y --no-install-recommends {}", names.join(" "));
    if !Command::new("apt-get").arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success()) {
        bail!("this machine has no apt: install the packages above, or their like, by hand");
    }
    let Some(prefix) = privilege() else {
        bail!("installing them needs root; run this, then try again:\n  sudo sh -c '{by_hand}'");
    };
    eprintln!("installing them: {by_hand}");
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(prefix[0]);
        command.args(&prefix[1..]).args(arguments);
        command
    };
    // Another clone may be installing at the same time.
    let wait = ["-o", "DPkg::Lock::Timeout=600", "-o", "APT::Get::Lock::Timeout=600"];
    let mut update = apt(&["apt-get", "-qq"]);
    checked(update.args(wait).arg("update")).with_context(|| format!("run by hand: {by_hand}"))?;
    let mut add = apt(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]);
    add.args(wait).args(["install", "-y", "--no-install-recommends"]).args(&names).stdout(Stdio::null());
    checked(&mut add).with_context(|| format!("run by hand: {by_hand}"))
}

fn is_installed(name: &str) -> bool {
    let query = Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Status}", name]).output();
    query.is_ok_and(|out| out.status.success() && out.stdout == b"installed")
}

/// What to put before a command to run it as root: nothing for root, sudo where it asks for no password.
fn privilege() -> Option<Vec<&'static str>> {
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() == b"0" {
        return Some(vec!["env"]);
    }
    let sudo = Command::new("sudo").args(["-n", "true"]).stderr(Stdio::null()).status();
    sudo.is_ok_and(|s| s.success()).then(|| vec!["sudo", "-n"])
}
