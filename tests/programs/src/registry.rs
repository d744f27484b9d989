//! Registering models: in one transaction, or through a draft if the layer table is longer than that.
use crate::net::{Net, model_args};
use anchor_lang::prelude::Pubkey;
use anchor_lang::{InstructionData, ToAccountMetas, system_program};
use client::{address, jobs_ix};
use jobs::constants::DRAFT_SEED;
use jobs::state::LayerRecord;
use jobs::{ModelArgs, accounts, instruction};
use model::Model;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

/// Records that fit the registering transaction.
const INLINE: usize = 10;
/// Bytes of a table that fit a transaction.
const CHUNK: usize = 960;

pub fn draft(publisher: &Pubkey, root: &[u8; 32]) -> Pubkey {
    Pubkey::find_program_address(&[DRAFT_SEED, publisher.as_ref(), root], &jobs::ID).0
}

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: jobs::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

pub fn open_draft(publisher: Pubkey, root: [u8; 32], layers: u8) -> Instruction {
    let draft = draft(&publisher, &root);
    let accounts = accounts::OpenDraft { publisher, draft, system_program: system_program::ID };
    build(accounts, instruction::OpenDraft { root, layers })
}

pub fn write_draft(publisher: Pubkey, root: [u8; 32], offset: u16, bytes: Vec<u8>) -> Instruction {
    let accounts = accounts::WriteDraft { publisher, draft: draft(&publisher, &root) };
    build(accounts, instruction::WriteDraft { offset, bytes })
}

pub fn close_draft(publisher: Pubkey, root: [u8; 32]) -> Instruction {
    build(accounts::CloseDraft { publisher, draft: draft(&publisher, &root) }, instruction::CloseDraft {})
}

/// Registers what `args` has and, after it, what the draft has.
pub fn register_with_draft(publisher: Pubkey, args: ModelArgs) -> Instruction {
    let model = address::model(&args.root);
    let accounts = accounts::RegisterModel {
        publisher,
        model,
        draft: Some(draft(&publisher, &args.root)),
        shard: address::jobs_shard_of(&model),
        system_program: system_program::ID,
        event_authority: address::event_authority(&jobs::ID),
        program: jobs::ID,
    };
    build(accounts, instruction::RegisterModel { args })
}

impl Net {
    /// Writes `records` to a draft.
    pub fn draft(&mut self, publisher: &Keypair, root: [u8; 32], records: &[LayerRecord]) {
        let me = publisher.pubkey();
        self.ok(&[open_draft(me, root, records.len() as u8)], &[publisher]);
        let bytes: Vec<u8> = records.iter().flat_map(|record| record.bytes).collect();
        for (i, part) in bytes.chunks(CHUNK).enumerate() {
            self.ok(&[write_draft(me, root, (i * CHUNK) as u16, part.to_vec())], &[publisher]);
        }
    }

    /// Registers a model of any length and gives the compute units of the registering transaction.
    pub fn register(&mut self, publisher: &Keypair, model: &Model) -> u64 {
        let mut args = model_args(model);
        let me = publisher.pubkey();
        let register = if args.layers.len() <= INLINE {
            jobs_ix::register_model(me, args)
        } else {
            self.draft(publisher, args.root, &args.layers);
            args.layers.clear();
            register_with_draft(me, args)
        };
        self.ok(&[register], &[publisher]).cu
    }
}
