//! The demo's model and data: handwritten digits, and what ONNX Runtime makes of them.
use anyhow::{Context, Result, ensure};
use model::Model;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Classes of the digits model: one logit each.
const CLASSES: usize = 10;

/// The digits model with its test set.
pub struct Digits {
    pub model: Model,
    /// `[samples, 64]`, one byte a pixel.
    pub pixels: Vec<u8>,
    pub labels: Vec<u8>,
}

impl Digits {
    /// Reads `models/digits`, importing the ONNX file.
    ///
    /// # Errors
    /// If a file is missing or not valid.
    pub fn load(folder: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let model = model::onnx::import("digits-mlp", &read("digits-mlp-int8.onnx")?)?;
        let (pixels, labels) = (read("test-pixels.bin")?, read("test-labels.bin")?);
        ensure!(pixels.len() == labels.len() * model.input_width() as usize, "pixels and labels differ in number");
        Ok(Digits { model, pixels, labels })
    }

    /// Share of samples whose largest logit is at their label, to six decimals. `logits`: i32, little-endian, row-major.
    pub fn top1(&self, logits: &[u8]) -> f64 {
        let rows = logits.chunks_exact(4 * CLASSES).zip(&self.labels);
        let right = rows.filter(|(row, label)| class(row) == usize::from(**label)).count();
        (1e6 * right as f64 / self.labels.len() as f64).round() / 1e6
    }
}

/// Index of the first largest logit of a row.
fn class(row: &[u8]) -> usize {
    let logits = row.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    logits.enumerate().reduce(|best, next| if next.1 > best.1 { next } else { best }).map_or(0, |(index, _)| index)
}

/// What `models/digits/evaluate.py` printed and wrote.
pub struct OnnxRuntime {
    pub report: OnnxReport,
    pub logits: Vec<u8>,
}

#[derive(Debug, Deserialize)]
pub struct OnnxReport {
    pub samples: usize,
    pub top1_float: f64,
    pub top1_int8: f64,
    pub onnxruntime: String,
}

impl OnnxRuntime {
    /// Reads `report.json` and `logits.bin` of an evaluation that was just run.
    ///
    /// # Errors
    /// If a file is missing or not valid.
    pub fn load(folder: &Path) -> Result<Self> {
        let hint = |path: &PathBuf| {
            format!("cannot read {} (hint: `cargo xtask demo` runs ONNX Runtime first)", path.display())
        };
        let (report, logits) = (folder.join("report.json"), folder.join("logits.bin"));
        let text = std::fs::read_to_string(&report).with_context(|| hint(&report))?;
        Ok(OnnxRuntime {
            report: serde_json::from_str(&text).with_context(|| format!("{} is not valid", report.display()))?,
            logits: std::fs::read(&logits).with_context(|| hint(&logits))?,
        })
    }
}
