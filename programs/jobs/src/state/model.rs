use crate::constants::MAX_NAME;
use anchor_lang::prelude::*;
use judge::{Layer, Requant};

/// A registered model: its layer table is what disputes are judged by. Seeds: `["model", root]`.
#[account]
#[derive(InitSpace)]
pub struct Model {
    pub root: [u8; 32],
    pub publisher: Pubkey,
    /// sha256 of a model file with this root, by its publisher's word: whoever fetches it must check the root.
    pub blob: [u8; 32],
    #[max_len(MAX_NAME)]
    pub name: String,
    /// At most [`judge::layer::MAX_LAYERS`].
    #[max_len(12)]
    pub layers: Vec<LayerRecord>,
    pub bump: u8,
}

const _: () = assert!(judge::layer::MAX_LAYERS == 12, "the account has room for exactly this many");

/// [`judge::Layer`] as stored.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub struct LayerRecord {
    pub k: u32,
    pub n: u32,
    pub requant: Option<RequantRecord>,
    pub weight_root: [u8; 32],
}

/// [`judge::Requant`] as stored.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub struct RequantRecord {
    pub shift1: u8,
    pub mul: u16,
    pub shift2: u8,
    pub zero_point: i8,
    pub lo: i8,
    pub hi: i8,
}

impl Model {
    /// The layer table in the judge's own type.
    pub fn layers(records: &[LayerRecord]) -> Vec<Layer> {
        records.iter().copied().map(Layer::from).collect()
    }
}

impl From<LayerRecord> for Layer {
    fn from(r: LayerRecord) -> Layer {
        let requant = r.requant.map(|q| Requant {
            shift1: q.shift1,
            mul: q.mul,
            shift2: q.shift2,
            zero_point: q.zero_point,
            lo: q.lo,
            hi: q.hi,
        });
        Layer { k: r.k, n: r.n, requant, weight_root: r.weight_root }
    }
}

impl From<Layer> for LayerRecord {
    fn from(l: Layer) -> LayerRecord {
        let requant = l.requant.map(|q| RequantRecord {
            shift1: q.shift1,
            mul: q.mul,
            shift2: q.shift2,
            zero_point: q.zero_point,
            lo: q.lo,
            hi: q.hi,
        });
        LayerRecord { k: l.k, n: l.n, requant, weight_root: l.weight_root }
    }
}
