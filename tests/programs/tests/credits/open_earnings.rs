use client::{address, credits_ix};
use program_tests::forge::replace;
use program_tests::{ALREADY_IN_USE, Net, key, operator, stranger};
use solana_signer::Signer;

#[test]
fn anyone_pays_for_anyones_ledger() {
    let mut net = Net::new();
    let owner = key("new supplier").pubkey();
    net.ok(&[credits_ix::open_earnings(stranger().pubkey(), owner)], &[&stranger()]);
    let ledger: credits::state::Earnings = net.vm.read(&address::earnings(&owner)).unwrap();
    assert_eq!((ledger.owner, ledger.owed, ledger.redeemed), (owner, 0, 0));
}

#[test]
fn a_ledger_is_opened_once() {
    let again = credits_ix::open_earnings(stranger().pubkey(), operator(0).pubkey());
    Net::new().refused(ALREADY_IN_USE, &[again], &[&stranger()]);
}

#[test]
fn a_ledger_cannot_be_opened_at_another_owners_address() {
    let (owner, other) = (key("new supplier").pubkey(), key("other supplier").pubkey());
    let open = credits_ix::open_earnings(stranger().pubkey(), owner);
    let forged = replace(open, address::earnings(&owner), address::earnings(&other));
    Net::new().refused("ConstraintSeeds", &[forged], &[&stranger()]);
}

#[test]
fn another_shard_is_refused() {
    let owner = key("new supplier").pubkey();
    let shard = address::credits_shard_of(&owner);
    let other = (0..16).map(address::credits_shard).find(|s| *s != shard).unwrap();
    let open = credits_ix::open_earnings(stranger().pubkey(), owner);
    Net::new().refused("WrongShard", &[replace(open, shard, other)], &[&stranger()]);
}
