//! Registering models: in one transaction, or through a draft if the layer table is longer than that.
use crate::net::{Net, model_args};
pub use client::models_ix::{close_draft, draft, open_draft, register_any, register_with_draft, write_draft};
use jobs::state::LayerRecord;
use model::Model;
use solana_keypair::Keypair;
use solana_signer::Signer;

impl Net {
    /// Writes `records` to a draft.
    pub fn draft(&mut self, publisher: &Keypair, root: [u8; 32], records: &[LayerRecord]) {
        let me = publisher.pubkey();
        self.ok(&[open_draft(me, root, records.len() as u8)], &[publisher]);
        let bytes: Vec<u8> = records.iter().flat_map(|record| record.bytes).collect();
        for (i, part) in bytes.chunks(client::models_ix::CHUNK).enumerate() {
            self.ok(&[write_draft(me, root, (i * client::models_ix::CHUNK) as u16, part.to_vec())], &[publisher]);
        }
    }

    /// Registers a model of any length and gives the compute units of the registering transaction.
    pub fn register(&mut self, publisher: &Keypair, model: &Model) -> u64 {
        let mut cu = 0;
        for transaction in register_any(publisher.pubkey(), model_args(model)) {
            cu = self.ok(&transaction, &[publisher]).cu;
        }
        cu
    }
}
