//! Escrow moves by the jobs program only.
use anchor_lang::prelude::Pubkey;
use anchor_lang::{InstructionData, ToAccountMetas, system_program};
use client::address;
use credits::{accounts, instruction};
use program_tests::net::IOSD;
use program_tests::{Net, operator, stranger, user, work};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: credits::ID, accounts: accounts.to_account_metas(None), data: data.data() }
}

fn lock(jobs_authority: Pubkey, user: Pubkey, job: Pubkey, amount: u64) -> Instruction {
    let accounts = accounts::LockEscrow {
        user,
        jobs_authority,
        job,
        config: address::credits_config(),
        escrow: address::escrow(&job),
        loyalty: address::loyalty(&user),
        shard: address::credits_shard_of(&job),
        iosd_mint: address::iosd_mint(),
        user_iosd: address::iosd_account(&user),
        iosd_token_program: anchor_spl::token_2022::ID,
        system_program: system_program::ID,
        event_authority: address::event_authority(&credits::ID),
        program: credits::ID,
    };
    build(accounts, instruction::LockEscrow { amount })
}

fn refund(jobs_authority: Pubkey, user: Pubkey, job: Pubkey) -> Instruction {
    let accounts = accounts::RefundEscrow {
        jobs_authority,
        config: address::credits_config(),
        escrow: address::escrow(&job),
        payer: user,
        shard: address::credits_shard_of(&job),
        iosd_mint: address::iosd_mint(),
        user_iosd: address::iosd_account(&user),
        iosd_token_program: anchor_spl::token_2022::ID,
        event_authority: address::event_authority(&credits::ID),
        program: credits::ID,
    };
    build(accounts, instruction::RefundEscrow {})
}

fn settle(jobs_authority: Pubkey, user: Pubkey, supplier: Pubkey, job: Pubkey) -> Instruction {
    let accounts = accounts::SettleEscrow {
        jobs_authority,
        config: address::credits_config(),
        escrow: address::escrow(&job),
        payer: user,
        earnings: address::earnings(&supplier),
        loyalty: address::loyalty(&user),
        shard: address::credits_shard_of(&job),
        event_authority: address::event_authority(&credits::ID),
        program: credits::ID,
    };
    build(accounts, instruction::SettleEscrow {})
}

fn all(jobs_authority: Pubkey, job: Pubkey) -> [Instruction; 3] {
    let me = user(0).pubkey();
    [
        lock(jobs_authority, me, Pubkey::new_from_array([7; 32]), IOSD),
        refund(jobs_authority, me, job),
        settle(jobs_authority, me, operator(0).pubkey(), job),
    ]
}

#[test]
fn nobody_else_can_lock_refund_or_settle() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny()).address;
    for attempt in all(stranger().pubkey(), job) {
        net.refused("NotJobsProgram", &[attempt], &[&user(0), &stranger()]);
    }
}

#[test]
fn the_users_own_signature_is_not_enough() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny()).address;
    let [_, refund, settle] = all(user(0).pubkey(), job);
    for attempt in [refund, settle] {
        net.refused("NotJobsProgram", &[attempt], &[&user(0)]);
    }
}

#[test]
fn naming_the_jobs_program_without_its_signature_is_not_enough() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny()).address;
    let authority = address::jobs_authority();
    for mut attempt in all(authority, job) {
        attempt.accounts.iter_mut().filter(|m| m.pubkey == authority).for_each(|m| m.is_signer = false);
        net.refused("AccountNotSigner", &[attempt], &[&user(0)]);
    }
}
