//! Earnings to IO: asked for, paid at the epoch's end in proportion, the rest carried.
use client::{address, credits_ix, jobs_ix};
use credits::events::{EpochClosed, RedemptionSettled};
use credits::state::{Earnings, Emission, Epoch};
use jobs::PostArgs;
use program_tests::forge::replace;
use program_tests::net::{EPOCH_S, IO, IOSD, PRICE, REDEMPTION_CAP, START, claim, commit_args, post_args};
use program_tests::{Net, device, event, operator, stranger, user, work};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

fn request(net: &Net, owner: &Keypair, amount: u64) -> Instruction {
    credits_ix::request_redemption(owner.pubkey(), net.epoch(), amount)
}

fn ledger(net: &Net, owner: &Keypair) -> Earnings {
    net.vm.read(&address::earnings(&owner.pubkey())).unwrap()
}

fn emission(net: &Net) -> Emission {
    net.vm.read(&address::emission()).unwrap()
}

/// The operator of device `index` earns 95 % of `price`.
fn earn(net: &mut Net, index: usize, price: u64) {
    let model = work::tiny();
    let (me, worker) = (user(index), device(index));
    let (seq, work) = net.next_job(&me, &model, 1);
    let args = PostArgs { price, ..post_args(seq, &work) };
    net.ok(&[jobs_ix::post_job(me.pubkey(), &model.root(), args)], &[&me]);
    net.ok(&[claim(index, work.job)], &[&worker]);
    net.ok(&[jobs_ix::commit_result(worker.pubkey(), work.job, commit_args(&work))], &[&worker]);
    let state = net.job(&work.job).unwrap();
    net.ok(&[jobs_ix::accept_result(me.pubkey(), work.job, &state)], &[&me]);
}

/// Operators 0 and 1 have earned 95 and 285 IOSD; the 3,000 IO that users have burned are one seventh in the reserve soon.
fn earned() -> Net {
    let mut net = Net::new();
    earn(&mut net, 0, 100 * IOSD);
    earn(&mut net, 2, 300 * IOSD);
    net
}

#[test]
fn a_request_that_the_reserve_covers_is_paid_whole() {
    let mut net = earned();
    let me = operator(0);
    let too_much = request(&net, &me, 95 * IOSD + 1);
    net.refused("InsufficientEarnings", &[too_much], &[&me]);
    let all = request(&net, &me, 95 * IOSD);
    net.ok(&[all], &[&me]);
    assert_eq!((ledger(&net, &me).owed, ledger(&net, &me).requested), (0, 95 * IOSD));
    let before = net.settle_redemption(&me);
    net.refused("EpochOpen", &[before], &[&me]);

    net.next_epoch();
    let settle = net.settle_redemption(&me);
    let meta = net.ok(&[settle], &[&me]);
    let settled: RedemptionSettled = event::first(&meta.events);
    assert_eq!((settled.charged, settled.io_minted, settled.rest, settled.dust), (95 * IOSD, 95 * IO, 0, 0));
    assert_eq!((net.io(&me), ledger(&net, &me).requested, ledger(&net, &me).redeemed), (95 * IO, 0, 95 * IOSD));
    assert!(net.vm.account(&address::epoch(settled.epoch)).is_none(), "nobody needs the epoch any more");
    let again = net.settle_redemption(&me);
    net.refused("EpochOpen", &[again], &[&me]);
}

#[test]
fn a_short_reserve_pays_everybody_in_proportion_and_the_rest_joins_the_next_epoch() {
    let mut net = earned();
    let (first, second) = (operator(0), operator(1));
    for (who, amount) in [(&first, 95 * IOSD), (&second, 285 * IOSD)] {
        let order = request(&net, who, amount);
        net.ok(&[order], &[who]);
    }
    let epoch = net.epoch();
    net.vm.set_time(START + (epoch as i64 + 1) * i64::from(EPOCH_S));
    // IO has fallen, so that the reserve is worth less than what is asked for.
    net.submit_price(PRICE / 8);
    net.wait(i64::from(EPOCH_S) * 30);
    net.submit_price(PRICE / 8);
    let meta = net.advance(epoch);
    let closed: EpochClosed = event::first(&meta.events);
    // 3,000 IO were burned in this epoch: a seventh of it joined the reserve, and everything in it is promised.
    assert_eq!((closed.smoothed_burn, closed.allocated, closed.reserve), (3_000 * IO / 7, 3_000 * IO / 7, 0));
    assert!(closed.paid < closed.requested && closed.paid > 0);

    for (who, asked) in [(&first, 95 * IOSD), (&second, 285 * IOSD)] {
        let settle = net.settle_redemption(who);
        let meta = net.ok(&[settle], &[who]);
        let settled: RedemptionSettled = event::first(&meta.events);
        let (charged, io) = economy::redemption::share(asked, closed.requested, closed.paid, closed.allocated).unwrap();
        assert_eq!((settled.charged, settled.io_minted, settled.rest), (charged, io, asked - charged));
        assert_eq!((ledger(&net, who).requested, ledger(&net, who).request_epoch), (asked - charged, net.epoch()));
    }
    let ratio = net.io(&second) as f64 / net.io(&first) as f64;
    assert!((ratio - 3.0).abs() < 1e-6, "three times the request is three times the pay: {ratio}");
}

