use client::{address, credits_ix};
use credits::BuyOrder;
use credits::events::CreditsBought;
use program_tests::forge::replace;
use program_tests::net::{FIRST_EPOCH, IO, IOSD, MAX_PRICE_AGE_S, MAX_SPREAD_BPS, PRICE, USER_IO, USER_IOSD};
use program_tests::{Net, event, submitter, user};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn buy(net: &Net, order: BuyOrder) -> Instruction {
    credits_ix::buy_credits(user(0).pubkey(), address::feed(), net.epoch(), order)
}

fn exact_in(net: &Net, io: u64, min_iosd: u64) -> Instruction {
    buy(net, BuyOrder::ExactIn { io, min_iosd })
}

fn exact_out(net: &Net, iosd: u64, max_io: u64) -> Instruction {
    buy(net, BuyOrder::ExactOut { iosd, max_io })
}

#[test]
fn io_in_mints_its_worth_rounded_down() {
    let mut net = Net::new();
    let io_before = net.io(&user(0));
    let order = exact_in(&net, IO + 99, IOSD);
    let meta = net.ok(&[order], &[&user(0)]);
    assert_eq!(net.iosd(&user(0)), USER_IOSD + IOSD);
    assert_eq!(net.io(&user(0)), io_before - IO - 99);
    let bought: CreditsBought = event::first(&meta.events);
    assert_eq!((bought.io_burned, bought.iosd_minted, bought.price), (IO + 99, IOSD, PRICE));
    assert_eq!((bought.iosd_balance, bought.epoch), (USER_IOSD + IOSD, net.epoch()));
    assert_eq!(bought.epoch_io_burned, 3_000 * IO + IO + 99);
}

#[test]
fn iosd_out_burns_its_cost_rounded_up() {
    let mut net = Net::new();
    net.submit_price(PRICE - 1);
    let io_before = net.io(&user(0));
    let order = exact_out(&net, IOSD, IO + 2);
    net.ok(&[order], &[&user(0)]);
    assert_eq!(net.iosd(&user(0)), USER_IOSD + IOSD);
    // 10^16 / 99,999,999 = 100,000,001.00000001: up.
    assert_eq!(io_before - net.io(&user(0)), IO + 2);
}

#[test]
fn slippage_limits_hold_exactly_in_both_directions() {
    let mut net = Net::new();
    let order = exact_in(&net, IO, IOSD + 1);
    net.refused("SlippageExceeded", &[order], &[&user(0)]);
    let order = exact_out(&net, IOSD, IO - 1);
    net.refused("SlippageExceeded", &[order], &[&user(0)]);
    let orders = [exact_in(&net, IO, IOSD), exact_out(&net, IOSD, IO)];
    net.ok(&orders, &[&user(0)]);
    assert_eq!(net.iosd(&user(0)), USER_IOSD + 2 * IOSD);
}

#[test]
fn amounts_of_zero_on_either_side_are_refused() {
    let mut net = Net::new();
    for order in [exact_in(&net, 0, 0), exact_in(&net, 99, 0), exact_out(&net, 0, u64::MAX)] {
        net.refused("ZeroAmount", &[order], &[&user(0)]);
    }
}

#[test]
fn all_of_the_users_io_can_be_burned_and_not_one_unit_more() {
    let mut net = Net::new();
    let all = net.io(&user(0));
    assert_eq!(all, USER_IO - 1_000 * IO);
    let order = exact_in(&net, all + 1, 0);
    net.refused("InsufficientIo", &[order], &[&user(0)]);
    let order = exact_in(&net, all, 0);
    net.ok(&[order], &[&user(0)]);
    assert_eq!(net.io(&user(0)), 0);
}

#[test]
fn amounts_that_do_not_fit_are_refused() {
    let mut net = Net::new();
    net.submit_price(u64::MAX);
    net.wait(i64::from(u32::MAX));
    net.submit_price(u64::MAX);
    let order = exact_in(&net, u64::MAX, 0);
    net.refused("AmountOverflow", &[order], &[&user(0)]);
}

#[test]
fn a_price_of_60_seconds_counts_and_of_61_does_not() {
    let mut net = Net::new();
    net.wait(i64::from(MAX_PRICE_AGE_S));
    let order = exact_in(&net, IO, 0);
    net.ok(&[order], &[&user(0)]);
    net.wait(1);
    let order = exact_in(&net, IO, 0);
    net.refused("PriceStale", &[order], &[&user(0)]);
}

