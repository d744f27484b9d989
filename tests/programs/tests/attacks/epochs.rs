//! Epochs, prices, and the room under the cap.
use client::{Pubkey, address, credits_ix, jobs_ix};
use credits::state::{Config, Emission};
use credits::{BuyOrder, InitializeArgs, Order, Parameter, PriceSource};
use program_tests::net::{EPOCH_S, IO, IOSD, PRICE, START, launch};
use program_tests::{Net, authority, key, operator, stranger, submitter, user, work};
use solana_signer::Signer;

use crate::support::edit;

fn emission(net: &Net) -> Emission {
    net.vm.read(&address::emission()).unwrap()
}

/// Operator 0 has earned 9.5 IOSD and asks for all of it; the clock stands at the first second after the epoch.
fn asked() -> (Net, u64) {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let state = net.job(&job.address).unwrap();
    net.ok(&[jobs_ix::accept_result(user(0).pubkey(), job.address, &state)], &[&user(0)]);
    let epoch = net.epoch();
    let me = operator(0);
    net.ok(&[credits_ix::request_redemption(me.pubkey(), epoch, 9 * IOSD)], &[&me]);
    net.vm.set_time(START + (epoch as i64 + 1) * i64::from(EPOCH_S));
    (net, epoch)
}

#[test]
fn whoever_closes_an_epoch_cannot_choose_a_moment_without_a_price() {
    let (mut net, epoch) = asked();
    // Between two rounds of the submitters there is no price; the supplier would wait a whole epoch for nothing.
    let close = net.advance_epoch(epoch);
    net.refused("PriceStale", std::slice::from_ref(&close), &[&stranger()]);
    // One of them disagrees, on purpose or not.
    net.submit_price(PRICE);
    net.ok(&[credits_ix::submit_price(submitter(0).pubkey(), 2 * PRICE)], &[&submitter(0)]);
    net.refused("PriceWide", std::slice::from_ref(&close), &[&stranger()]);
    net.submit_price(PRICE);
    net.ok(&[close], &[&stranger()]);
    let settle = net.settle_redemption(&operator(0));
    net.ok(&[settle], &[&operator(0)]);
    assert_eq!(net.io(&operator(0)), 9 * IO);
}

#[test]
fn an_outage_of_the_price_delays_epochs_by_one_and_no_more() {
    let (mut net, epoch) = asked();
    net.vm.set_time(START + (epoch as i64 + 2) * i64::from(EPOCH_S) - 1);
    let close = net.advance_epoch(epoch);
    net.refused("PriceStale", std::slice::from_ref(&close), &[&stranger()]);
    net.wait(1);
    let next = net.advance_epoch(epoch + 1);
    // The next one has no requests and need not wait at all.
    net.ok(&[close], &[&stranger()]);
    net.ok(&[next], &[&stranger()]);
    assert_eq!(emission(&net).next_epoch, epoch + 2);
}

#[test]
fn a_price_account_that_is_gone_does_not_keep_epochs_from_closing() {
    let mut net = Net::new();
    let (account, [receiver, _]) = (key("pyth").pubkey(), credits::constants::PYTH_RECEIVERS);
    edit(&mut net, address::credits_config(), |c: &mut Config| {
        c.price_source = PriceSource::Pyth { receiver, account, feed_id: [9; 32] };
    });
    let epoch = net.epoch();
    net.vm.set_time(START + (epoch as i64 + 2) * i64::from(EPOCH_S));
    // Whoever wrote the account has closed it and taken its rent.
    let close = |epoch, price: Pubkey| credits_ix::advance_epoch(price, epoch, user(0).pubkey());
    net.refused("WrongPriceAccount", &[close(epoch, address::feed())], &[&stranger()]);
    net.ok(&[close(epoch, account)], &[&stranger()]);
    assert_eq!(emission(&net).next_epoch, epoch + 1);
    let buy =
        credits_ix::buy_credits(user(0).pubkey(), account, net.epoch(), BuyOrder::ExactIn { io: IO, min_iosd: 0 });
    net.refused("WrongPriceAccount", &[buy], &[&user(0)]);
}

/// All of the cap exists from the first second; nobody's invariants are checked, because they know another genesis.
fn full() -> Net {
    let mut net = Net::bare();
    let admin = authority();
    let args = InitializeArgs { genesis_supply: economy::IO_CAP, ..launch() };
    net.send(&[credits_ix::initialize(admin.pubkey(), args)], &[&admin]).unwrap();
    for index in 0..16 {
        net.send(&[credits_ix::open_shard(admin.pubkey(), index)], &[&admin]).unwrap();
    }
    net
}

