//! Instructions of the governance program. A proposal is named by its number.
use crate::{Pubkey, address};
use anchor_lang::{InstructionData, ToAccountMetas, system_program};
use governance::{Action, Choice, InitializeArgs, Target, accounts, instruction};
use solana_instruction::Instruction;

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: governance::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

fn event_authority() -> Pubkey {
    address::event_authority(&governance::ID)
}

pub fn initialize(authority: Pubkey, args: InitializeArgs) -> Instruction {
    let accounts = accounts::Initialize {
        authority,
        config: address::governance_config(),
        governance_authority: address::governance_authority(),
        credits_config: address::credits_config(),
        io_mint: address::io_mint(),
        deposit_vault: address::deposit_vault(),
        program_data: address::program_data(&governance::ID),
        token_program: anchor_spl::token::ID,
        system_program: system_program::ID,
    };
    build(accounts, instruction::Initialize { args })
}

pub fn open_shard(payer: Pubkey, index: u8) -> Instruction {
    let accounts = accounts::OpenShard {
        payer,
        shard: address::governance_shard(index),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: governance::ID,
    };
    build(accounts, instruction::OpenShard { index })
}

/// `number` is the config's `next_proposal`.
pub fn propose(proposer: Pubkey, number: u64, action: Action) -> Instruction {
    let proposal = address::proposal(number);
    let accounts = accounts::Propose {
        proposer,
        config: address::governance_config(),
        rewards: address::rewards(),
        proposal,
        shard: address::governance_shard_of(&proposal),
        proposer_io: address::io_account(&proposer),
        deposit_vault: address::deposit_vault(),
        token_program: anchor_spl::token::ID,
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: governance::ID,
    };
    build(accounts, instruction::Propose { action })
}

/// Votes with `holder`'s position in `pool`.
pub fn vote(payer: Pubkey, holder: Pubkey, pool: Pubkey, number: u64, choice: Choice) -> Instruction {
    let (proposal, position) = (address::proposal(number), address::position(&pool, &holder));
    let accounts = accounts::CastVote {
        payer,
        holder,
        config: address::governance_config(),
        proposal,
        vote: address::vote(&proposal, &position),
        shard: address::governance_shard_of(&proposal),
        position,
        pool,
        governance_authority: address::governance_authority(),
        staking_program: staking::ID,
        staking_config: address::staking_config(),
        staking_shard: address::staking_shard_of(&pool),
        staking_event_authority: address::event_authority(&staking::ID),
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: governance::ID,
    };
    build(accounts, instruction::Vote { choice })
}

/// Anyone may.
pub fn finish(number: u64) -> Instruction {
    let proposal = address::proposal(number);
    let accounts = accounts::Finish {
        proposal,
        shard: address::governance_shard_of(&proposal),
        event_authority: event_authority(),
        program: governance::ID,
    };
    build(accounts, instruction::Finish {})
}

pub fn veto(guardian: Pubkey, number: u64) -> Instruction {
    let proposal = address::proposal(number);
    let accounts = accounts::Veto {
        guardian,
        config: address::governance_config(),
        proposal,
        shard: address::governance_shard_of(&proposal),
        event_authority: event_authority(),
        program: governance::ID,
    };
    build(accounts, instruction::Veto {})
}

/// The program that an action is for, if it is another one.
fn target_of(action: &Action) -> Option<Target> {
    match action {
        Action::Credits(_) => Some(Target::Credits),
        Action::Staking(_) => Some(Target::Staking),
        Action::Jobs(_) => Some(Target::Jobs),
        Action::Rules { .. } | Action::Guardian { .. } | Action::Pay { .. } | Action::Signal { .. } => None,
    }
}

/// `order`: with what only orders to the credits program need.
fn target(target: Option<Target>, order: bool) -> accounts::TargetAccounts {
    let common = match target {
        Some(Target::Credits) => {
            Some((credits::ID, address::credits_config(), address::credits_shard_of as fn(&_) -> _))
        }
        Some(Target::Staking) => {
            Some((staking::ID, address::staking_config(), address::staking_shard_of as fn(&_) -> _))
        }
        Some(Target::Jobs) => Some((jobs::ID, address::jobs_config(), address::jobs_shard_of as fn(&_) -> _)),
        Some(Target::Governance) | None => None,
    };
    let extras = order && target == Some(Target::Credits);
    accounts::TargetAccounts {
        target_program: common.map(|(program, ..)| program),
        target_config: common.map(|(_, config, _)| config),
        target_shard: common.map(|(_, config, shard_of)| shard_of(&config)),
        target_event_authority: common.map(|(program, ..)| address::event_authority(&program)),
        feed: extras.then(address::feed),
        emission: extras.then(address::emission),
    }
}

