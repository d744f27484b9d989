//! A supplier that cheats: it computes honestly, then changes one byte of one layer.
use compute::{Backend, ComputeError, Description, Execution, Gemm};
use model::Model;

/// A backend whose first layer's output is off by one in its last cell. Its commitment covers what it serves, so only
/// checking the cells can tell.
pub struct Cheat(pub Box<dyn Backend>);

impl Backend for Cheat {
    fn describe(&self) -> &Description {
        self.0.describe()
    }

    fn execute(&mut self, model: &Model, input: &[u8]) -> Result<Execution, ComputeError> {
        let mut execution = self.0.execute(model, input)?;
        if let Some(byte) = execution.activations.get_mut(1).and_then(|output| output.last_mut()) {
            *byte ^= 1;
        }
        Ok(execution)
    }

    fn gemm(&mut self, shape: Gemm, a: &[u8], b: &[u8]) -> Result<Vec<i32>, ComputeError> {
        self.0.gemm(shape, a, b)
    }
}
