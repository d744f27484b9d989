//! ONNX Runtime, from PyPI in a virtual environment of this clone.
use crate::paths::Paths;
use crate::run::checked;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Runs the digits models in ONNX Runtime; leaves `report.json` and `logits.bin`.
pub fn evaluate(paths: &Paths) -> Result<()> {
    let folder = paths.root.join("models/digits");
    let python = onnxruntime(paths)?;
    fs::create_dir_all(&paths.onnxruntime)?;
    let (script, logits) = (folder.join("evaluate.py"), paths.onnxruntime.join("logits.bin"));
    let output = Command::new(python).arg(script).arg("--logits").arg(logits).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("models/digits/evaluate.py failed ({})", output.status);
    }
    fs::write(paths.onnxruntime.join("report.json"), output.stdout)?;
    Ok(())
}

/// A Python with the pinned ONNX Runtime.
pub fn onnxruntime(paths: &Paths) -> Result<PathBuf> {
    environment(paths, &paths.root.join("models/digits/requirements.txt"))
}

/// The interpreter of an environment with exactly these requirements, made anew when they change.
fn environment(paths: &Paths, requirements: &PathBuf) -> Result<PathBuf> {
    let wanted = fs::read_to_string(requirements)?;
    let folder = paths.root.join("target/onnxruntime-venv");
    let (python, stamp) = (folder.join("bin/python"), folder.join("requirements.txt"));
    if fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    eprintln!("installing ONNX Runtime");
    checked(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))
        .context("cannot make a Python environment (hint: apt-get install python3-venv)")?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(requirements);
    checked(&mut install).context("cannot install ONNX Runtime from PyPI")?;
    fs::write(stamp, wanted)?;
    Ok(python)
}
