//! What a run ended with, as printed and as JSON.
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;

/// The cell that convicted the cheating supplier.
#[derive(Clone, Debug, Serialize)]
pub struct Fault {
    pub layer: u32,
    pub row: u32,
    pub column: u32,
    pub expected: i32,
    pub committed: i32,
    pub evidence_bytes: usize,
    /// Stake that the cheat lost, and the user's part of it for proving it.
    pub slashed_io: String,
    pub prover_io: String,
    /// Why the user's client refused the result, in words.
    pub refusal: String,
}

/// Everything that a run shows.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Of the honest job, as the indexer has it: `paid`.
    pub status: String,
    pub job: String,
    pub commitment: String,
    /// Of the honest job and of the cheat's, by step.
    pub signatures: Map<String, Value>,
    pub samples: usize,
    pub top1_float: f64,
    pub top1_onnxruntime_int8: f64,
    pub top1_ours: f64,
    /// ONNX Runtime, the judge's reference, the paid result and the GPU kernels gave the same bits.
    pub bit_exact: bool,
    /// What the GPU kernels ran on for that comparison.
    pub gpu_kernels_on: String,
    pub cheater_paid: bool,
    pub cheater_job: String,
    pub cheater_status: String,
    pub fault: Fault,
    pub price_iosd: String,
    pub fee_iosd: String,
    pub supplier_iosd: String,
    /// IO that the supplier's earnings were redeemed for.
    pub supplier_io: String,
    /// What the worker executed on.
    pub adapter: String,
    pub seconds: Map<String, Value>,
    pub explorer_url: String,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let percent = |x: f64| format!("{:.2} %", 100.0 * x);
        writeln!(f, "Job {} is {}", self.job, self.status)?;
        writeln!(f, "  price {} IOSD = supplier {} + fee {}", self.price_iosd, self.supplier_iosd, self.fee_iosd)?;
        writeln!(f, "  the supplier redeemed its earnings for {} IO", self.supplier_io)?;
        writeln!(f, "  proof root {}", self.commitment)?;
        writeln!(f, "  executed on {}", self.adapter)?;
        writeln!(f, "Accuracy on {} handwritten digits (top-1)", self.samples)?;
        writeln!(
            f,
            "  float model {}, ONNX Runtime int8 {}, ours {}",
            percent(self.top1_float),
            percent(self.top1_onnxruntime_int8),
            percent(self.top1_ours)
        )?;
        let exact = if self.bit_exact { "agree bit for bit" } else { "DIFFER" };
        writeln!(f, "  ONNX Runtime, CPU reference, paid result and GPU kernels ({}) {exact}", self.gpu_kernels_on)?;
        let fault = &self.fault;
        writeln!(f, "Cheating supplier, job {}: {}", self.cheater_job, self.cheater_status)?;
        writeln!(f, "  the client refused: {}", fault.refusal)?;
        writeln!(
            f,
            "  the chain recomputed layer {}, row {}, column {} from {} bytes of evidence: {} instead of {}",
            fault.layer, fault.row, fault.column, fault.evidence_bytes, fault.expected, fault.committed
        )?;
        writeln!(
            f,
            "  {} IO of its stake were slashed: {} IO to the user who proved it, the rest burned",
            fault.slashed_io, fault.prover_io
        )?;
        let paid = if self.cheater_paid { "IT WAS PAID" } else { "the user was refunded, the cheat ends unpaid" };
        writeln!(f, "  {paid}")?;
        writeln!(f, "Signatures")?;
        for (step, signature) in &self.signatures {
            writeln!(f, "  {step:<18} {}", signature.as_str().unwrap_or_default())?;
        }
        writeln!(f, "Seconds")?;
        for (stage, seconds) in &self.seconds {
            writeln!(f, "  {stage:<18} {:.6}", seconds.as_f64().unwrap_or_default())?;
        }
        write!(f, "Explorer: {}", self.explorer_url)
    }
}