#[test]
fn a_spread_at_the_limit_is_paid_for_and_one_past_it_is_refused() {
    let mut net = Net::new();
    let limit = PRICE / 10_000 * u64::from(MAX_SPREAD_BPS);
    net.ok(&[credits_ix::submit_price(submitter(0).pubkey(), PRICE + limit)], &[&submitter(0)]);
    let before = net.iosd(&user(0));
    let order = exact_in(&net, IO, 0);
    net.ok(&[order], &[&user(0)]);
    assert_eq!(net.iosd(&user(0)) - before, IOSD - IOSD / 10_000 * u64::from(MAX_SPREAD_BPS));
    net.ok(&[credits_ix::submit_price(submitter(0).pubkey(), PRICE + limit + 1)], &[&submitter(0)]);
    let order = exact_in(&net, IO, 0);
    net.refused("PriceWide", &[order], &[&user(0)]);
}

#[test]
fn a_sudden_rise_buys_at_the_average_and_a_fall_at_the_spot() {
    let mut net = Net::new();
    net.submit_price(2 * PRICE);
    let before = net.iosd(&user(0));
    let order = exact_in(&net, IO, 0);
    net.ok(&[order], &[&user(0)]);
    assert_eq!(net.iosd(&user(0)) - before, IOSD);
    net.submit_price(PRICE / 2);
    let order = exact_in(&net, IO, 0);
    net.ok(&[order], &[&user(0)]);
    assert_eq!(net.iosd(&user(0)) - before, IOSD + IOSD / 2);
}

#[test]
fn burns_are_counted_in_the_epoch_of_the_clock_and_no_other() {
    let mut net = Net::new();
    net.wait(3_600);
    net.submit_price(PRICE);
    assert_eq!(net.epoch(), FIRST_EPOCH + 1);
    let order = BuyOrder::ExactIn { io: IO, min_iosd: 0 };
    for wrong in [FIRST_EPOCH, FIRST_EPOCH + 2] {
        let attempt = credits_ix::buy_credits(user(0).pubkey(), address::feed(), wrong, order);
        net.refused("ConstraintSeeds", &[attempt], &[&user(0)]);
    }
    net.ok(&[credits_ix::buy_credits(user(0).pubkey(), address::feed(), FIRST_EPOCH + 1, order)], &[&user(0)]);
    let epoch: credits::state::Epoch = net.vm.read(&address::epoch(FIRST_EPOCH + 1)).unwrap();
    assert_eq!((epoch.index, epoch.io_burned), (FIRST_EPOCH + 1, IO));
}

#[test]
fn another_users_io_cannot_be_burned_nor_iosd_be_minted_to_him() {
    let mut net = Net::new();
    let (me, other) = (user(0).pubkey(), user(1).pubkey());
    let forged = replace(exact_in(&net, IO, 0), address::io_account(&me), address::io_account(&other));
    net.refused("ConstraintTokenOwner", &[forged], &[&user(0)]);
    let forged = replace(exact_in(&net, IO, 0), address::iosd_account(&me), address::iosd_account(&other));
    net.refused("ConstraintTokenOwner", &[forged], &[&user(0)]);
}

#[test]
fn wrong_mints_and_token_programs_are_refused() {
    let mut net = Net::new();
    let order = exact_in(&net, IO, 0);
    let (io, iosd) = (address::io_mint(), address::iosd_mint());
    let swaps = [
        (io, iosd, "AccountOwnedByWrongProgram"),
        (iosd, io, "ConstraintTokenMint"),
        (
            address::io_account(&user(0).pubkey()),
            address::iosd_account(&user(0).pubkey()),
            "AccountOwnedByWrongProgram",
        ),
        (anchor_spl::token::ID, anchor_spl::token_2022::ID, "InvalidProgramId"),
        (anchor_spl::token_2022::ID, anchor_spl::token::ID, "InvalidProgramId"),
        (address::feed(), address::credits_config(), "WrongPriceAccount"),
    ];
    for (right, wrong, error) in swaps {
        net.refused(error, &[replace(order.clone(), right, wrong)], &[&user(0)]);
    }
}

#[test]
fn another_shard_is_refused() {
    let mut net = Net::new();
    let shard = address::credits_shard_of(&user(0).pubkey());
    let other = (0..16).map(address::credits_shard).find(|s| *s != shard).unwrap();
    let forged = replace(exact_in(&net, IO, 0), shard, other);
    net.refused("WrongShard", &[forged], &[&user(0)]);
}
