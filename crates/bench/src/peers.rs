//! ONNX Runtime and PyTorch, in a Python that multiplies when told to.
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tempfile::TempDir;

const SCRIPT: &str = include_str!("../peers.py");

pub struct Peers {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Operands and products, on their way.
    folder: TempDir,
}

impl Peers {
    pub fn start(python: &Path, threads: usize) -> Result<Self> {
        let folder = TempDir::new()?;
        let mut command = Command::new(python);
        command.args(["-c", SCRIPT]).arg(threads.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot run {}", python.display()))?;
        let commands = child.stdin.take().context("its input is a pipe")?;
        let answers = BufReader::new(child.stdout.take().context("its output is a pipe")?);
        Ok(Peers { child, commands, answers, folder })
    }

    fn ask(&mut self, words: &[&str]) -> Result<Value> {
        writeln!(self.commands, "{}", words.join("\t"))?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let answer: Value =
            serde_json::from_str(&line).with_context(|| format!("peers.py did not answer {}", words[0]))?;
        if let Some(error) = answer["error"].as_str() {
            bail!("peers.py: {error}");
        }
        Ok(answer)
    }

    pub fn versions(&mut self) -> Result<Value> {
        self.ask(&["versions"])
    }

    /// Per pair of types, whether extreme operands give wrong products.
    pub fn saturates(&mut self) -> Result<Value> {
        self.ask(&["saturates"])
    }

    /// Hands over `a` and `b`, both row-major `[size, size]`; the names of what can be run.
    pub fn load(&mut self, size: usize, a: &[u8], b: &[u8]) -> Result<Vec<String>> {
        fs::write(self.folder.path().join("a"), a)?;
        fs::write(self.folder.path().join("b"), b)?;
        let folder = self.folder.path().to_string_lossy().into_owned();
        let answer = self.ask(&["load", &folder, &size.to_string()])?;
        let names = answer["names"].as_array().context("a list of names")?;
        Ok(names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
    }

    /// Seconds for one product.
    pub fn run(&mut self, name: &str) -> Result<f64> {
        self.ask(&["run", name])?["seconds"].as_f64().context("seconds")
    }

    /// The last product.
    pub fn cells(&mut self, name: &str) -> Result<Vec<i32>> {
        let path = self.folder.path().join("c");
        self.ask(&["cells", name, &path.to_string_lossy()])?;
        let bytes = fs::read(path)?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|cell| i32::from_le_bytes(*cell)).collect())
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        // Nothing of it is needed any more; that it has ended already is no failure.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
