//! The schedule's budgets: who mints from them, and how much.
use anchor_lang::{InstructionData, ToAccountMetas};
use client::{Pubkey, address, credits_ix};
use credits::events::ScheduleMinted;
use credits::state::{Emission, Purpose};
use credits::{InitializeArgs, MintLimit, Order, accounts, instruction};
use program_tests::net::{EPOCH_S, IO, START, launch};
use program_tests::{Net, authority, event, key, stranger, user};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

fn mint(minter: Pubkey, to: Pubkey, purpose: Purpose, amount: u64) -> Instruction {
    let emission = address::emission();
    let accounts = accounts::MintScheduled {
        authority: minter,
        config: address::credits_config(),
        emission,
        io_mint: address::io_mint(),
        to,
        token_program: anchor_spl::token::ID,
        shard: address::credits_shard_of(&emission),
        event_authority: address::event_authority(&credits::ID),
        program: credits::ID,
    };
    let data = instruction::MintScheduled { purpose, amount }.data();
    Instruction { program_id: credits::ID, accounts: accounts.to_account_metas(None), data }
}

/// Wallets hold the three budgets; the first epoch has been closed, so every budget holds something.
fn scheduled(limits: [MintLimit; 3]) -> (Net, [Keypair; 3]) {
    let minters = [key("idle"), key("stakers"), key("treasury")];
    let mut net = Net::bare();
    let admin = authority();
    let args = InitializeArgs {
        jobs_authority: minters[0].pubkey(),
        staking_authority: minters[1].pubkey(),
        treasury_authority: minters[2].pubkey(),
        mint_limits: limits,
        ..launch()
    };
    net.ok(&[credits_ix::initialize(admin.pubkey(), args)], &[&admin]);
    for index in 0..16 {
        net.ok(&[credits_ix::open_shard(admin.pubkey(), index)], &[&admin]);
    }
    for minter in &minters {
        net.vm.airdrop(&minter.pubkey(), 1_000_000_000);
    }
    next_epoch(&mut net, 0);
    (net, minters)
}

fn next_epoch(net: &mut Net, epoch: u64) {
    net.vm.set_time(START + (epoch as i64 + 1) * i64::from(EPOCH_S));
    net.advance(epoch);
}

fn budget(net: &Net, purpose: Purpose) -> credits::state::Budget {
    let emission: Emission = net.vm.read(&address::emission()).unwrap();
    emission.budgets[purpose as usize]
}

const PLENTY: [MintLimit; 3] = [MintLimit { total: u64::MAX, epoch: u64::MAX }; 3];

#[test]
fn a_budget_can_be_minted_whole_and_not_one_unit_more() {
    let (mut net, minters) = scheduled(PLENTY);
    let to = address::io_account(&authority().pubkey());
    for (purpose, minter) in [Purpose::Idle, Purpose::Stakers, Purpose::Treasury].into_iter().zip(&minters) {
        let all = budget(&net, purpose).available;
        assert!(all > 100 * IO);
        net.refused("BudgetExhausted", &[mint(minter.pubkey(), to, purpose, all + 1)], &[minter]);
        net.refused("ZeroAmount", &[mint(minter.pubkey(), to, purpose, 0)], &[minter]);
        let meta = net.ok(&[mint(minter.pubkey(), to, purpose, all)], &[minter]);
        let minted: ScheduleMinted = event::first(&meta.events);
        assert_eq!((minted.amount, minted.available, minted.minted), (all, 0, all));
        net.refused("BudgetExhausted", &[mint(minter.pubkey(), to, purpose, 1)], &[minter]);
    }
}

#[test]
fn nobody_mints_from_anothers_budget() {
    let (mut net, minters) = scheduled(PLENTY);
    let to = address::io_account(&authority().pubkey());
    for (i, minter) in minters.iter().enumerate() {
        for (j, purpose) in [Purpose::Idle, Purpose::Stakers, Purpose::Treasury].into_iter().enumerate() {
            if i != j {
                net.refused("NotTheMinter", &[mint(minter.pubkey(), to, purpose, 1)], &[minter]);
            }
        }
    }
    net.refused("NotTheMinter", &[mint(stranger().pubkey(), to, Purpose::Treasury, 1)], &[&stranger()]);
    let mut unsigned = mint(minters[2].pubkey(), to, Purpose::Treasury, 1);
    unsigned.accounts[0].is_signer = false;
    net.refused("AccountNotSigner", &[unsigned], &[&stranger()]);
}

