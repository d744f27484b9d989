use client::{address, credits_ix};
use credits::events::PriceSubmitted;
use credits::state::Feed;
use program_tests::forge::replace;
use program_tests::net::{MAX_PRICE_AGE_S, PRICE};
use program_tests::{Net, event, stranger, submitter};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn say(index: usize, price: u64) -> Instruction {
    credits_ix::submit_price(submitter(index).pubkey(), price)
}

fn feed(net: &Net) -> Feed {
    net.vm.read(&address::feed()).unwrap()
}

#[test]
fn the_median_of_three_is_the_spot_and_moves_the_average() {
    let mut net = Net::new();
    net.wait(3_600);
    net.ok(&[say(0, 2 * PRICE)], &[&submitter(0)]);
    let meta = net.ok(&[say(1, 2 * PRICE + 10)], &[&submitter(1)]);
    let said: PriceSubmitted = event::first(&meta.events);
    // An hour is the average's time constant: half of the way, and nothing by the third word in the same second.
    assert_eq!((said.spot, said.average), (2 * PRICE + 5, PRICE + (PRICE + 5) / 2));
    let meta = net.ok(&[say(2, 2 * PRICE + 4)], &[&submitter(2)]);
    let said: PriceSubmitted = event::first(&meta.events);
    assert_eq!((said.spot, said.average), (2 * PRICE + 4, PRICE + (PRICE + 5) / 2));
}

#[test]
fn one_of_three_is_no_majority() {
    let mut net = Net::new();
    net.wait(i64::from(MAX_PRICE_AGE_S) + 1);
    let before = feed(&net).average;
    let meta = net.ok(&[say(0, 3 * PRICE)], &[&submitter(0)]);
    let said: PriceSubmitted = event::first(&meta.events);
    assert_eq!((said.spot, said.average, feed(&net).average), (0, before, before));
}

#[test]
fn a_stranger_is_refused() {
    let mut net = Net::new();
    let attempt = credits_ix::submit_price(stranger().pubkey(), PRICE);
    net.refused("NotASubmitter", &[attempt], &[&stranger()]);
}

#[test]
fn a_price_of_zero_is_refused() {
    Net::new().refused("ZeroPrice", &[say(0, 0)], &[&submitter(0)]);
}

#[test]
fn the_smallest_and_the_largest_price_break_nothing() {
    for price in [1, u64::MAX] {
        let mut net = Net::new();
        net.submit_price(price);
        net.wait(100_000);
        net.submit_price(price);
    }
}

#[test]
fn another_shard_is_refused() {
    let mut net = Net::new();
    let shard = address::credits_shard_of(&address::feed());
    let other = (0..16).map(address::credits_shard).find(|s| *s != shard).unwrap();
    net.refused("WrongShard", &[replace(say(0, PRICE), shard, other)], &[&submitter(0)]);
    net.refused(
        "AccountOwnedByWrongProgram",
        &[replace(say(0, PRICE), shard, address::jobs_shard(0))],
        &[&submitter(0)],
    );
}

#[test]
fn another_account_is_no_feed_and_no_config() {
    let mut net = Net::new();
    let forged = replace(say(0, PRICE), address::feed(), address::credits_shard(0));
    net.refused("AccountDiscriminatorMismatch", &[forged], &[&submitter(0)]);
    let forged = replace(say(0, PRICE), address::credits_config(), address::jobs_config());
    net.refused("AccountOwnedByWrongProgram", &[forged], &[&submitter(0)]);
}
