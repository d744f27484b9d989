use crate::constants::MAX_NAME;
use crate::errors::JobsError;
use anchor_lang::prelude::*;
use judge::Layer;

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
    #[max_len(48)]
    pub layers: Vec<LayerRecord>,
    /// Largest batch in which evidence about any cell fits a proof buffer.
    pub max_rows: u32,
    pub bump: u8,
}

const _: () = assert!(judge::layer::MAX_LAYERS == 48, "the account has room for exactly this many");
const _: () = assert!(8 + Model::INIT_SPACE <= 10_240, "a program can create no larger account");

/// A layer as [`judge::Layer::record`] encodes it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub struct LayerRecord {
    pub bytes: [u8; 64],
}

impl LayerRecord {
    /// # Errors
    /// [`JobsError::BadLayers`] if the bytes are no layer's record.
    pub fn layer(&self) -> Result<Layer> {
        Layer::from_record(&self.bytes).ok_or_else(|| JobsError::BadLayers.into())
    }
}

impl From<Layer> for LayerRecord {
    fn from(layer: Layer) -> LayerRecord {
        LayerRecord { bytes: layer.record() }
    }
}

/// Header of a layer table that is longer than a transaction; the records follow it in the same account. Scratch space of
/// its publisher. Seeds: `["draft", publisher, root]`.
#[account]
#[derive(InitSpace)]
pub struct Draft {
    pub publisher: Pubkey,
    /// What it will be registered under.
    pub root: [u8; 32],
    pub bump: u8,
}

impl Draft {
    /// Where the records start.
    pub const HEADER: usize = 8 + Draft::INIT_SPACE;
}
