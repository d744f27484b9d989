//! Pure rules of verifiable work: hashing, Merkle trees, integer layers, and "is this cell right?".
//!
//! The same code runs on chain, in the worker and in the client, so they cannot disagree. There is no I/O, no
//! float and no randomness here. Everything is defined over integers with wrapping 32-bit accumulation, so every
//! correct kernel gives the same bits whatever its order of additions.
#![no_std]
extern crate alloc;

pub mod audit;
pub mod cell;
pub mod challenge;
pub mod commitment;
pub mod demand;
pub mod dot;
pub mod evidence;
pub mod hash;
pub mod layer;
pub mod merkle;
pub mod patch;
pub mod record;
pub mod requant;
pub mod table;
pub mod value;
pub mod walk;

pub use cell::{CellProof, Claim, JudgeError, Verdict, judge_cell, judge_cell_of};
pub use commitment::{ACTIVATIONS, Domain, MatrixTree, WEIGHTS, commitment_root, matrix_root, row_root};
pub use demand::{Committed, Wanted};
pub use evidence::{MAX_EVIDENCE, longest_evidence, max_rows};
pub use hash::{Hash, sha256};
pub use layer::{Layer, Op, Shape, Window};
pub use record::RECORD;
pub use requant::Requant;
pub use table::{LayerError, check_layers, model_root, records_root};
pub use value::Row;