fn say_price(net: &mut Net) {
    for i in 0..3 {
        let who = submitter(i);
        net.send(&[credits_ix::submit_price(who.pubkey(), PRICE)], &[&who]).unwrap();
    }
}

#[test]
fn the_schedule_never_takes_the_room_of_coins_that_were_burned_in_an_open_epoch() {
    let mut net = full();
    let admin = authority();
    for epoch in 0..3 {
        // Burned in the first seconds of the next epoch, before the last one is closed.
        net.vm.set_time(START + (epoch as i64 + 1) * i64::from(EPOCH_S));
        say_price(&mut net);
        let order = BuyOrder::ExactIn { io: 7_000 * IO, min_iosd: 0 };
        let buy = credits_ix::buy_credits(admin.pubkey(), address::feed(), epoch + 1, order);
        net.send(&[buy], &[&admin]).unwrap();
        let close = net.advance_epoch(epoch);
        net.send(&[close], &[&admin]).unwrap();
    }
    net.vm.set_time(START + 4 * i64::from(EPOCH_S));
    let close = net.advance_epoch(3);
    net.send(&[close], &[&admin]).unwrap();
    let e = emission(&net);
    let promised = e.outstanding().unwrap() + e.reserve + 6 * e.smoothed_burn;
    let supply = net.vm.supply(&address::io_mint());
    assert!(supply + promised <= economy::IO_CAP, "{} too many", supply + promised - economy::IO_CAP);
}

#[test]
fn no_sequence_of_orders_stops_redemptions() {
    let mut net = Net::bare();
    let admin = authority();
    net.ok(&[credits_ix::initialize(admin.pubkey(), launch())], &[&admin]);
    for index in 0..16 {
        net.ok(&[credits_ix::open_shard(admin.pubkey(), index)], &[&admin]);
    }
    let cap = |net: &Net| net.vm.read::<Config>(&address::credits_config()).unwrap().redemption_cap;
    for _ in 0..64 {
        let order = Order::Set { parameter: Parameter::RedemptionCap, value: cap(&net) / 4 };
        if net.send(&[credits_ix::administer(admin.pubkey(), order)], &[&admin]).is_err() {
            break;
        }
    }
    assert!(cap(&net) >= 100 * IO, "an epoch pays at most {} base units", cap(&net));
}

#[test]
fn an_epochs_account_cannot_be_revived_after_it_has_closed() {
    let mut net = Net::new();
    let epoch = net.epoch();
    let at = address::epoch(epoch);
    net.vm.set_time(START + (epoch as i64 + 1) * i64::from(EPOCH_S));
    net.submit_price(PRICE);
    let close = net.advance_epoch(epoch);
    // Its rent comes back in the same transaction, as would keep alive what is merely emptied.
    let refill = credits_ix::transfer_sol(stranger().pubkey(), at, 5_000_000);
    let order = BuyOrder::ExactIn { io: IO, min_iosd: 0 };
    let again = credits_ix::buy_credits(user(0).pubkey(), address::feed(), epoch, order);
    net.refused("ConstraintSeeds", &[close.clone(), refill.clone(), again.clone()], &[&stranger(), &user(0)]);
    net.ok(&[close, refill], &[&stranger()]);
    let left = net.vm.account(&at).unwrap();
    assert!(left.data.is_empty() && left.owner != credits::ID);
    net.refused("ConstraintSeeds", &[again], &[&user(0)]);
}

#[test]
fn a_burn_at_an_epochs_boundary_counts_once_and_in_one_of_them() {
    let mut net = Net::new();
    let (epoch, me) = (net.epoch(), user(0));
    let buy = |epoch| {
        let order = BuyOrder::ExactIn { io: 70 * IO, min_iosd: 0 };
        credits_ix::buy_credits(me.pubkey(), address::feed(), epoch, order)
    };
    let boundary = START + (epoch as i64 + 1) * i64::from(EPOCH_S);
    net.vm.set_time(boundary - 1);
    net.submit_price(PRICE);
    net.ok(&[buy(epoch)], &[&me]);
    net.vm.set_time(boundary);
    // Sandwiched: burned, closed, and burned again within one transaction.
    let close = net.advance_epoch(epoch);
    let before = emission(&net);
    net.ok(&[buy(epoch + 1), close, buy(epoch + 1)], &[&me]);
    let after = emission(&net);
    assert_eq!(after.burned - before.burned, 3_070 * IO);
    let open: credits::state::Epoch = net.vm.read(&address::epoch(epoch + 1)).unwrap();
    assert_eq!(open.io_burned, 140 * IO);
}
