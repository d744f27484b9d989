//! Where things are.
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

pub struct Paths {
    pub root: PathBuf,
    /// Cargo's target directory: may be shared with other clones.
    pub target: PathBuf,
    /// The built programs: this clone's own.
    pub deploy: PathBuf,
    /// What ONNX Runtime made of the test set: this clone's own.
    pub onnxruntime: PathBuf,
}

impl Paths {
    pub fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the workspace")?.to_path_buf();
        let own = root.join("target");
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| own.clone(), |dir| root.join(dir));
        Ok(Paths { deploy: own.join("deploy"), onnxruntime: own.join("onnxruntime"), root, target })
    }

    /// A host binary of the workspace.
    pub fn binary(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }
}
