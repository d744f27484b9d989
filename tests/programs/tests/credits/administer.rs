//! The authority: what it may order, how it is handed over, and what it can never do.
use client::{address, credits_ix};
use credits::events::{AuthorityAccepted, ParameterSet};
use credits::state::{Config, Feed};
use credits::{BuyOrder, Order, Parameter, PriceSource};
use program_tests::forge::replace;
use program_tests::net::{IO, PRICE, launch};
use program_tests::{Net, authority, event, key, stranger, submitter, user};
use solana_account::Account;
use solana_signer::Signer;

/// A network whose authority is still the wallet that initialised it.
fn young() -> Net {
    let mut net = Net::bare();
    let admin = authority();
    net.ok(&[credits_ix::initialize(admin.pubkey(), launch())], &[&admin]);
    for index in 0..16 {
        net.ok(&[credits_ix::open_shard(admin.pubkey(), index)], &[&admin]);
    }
    net
}

fn config(net: &Net) -> Config {
    net.vm.read(&address::credits_config()).unwrap()
}

fn order(order: Order) -> solana_instruction::Instruction {
    credits_ix::administer(authority().pubkey(), order)
}

#[test]
fn every_parameter_moves_by_one_step_within_its_bounds() {
    use Parameter::*;
    let cases = [
        (FeeBps, 600, 601 + 100),
        (IncentiveBps, 5_000, 9_000),
        (RedemptionCap, 4 * config(&young()).redemption_cap, 16 * config(&young()).redemption_cap + 1),
        (MaxPriceAgeS, 120, 500),
        (MaxSpreadBps, 300, 500),
        (IdleBps, 3_000, 1_000),
        (StakersBps, 5_000, 7_000),
        (LoyaltyBps, 200, 500),
    ];
    for (parameter, near, far) in cases {
        let mut net = young();
        let old = config(&net).get(parameter);
        net.refused("StepTooLarge", &[order(Order::Set { parameter, value: far })], &[&authority()]);
        net.refused("ParameterOutOfBounds", &[order(Order::Set { parameter, value: u64::MAX })], &[&authority()]);
        let meta = net.ok(&[order(Order::Set { parameter, value: near })], &[&authority()]);
        let set: ParameterSet = event::first(&meta.events);
        assert_eq!((set.parameter, set.old, set.new), (parameter, old, near));
        assert_eq!(config(&net).get(parameter), near);
    }
}

#[test]
fn the_shares_of_the_schedule_never_pass_the_whole() {
    let mut net = young();
    for value in [5_000, 6_000] {
        net.ok(&[order(Order::Set { parameter: Parameter::IdleBps, value })], &[&authority()]);
    }
    let too_much = order(Order::Set { parameter: Parameter::IdleBps, value: 6_001 });
    net.refused("ParameterOutOfBounds", &[too_much], &[&authority()]);
}

#[test]
fn nobody_else_orders_anything() {
    let mut net = young();
    let forged = credits_ix::administer(stranger().pubkey(), Order::Pause { flags: 1 });
    net.refused("NotAuthority", &[forged], &[&stranger()]);
    // After the hand-over not even the wallet that initialised it.
    let mut net = Net::new();
    net.refused("NotAuthority", &[order(Order::Pause { flags: 1 })], &[&authority()]);
}

#[test]
fn the_authority_is_handed_over_in_two_steps() {
    let mut net = young();
    let heir = key("heir");
    net.vm.airdrop(&heir.pubkey(), 1_000_000_000);
    let accept = credits_ix::accept_authority(heir.pubkey());
    net.refused("NoOffer", std::slice::from_ref(&accept), &[&heir]);
    net.ok(&[order(Order::OfferAuthority { to: heir.pubkey() })], &[&authority()]);
    net.refused("NoOffer", &[credits_ix::accept_authority(stranger().pubkey())], &[&stranger()]);
    // Until it is accepted nothing has changed.
    net.ok(&[order(Order::Pause { flags: 0 })], &[&authority()]);
    let meta = net.ok(std::slice::from_ref(&accept), &[&heir]);
    assert_eq!(event::first::<AuthorityAccepted>(&meta.events).authority, heir.pubkey());
    net.refused("NotAuthority", &[order(Order::Pause { flags: 0 })], &[&authority()]);
    net.refused("NoOffer", &[accept], &[&heir]);
}

#[test]
fn a_pause_of_buying_leaves_redemption_open() {
    let mut net = young();
    net.ok(&[order(Order::Pause { flags: credits::constants::PAUSE_BUY })], &[&authority()]);
    for i in 0..3 {
        net.ok(&[credits_ix::submit_price(submitter(i).pubkey(), PRICE)], &[&submitter(i)]);
    }
    let buy = BuyOrder::ExactIn { io: IO, min_iosd: 0 };
    let buy = credits_ix::buy_credits(authority().pubkey(), address::feed(), net.epoch(), buy);
    net.refused("Paused", &[buy], &[&authority()]);
    net.ok(&[credits_ix::open_earnings(user(0).pubkey(), user(0).pubkey())], &[&user(0)]);
    let request = credits_ix::request_redemption(user(0).pubkey(), net.epoch(), 1);
    net.refused("InsufficientEarnings", &[request], &[&user(0)]);
    net.refused("ParameterOutOfBounds", &[order(Order::Pause { flags: 128 })], &[&authority()]);
}

