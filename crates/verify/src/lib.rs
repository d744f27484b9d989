//! What a client does with a result before accepting it: check every cell, and prove a wrong one.
//!
//! Each layer is checked against the *served* output of the layer before, so that the first difference is a cell which
//! the chain can judge on its own. A layer is either recomputed or, where that is cheaper, its product is tested with a
//! random vector ([Freivalds](freivalds)): the worker serves the accumulators for that, see [`accumulators_to_serve`].
//! Accumulators are not committed to. Wrong ones cost the client a recomputation and the worker nothing.
mod check;
mod evidence;
pub mod field;
pub mod freivalds;
mod method;

pub use check::{Case, LayerReport, Rejection, Report, check, check_known};
pub use evidence::{EvidenceError, answer, evidence};
pub use method::{Method, accumulators_to_serve, method, served};
