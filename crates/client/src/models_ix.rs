//! Registering models: in one transaction, or through a draft if the layer table is longer than that.
use crate::{Pubkey, address};
use anchor_lang::{InstructionData, ToAccountMetas, system_program};
use jobs::constants::DRAFT_SEED;
use jobs::{ModelArgs, accounts, instruction};
use solana_instruction::Instruction;

/// Records that fit the registering transaction.
const INLINE: usize = 10;
/// Bytes of a table that fit a transaction.
pub const CHUNK: usize = 960;

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: jobs::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

/// A publisher's draft of a table.
pub fn draft(publisher: &Pubkey, root: &[u8; 32]) -> Pubkey {
    Pubkey::find_program_address(&[DRAFT_SEED, publisher.as_ref(), root], &jobs::ID).0
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

/// What registers a model of any length: transactions to be confirmed one after another.
pub fn register_any(publisher: Pubkey, mut args: ModelArgs) -> Vec<Vec<Instruction>> {
    if args.layers.len() <= INLINE {
        return vec![vec![crate::jobs_ix::register_model(publisher, args)]];
    }
    let (root, layers) = (args.root, args.layers.len() as u8);
    let bytes: Vec<u8> = args.layers.drain(..).flat_map(|record| record.bytes).collect();
    let mut transactions = vec![vec![open_draft(publisher, root, layers)]];
    for (i, part) in bytes.chunks(CHUNK).enumerate() {
        transactions.push(vec![write_draft(publisher, root, (i * CHUNK) as u16, part.to_vec())]);
    }
    transactions.push(vec![register_with_draft(publisher, args)]);
    transactions
}