#[test]
fn submitters_are_replaced_added_and_removed_and_one_is_always_left() {
    let mut net = young();
    let (none, new) = (client::Pubkey::default(), key("new submitter").pubkey());
    let replace = |old, new| order(Order::ReplaceSubmitter { old, new });
    net.refused("NotASubmitter", &[replace(stranger().pubkey(), new)], &[&authority()]);
    net.refused("ParameterOutOfBounds", &[replace(none, submitter(1).pubkey())], &[&authority()]);
    net.ok(&[replace(submitter(0).pubkey(), new)], &[&authority()]);
    net.vm.airdrop(&new, 1_000_000_000);
    net.ok(&[credits_ix::submit_price(new, PRICE)], &[&key("new submitter")]);
    let gone = credits_ix::submit_price(submitter(0).pubkey(), PRICE);
    net.refused("NotASubmitter", &[gone], &[&submitter(0)]);
    for old in [new, submitter(1).pubkey()] {
        net.ok(&[replace(old, none)], &[&authority()]);
    }
    net.refused("ParameterOutOfBounds", &[replace(submitter(2).pubkey(), none)], &[&authority()]);
    for i in 0..7 {
        net.ok(&[replace(none, key(&format!("more {i}")).pubkey())], &[&authority()]);
    }
    net.refused("ParameterOutOfBounds", &[replace(none, key("too many").pubkey())], &[&authority()]);
    assert_eq!(net.vm.read::<Feed>(&address::feed()).unwrap().quotes.len(), 8);
}

/// A price update as Pyth's receiver leaves it: full verification, exponent -8.
fn update(feed_id: [u8; 32], price: i64, average: i64, time: i64) -> Vec<u8> {
    let mut data = vec![0x22, 0xf1, 0x23, 0x63, 0x9d, 0x7e, 0xf4, 0xcd];
    data.extend([7; 32]);
    data.push(1);
    data.extend(feed_id);
    data.extend(price.to_le_bytes());
    data.extend(100u64.to_le_bytes());
    data.extend((-8i32).to_le_bytes());
    data.extend(time.to_le_bytes());
    data.extend((time - 1).to_le_bytes());
    data.extend(average.to_le_bytes());
    data.extend(100u64.to_le_bytes());
    data.extend(1u64.to_le_bytes());
    data.push(0);
    data
}

#[test]
fn a_pyth_price_is_read_from_the_pinned_account_of_the_receiver_and_no_other() {
    let mut net = young();
    let (account, feed_id) = (key("pyth").pubkey(), [9; 32]);
    let [receiver, _] = credits::constants::PYTH_RECEIVERS;
    let source = |receiver| Order::SetPriceSource { source: PriceSource::Pyth { receiver, account, feed_id } };
    net.refused("WrongPriceAccount", &[order(source(stranger().pubkey()))], &[&authority()]);
    net.ok(&[order(source(receiver))], &[&authority()]);

    let set = |net: &mut Net, at, owner, data| {
        net.vm.set_account(at, Account { lamports: 10_000_000, data, owner, executable: false, rent_epoch: 0 });
    };
    let admin = authority();
    let buy = |net: &Net, price| {
        let order = BuyOrder::ExactIn { io: IO, min_iosd: 0 };
        credits_ix::buy_credits(admin.pubkey(), price, net.epoch(), order)
    };
    let now = net.vm.now();
    set(&mut net, account, receiver, update(feed_id, 2 * PRICE as i64, 3 * PRICE as i64, now));
    let right = buy(&net, account);
    net.ok(std::slice::from_ref(&right), &[&admin]);
    // min(2, 3) dollars less the confidence of 10^-6 dollars.
    assert_eq!(net.iosd(&admin), 2_000_000 - 1);

    // The same bytes elsewhere, and the program's own feed, are not the pinned account.
    let copy = key("copy").pubkey();
    set(&mut net, copy, receiver, update(feed_id, 9 * PRICE as i64, 9 * PRICE as i64, now));
    for wrong in [copy, address::feed()] {
        net.refused("WrongPriceAccount", &[replace(right.clone(), account, wrong)], &[&admin]);
    }
    // Another owner, another feed, another level of verification.
    set(&mut net, account, stranger().pubkey(), update(feed_id, PRICE as i64, PRICE as i64, now));
    net.refused("WrongPriceAccount", std::slice::from_ref(&right), &[&admin]);
    set(&mut net, account, receiver, update([8; 32], PRICE as i64, PRICE as i64, now));
    net.refused("WrongPriceAccount", std::slice::from_ref(&right), &[&admin]);
    let mut partial = update(feed_id, PRICE as i64, PRICE as i64, now);
    partial[40] = 0;
    set(&mut net, account, receiver, partial);
    net.refused("WrongPriceAccount", std::slice::from_ref(&right), &[&admin]);
    set(&mut net, account, receiver, update(feed_id, PRICE as i64, PRICE as i64, now - 61));
    net.refused("PriceStale", &[right], &[&admin]);
}
