//! Token accounts given away or closed so that what belongs to others cannot end.
use client::{Instruction, Pubkey, address, governance_ix, jobs_ix};
use program_tests::net::{ANSWER_S, DEPOSIT, EXECUTE_S, WINDOW_S};
use program_tests::vm::program_bytes;
use program_tests::{Net, device, operator, stranger, user, work};
use solana_instruction::AccountMeta;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::voting::unheard;

const BPF_LOADER: Pubkey = anchor_lang::pubkey!("BPFLoader2111111111111111111111111111111111");

/// `owner` makes `to` the owner of its IO account: the token program's `SetAuthority`.
fn give_away(owner: &Keypair, to: Pubkey) -> Instruction {
    let mut data = vec![6, 2, 1];
    data.extend(to.to_bytes());
    let accounts = vec![
        AccountMeta::new(address::io_account(&owner.pubkey()), false),
        AccountMeta::new_readonly(owner.pubkey(), true),
    ];
    Instruction { program_id: anchor_spl::token::ID, accounts, data }
}

#[test]
fn a_claim_ends_though_its_user_gave_the_coin_account_away() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    net.ok(&[give_away(&user(0), stranger().pubkey())], &[&user(0)]);
    net.wait(i64::from(EXECUTE_S) + 1);
    let state = net.job(&job).unwrap();
    net.ok(&[jobs_ix::expire_job(job, &state)], &[&stranger()]);
    assert!(net.job(&job).is_none());
}

#[test]
fn the_worker_frees_itself_though_its_user_gave_the_coin_account_away() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    net.ok(&[give_away(&user(0), stranger().pubkey())], &[&user(0)]);
    net.wait(i64::from(EXECUTE_S) + 1);
    let state = net.job(&job).unwrap();
    net.ok(&jobs_ix::expire_with_accounts(device(0).pubkey(), job, &state, true), &[&device(0)]);
    assert!(net.job(&job).is_none());
}

/// Everything that `owner`'s IOSD account can refuse: transfers without a memo, and calls by programs.
fn guard_credits(owner: &Keypair) -> [Instruction; 3] {
    let (me, at) = (owner.pubkey(), address::iosd_account(&owner.pubkey()));
    let (account, signer) = (AccountMeta::new(at, false), AccountMeta::new_readonly(me, true));
    let system = AccountMeta::new_readonly(anchor_lang::system_program::ID, false);
    let token = |accounts, data| Instruction { program_id: anchor_spl::token_2022::ID, accounts, data };
    [
        // Reallocate for MemoTransfer and CpiGuard, then enable both.
        token(vec![account.clone(), AccountMeta::new(me, true), system, signer.clone()], vec![29, 8, 0, 11, 0]),
        token(vec![account.clone(), signer.clone()], vec![30, 0]),
        token(vec![account, signer], vec![34, 0]),
    ]
}

#[test]
fn a_user_who_guards_the_credit_account_keeps_no_claim_from_expiring() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    net.ok(&guard_credits(&user(0)), &[&user(0)]);
    net.wait(i64::from(EXECUTE_S) + 1);
    let (state, before) = (net.job(&job).unwrap(), net.iosd(&user(0)));
    net.ok(&[jobs_ix::expire_job(job, &state)], &[&stranger()]);
    assert_eq!(net.iosd(&user(0)), before + state.price);
}

/// The account of `who` is a program from now on, as if it had emptied its wallet and deployed to that address.
fn becomes_a_program(net: &mut Net, who: &Keypair) {
    let mut account = net.vm.account(&who.pubkey()).unwrap();
    (account.executable, account.owner) = (true, BPF_LOADER);
    account.data = program_bytes("caller");
    net.vm.set_account(who.pubkey(), account);
}

#[test]
fn a_user_who_becomes_a_program_keeps_no_job_from_being_paid() {
    let mut net = Net::new();
    let committed = net.committed(&work::tiny());
    let job = committed.address;
    becomes_a_program(&mut net, &user(0));
    net.draw(&committed, false);
    net.wait(i64::from(WINDOW_S) + 1);
    let state = net.job(&job).unwrap();
    net.ok(&[jobs_ix::settle_job(job, &state)], &[&stranger()]);
    assert_eq!(net.own_position(&operator(0)).reserved, 0);
}

#[test]
fn a_user_who_becomes_a_program_keeps_no_audit_from_expiring() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    becomes_a_program(&mut net, &user(0));
    net.draw(&job, true);
    net.wait(i64::from(ANSWER_S) + 1);
    let state = net.job(&job.address).unwrap();
    net.ok(&[jobs_ix::expire_audit(stranger().pubkey(), job.address, &state)], &[&stranger()]);
    assert_eq!(net.own_position(&operator(0)).reserved, 0);
}

#[test]
fn a_user_who_becomes_a_program_keeps_no_claim_from_expiring() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    becomes_a_program(&mut net, &user(0));
    net.wait(i64::from(EXECUTE_S) + 1);
    let state = net.job(&job).unwrap();
    net.ok(&[jobs_ix::expire_job(job, &state)], &[&stranger()]);
    assert_eq!(net.own_position(&operator(0)).reserved, 0);
}

#[test]
fn a_buyer_who_becomes_a_program_keeps_no_epoch_from_closing() {
    let mut net = Net::new();
    let epoch = net.epoch();
    let payer: credits::state::Epoch = net.vm.read(&address::epoch(epoch)).unwrap();
    assert_eq!(payer.payer, user(0).pubkey());
    becomes_a_program(&mut net, &user(0));
    net.next_epoch();
    assert!(net.vm.account(&address::epoch(epoch)).is_none());
}

#[test]
fn a_proposer_who_becomes_a_program_keeps_no_deposit_from_being_burned() {
    let mut net = Net::new();
    let number = unheard(&mut net);
    becomes_a_program(&mut net, &user(0));
    let before = net.vm.supply(&address::io_mint());
    net.ok(&[governance_ix::close_proposal(stranger().pubkey(), number, user(0).pubkey())], &[&stranger()]);
    assert_eq!(net.vm.supply(&address::io_mint()), before - DEPOSIT);
}