#[test]
fn an_epochs_cap_carries_the_reserve_forward() {
    let mut net = earned();
    let me = operator(1);
    let epoch = net.epoch();
    // The users burn so much that a seventh of it passes the cap.
    let burn = credits::BuyOrder::ExactIn { io: 8_000 * IO, min_iosd: 0 };
    net.ok(&[credits_ix::buy_credits(user(0).pubkey(), address::feed(), epoch, burn)], &[&user(0)]);
    let all = request(&net, &me, 285 * IOSD);
    net.ok(&[all], &[&me]);
    net.vm.set_time(START + (epoch as i64 + 1) * i64::from(EPOCH_S));
    net.submit_price(PRICE / 8);
    net.wait(i64::from(EPOCH_S) * 100);
    net.submit_price(PRICE / 8);
    let meta = net.advance(epoch);
    let closed: EpochClosed = event::first(&meta.events);
    assert_eq!(closed.allocated, REDEMPTION_CAP);
    assert_eq!(closed.reserve, 11_000 * IO / 7 - REDEMPTION_CAP);
}

#[test]
fn without_a_good_price_nothing_is_paid_and_nothing_is_lost() {
    let mut net = earned();
    let me = operator(0);
    let order = request(&net, &me, 95 * IOSD);
    net.ok(&[order], &[&me]);
    let epoch = net.epoch();
    // Its requests wait for a price until the next epoch has ended too.
    net.vm.set_time(START + (epoch as i64 + 2) * i64::from(EPOCH_S));
    let meta = net.advance(epoch);
    let closed: EpochClosed = event::first(&meta.events);
    assert_eq!((closed.price, closed.paid, closed.allocated, closed.reserve), (0, 0, 0, 3_000 * IO / 7));
    let settle = net.settle_redemption(&me);
    net.ok(&[settle], &[&me]);
    assert_eq!((ledger(&net, &me).requested, ledger(&net, &me).request_epoch), (95 * IOSD, net.epoch()));
    net.advance(epoch + 1);
    net.next_epoch();
    let settle = net.settle_redemption(&me);
    net.ok(&[settle], &[&me]);
    assert_eq!(net.io(&me), 95 * IO);
}

#[test]
fn a_request_of_a_closed_epoch_is_settled_before_a_new_one() {
    let mut net = earned();
    let me = operator(0);
    let some = request(&net, &me, IOSD);
    net.ok(std::slice::from_ref(&some), &[&me]);
    let more = request(&net, &me, 2 * IOSD);
    net.ok(&[more], &[&me]);
    assert_eq!(ledger(&net, &me).requested, 3 * IOSD);
    net.next_epoch();
    let new = request(&net, &me, IOSD);
    net.refused("SettleFirst", std::slice::from_ref(&new), &[&me]);
    let settle = net.settle_redemption(&me);
    net.ok(&[settle, new], &[&me]);
    assert_eq!((ledger(&net, &me).requested, net.io(&me)), (IOSD, 3 * IO));
}

#[test]
fn epochs_close_once_in_order_and_only_when_they_have_ended() {
    let mut net = earned();
    let epoch = net.epoch();
    let open = net.advance_epoch(epoch);
    net.refused("EpochOpen", &[open], &[&stranger()]);
    net.vm.set_time(START + (epoch as i64 + 3) * i64::from(EPOCH_S));
    net.submit_price(PRICE);
    let skip = net.advance_epoch(epoch + 1);
    net.refused("EpochOutOfOrder", &[skip], &[&stranger()]);
    let this = net.advance_epoch(epoch);
    let next = net.advance_epoch(epoch + 1);
    net.ok(&[this.clone(), next], &[&stranger()]);
    let before = emission(&net);
    let meta = net.ok(&[this], &[&stranger()]);
    assert!(meta.events.is_empty(), "a retry does nothing");
    let after = emission(&net);
    assert_eq!(
        (before.next_epoch, before.reserve, before.scheduled),
        (after.next_epoch, after.reserve, after.scheduled)
    );
}