/// Anyone may. `action` is the proposal's; payments have [`execute_payment`].
pub fn execute(number: u64, action: &Action) -> Instruction {
    let proposal = address::proposal(number);
    let accounts = accounts::Execute {
        config: address::governance_config(),
        proposal,
        shard: address::governance_shard_of(&proposal),
        governance_authority: address::governance_authority(),
        target: target(target_of(action), true),
        event_authority: event_authority(),
        program: governance::ID,
    };
    build(accounts, instruction::Execute {})
}

/// Anyone may. `recipient` is the proposal's.
pub fn execute_payment(payer: Pubkey, number: u64, recipient: Pubkey) -> Instruction {
    let (proposal, emission) = (address::proposal(number), address::emission());
    let accounts = accounts::ExecutePayment {
        payer,
        config: address::governance_config(),
        proposal,
        shard: address::governance_shard_of(&proposal),
        governance_authority: address::governance_authority(),
        recipient,
        io_mint: address::io_mint(),
        recipient_io: address::io_account(&recipient),
        credits_program: credits::ID,
        credits_config: address::credits_config(),
        emission,
        credits_shard: address::credits_shard_of(&emission),
        credits_event_authority: address::event_authority(&credits::ID),
        token_program: anchor_spl::token::ID,
        associated_token_program: anchor_spl::associated_token::ID,
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: governance::ID,
    };
    build(accounts, instruction::ExecutePayment {})
}

/// Anyone may. `proposer` is the proposal's.
pub fn close_proposal(payer: Pubkey, number: u64, proposer: Pubkey) -> Instruction {
    let proposal = address::proposal(number);
    let accounts = accounts::CloseProposal {
        payer,
        config: address::governance_config(),
        proposal,
        proposer,
        shard: address::governance_shard_of(&proposal),
        governance_authority: address::governance_authority(),
        deposit_vault: address::deposit_vault(),
        io_mint: address::io_mint(),
        proposer_io: address::io_account(&proposer),
        token_program: anchor_spl::token::ID,
        associated_token_program: anchor_spl::associated_token::ID,
        system_program: system_program::ID,
        event_authority: event_authority(),
        program: governance::ID,
    };
    build(accounts, instruction::CloseProposal {})
}

/// Anyone may. `payer` is who paid the vote's rent.
pub fn close_vote(number: u64, position: Pubkey, payer: Pubkey) -> Instruction {
    let proposal = address::proposal(number);
    let accounts = accounts::CloseVote {
        vote: address::vote(&proposal, &position),
        payer,
        shard: address::governance_shard_of(&proposal),
        event_authority: event_authority(),
        program: governance::ID,
    };
    build(accounts, instruction::CloseVote {})
}

/// The default key as `to` withdraws an offer.
pub fn offer_guardian(guardian: Pubkey, to: Pubkey) -> Instruction {
    let config = address::governance_config();
    let accounts = accounts::OfferGuardian {
        guardian,
        config,
        shard: address::governance_shard_of(&config),
        event_authority: event_authority(),
        program: governance::ID,
    };
    build(accounts, instruction::OfferGuardian { to })
}

pub fn accept_guardian(pending: Pubkey) -> Instruction {
    let config = address::governance_config();
    let accounts = accounts::AcceptGuardian {
        pending,
        config,
        shard: address::governance_shard_of(&config),
        event_authority: event_authority(),
        program: governance::ID,
    };
    build(accounts, instruction::AcceptGuardian {})
}

/// Sets `flags` beside those that are set.
pub fn guardian_pause(guardian: Pubkey, program: Target, flags: u8) -> Instruction {
    let config = address::governance_config();
    let accounts = accounts::GuardianPause {
        guardian,
        config,
        shard: address::governance_shard_of(&config),
        governance_authority: address::governance_authority(),
        target: target(Some(program), true),
        event_authority: event_authority(),
        program: governance::ID,
    };
    build(accounts, instruction::GuardianPause { target: program, flags })
}

/// Anyone may, once the target's authority was offered to [`address::governance_authority`].
pub fn accept_program_authority(program: Target) -> Instruction {
    let config = address::governance_config();
    let accounts = accounts::AcceptProgramAuthority {
        config,
        shard: address::governance_shard_of(&config),
        governance_authority: address::governance_authority(),
        target: target(Some(program), false),
        event_authority: event_authority(),
        program: governance::ID,
    };
    build(accounts, instruction::AcceptProgramAuthority { target: program })
}
