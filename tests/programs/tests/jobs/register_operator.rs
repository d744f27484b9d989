use client::{address, credits_ix, jobs_ix};
use program_tests::forge::replace;
use program_tests::{ALREADY_IN_USE, Net, operator, stranger};
use solana_signer::Signer;

#[test]
fn a_supplier_needs_its_own_earnings_ledger() {
    let mut net = Net::new();
    let me = stranger();
    let register = jobs_ix::register_operator(me.pubkey());
    net.refused("AccountNotInitialized", std::slice::from_ref(&register), &[&me]);
    let others = address::earnings(&operator(0).pubkey());
    let forged = replace(register.clone(), address::earnings(&me.pubkey()), others);
    net.refused("WrongOwner", &[forged], &[&me]);

    net.ok(&[credits_ix::open_earnings(me.pubkey(), me.pubkey())], &[&me]);
    net.ok(std::slice::from_ref(&register), &[&me]);
    let registered: jobs::state::Operator = net.vm.read(&address::operator(&me.pubkey())).unwrap();
    assert_eq!((registered.owner, registered.devices, registered.jobs_paid), (me.pubkey(), 0, 0));
    net.refused(ALREADY_IN_USE, &[register], &[&me]);
}