#[test]
fn an_epochs_limit_is_new_in_the_next_epoch_and_the_total_limit_never() {
    let limit = MintLimit { total: 25 * IO, epoch: 10 * IO };
    let (mut net, minters) = scheduled([limit; 3]);
    let (minter, to) = (&minters[2], address::io_account(&authority().pubkey()));
    let of = |amount| mint(minter.pubkey(), to, Purpose::Treasury, amount);
    net.refused("BudgetExhausted", &[of(10 * IO + 1)], &[minter]);
    net.ok(&[of(4 * IO), of(6 * IO)], &[minter]);
    net.refused("BudgetExhausted", &[of(1)], &[minter]);
    next_epoch(&mut net, 1);
    net.ok(&[of(10 * IO)], &[minter]);
    next_epoch(&mut net, 2);
    net.refused("BudgetExhausted", &[of(5 * IO + 1)], &[minter]);
    net.ok(&[of(5 * IO)], &[minter]);
    next_epoch(&mut net, 3);
    net.refused("BudgetExhausted", &[of(1)], &[minter]);
}

#[test]
fn the_authority_names_minters_and_their_limits_but_cannot_take_back_what_was_minted() {
    let (mut net, minters) = scheduled(PLENTY);
    let (admin, to) = (authority(), address::io_account(&authority().pubkey()));
    net.ok(&[mint(minters[2].pubkey(), to, Purpose::Treasury, 5 * IO)], &[&minters[2]]);
    let order = |total_limit| Order::SetMinter {
        purpose: Purpose::Treasury,
        authority: user(0).pubkey(),
        total_limit,
        epoch_limit: IO,
    };
    let below = credits_ix::administer(admin.pubkey(), order(5 * IO - 1));
    net.refused("ParameterOutOfBounds", &[below], &[&admin]);
    net.ok(&[credits_ix::administer(admin.pubkey(), order(6 * IO))], &[&admin]);
    net.refused("NotTheMinter", &[mint(minters[2].pubkey(), to, Purpose::Treasury, 1)], &[&minters[2]]);
    next_epoch(&mut net, 1);
    net.refused("BudgetExhausted", &[mint(user(0).pubkey(), to, Purpose::Treasury, IO + 1)], &[&user(0)]);
    net.ok(&[mint(user(0).pubkey(), to, Purpose::Treasury, IO)], &[&user(0)]);
}

#[test]
fn a_pause_stops_minting_and_the_budgets_go_on_growing() {
    let (mut net, minters) = scheduled(PLENTY);
    let (admin, to) = (authority(), address::io_account(&authority().pubkey()));
    let pause = |flags| credits_ix::administer(admin.pubkey(), Order::Pause { flags });
    net.ok(&[pause(credits::constants::PAUSE_SCHEDULE)], &[&admin]);
    net.refused("Paused", &[mint(minters[0].pubkey(), to, Purpose::Idle, IO)], &[&minters[0]]);
    let before = budget(&net, Purpose::Idle).available;
    next_epoch(&mut net, 1);
    assert!(budget(&net, Purpose::Idle).available > before);
    net.ok(&[pause(0)], &[&admin]);
    net.ok(&[mint(minters[0].pubkey(), to, Purpose::Idle, IO)], &[&minters[0]]);
}

#[test]
fn missed_epochs_are_caught_up_one_by_one_and_give_the_same_as_in_time() {
    let (mut late, _) = scheduled(PLENTY);
    let (mut timely, _) = scheduled(PLENTY);
    for epoch in 1..200 {
        next_epoch(&mut timely, epoch);
    }
    late.vm.set_time(START + 200 * i64::from(EPOCH_S));
    for some in (1..200u64).collect::<Vec<_>>().chunks(8) {
        let steps: Vec<_> = some.iter().map(|&epoch| late.advance_epoch(epoch)).collect();
        late.ok(&steps, &[&stranger()]);
    }
    let (a, b): (Emission, Emission) =
        (late.vm.read(&address::emission()).unwrap(), timely.vm.read(&address::emission()).unwrap());
    assert_eq!((a.next_epoch, a.scheduled, a.budgets), (b.next_epoch, b.scheduled, b.budgets));
}

#[test]
fn an_epoch_in_the_far_future_overflows_nothing() {
    let (mut net, _) = scheduled(PLENTY);
    net.vm.set_time(i64::MAX);
    let far = net.advance_epoch(u64::MAX);
    net.refused("EpochOutOfOrder", &[far], &[&stranger()]);
    let next = net.advance_epoch(1);
    net.ok(&[next], &[&stranger()]);
}