#[test]
fn an_epochs_burn_cannot_be_left_out() {
    let mut net = earned();
    let epoch = net.epoch();
    net.vm.set_time(START + (epoch as i64 + 1) * i64::from(EPOCH_S));
    net.submit_price(PRICE);
    let right = net.advance_epoch(epoch);
    // Another epoch's account, one that does not exist, and a stranger for the rent.
    for wrong in [address::epoch(epoch + 7), stranger().pubkey()] {
        let forged = replace(right.clone(), address::epoch(epoch), wrong);
        net.refused("ConstraintSeeds", &[forged], &[&stranger()]);
    }
    let payer: Epoch = net.vm.read(&address::epoch(epoch)).unwrap();
    let forged = replace(right, payer.payer, stranger().pubkey());
    net.refused("WrongOwner", &[forged], &[&stranger()]);
}

#[test]
fn the_price_account_cannot_be_swapped_or_left_out() {
    let mut net = earned();
    let epoch = net.epoch();
    net.vm.set_time(START + (epoch as i64 + 1) * i64::from(EPOCH_S));
    net.submit_price(PRICE);
    let right = net.advance_epoch(epoch);
    for wrong in [credits::ID, address::credits_config(), stranger().pubkey(), address::jobs_config()] {
        let forged = replace(right.clone(), address::feed(), wrong);
        net.refused("WrongPriceAccount", &[forged], &[&stranger()]);
    }
}

#[test]
fn redeemed_io_goes_to_its_owner_whoever_settles() {
    let mut net = earned();
    let me = operator(0);
    let order = request(&net, &me, 95 * IOSD);
    net.ok(&[order], &[&me]);
    net.next_epoch();
    let epoch = ledger(&net, &me).request_epoch;
    let payer: Epoch = net.vm.read(&address::epoch(epoch)).unwrap();
    let by = stranger().pubkey();
    let settle = credits_ix::settle_redemption(by, me.pubkey(), epoch, payer.payer, net.epoch());
    let forged = replace(settle.clone(), address::io_account(&me.pubkey()), address::io_account(&user(0).pubkey()));
    net.refused("ConstraintTokenOwner", &[forged], &[&stranger()]);
    let forged = replace(settle.clone(), address::earnings(&me.pubkey()), address::earnings(&operator(1).pubkey()));
    net.refused("WrongOwner", &[forged], &[&stranger()]);
    let forged = replace(settle.clone(), address::epoch(epoch), address::epoch(net.epoch()));
    net.refused("AccountNotInitialized", &[forged], &[&stranger()]);
    net.ok(&[settle], &[&stranger()]);
    assert_eq!(net.io(&me), 95 * IO);
}

#[test]
fn small_requests_gain_nothing() {
    let mut net = earned();
    let (small, large) = (operator(0), operator(1));
    let (dust, all) = (request(&net, &small, 1), request(&net, &large, 285 * IOSD));
    net.ok(&[dust], &[&small]);
    net.ok(&[all], &[&large]);
    let epoch = net.epoch();
    net.vm.set_time(START + (epoch as i64 + 1) * i64::from(EPOCH_S));
    net.submit_price(PRICE / 8);
    net.wait(i64::from(EPOCH_S) * 30);
    net.submit_price(PRICE / 8);
    net.advance(epoch);
    let settle = net.settle_redemption(&small);
    let meta = net.ok(&[settle], &[&small]);
    let settled: RedemptionSettled = event::first(&meta.events);
    // One micro-dollar is worth at most 800 base units at an eighth of a dollar; it is charged whole for its part.
    assert_eq!((settled.charged, settled.rest), (1, 0));
    assert!(settled.io_minted < 800);
}

#[test]
fn the_schedule_falls_into_its_budgets_and_stays_under_the_cap() {
    let mut net = Net::new();
    let before = emission(&net);
    let epoch = net.epoch();
    net.next_epoch();
    let after = emission(&net);
    let scheduled = economy::emission::scheduled(epoch, EPOCH_S).unwrap();
    assert_eq!(after.scheduled - before.scheduled, scheduled);
    let grown = |i: usize| after.budgets[i].available - before.budgets[i].available;
    assert_eq!((grown(0), grown(1)), (scheduled * 4 / 10, scheduled * 4 / 10));
    assert_eq!(grown(0) + grown(1) + grown(2), scheduled);
}
