use client::{address, credits_ix, jobs_ix, staking_ix};
use program_tests::forge::replace;
use program_tests::net::CLASS_STAKE;
use program_tests::{ALREADY_IN_USE, Net, device, key, operator, stranger, user, work};
use solana_instruction::Instruction;
use solana_signer::Signer;
use staking::PoolKind;

fn register(name: &str) -> Instruction {
    jobs_ix::register_device(operator(0).pubkey(), key("new device").pubkey(), name.into(), 0)
}

#[test]
fn a_name_is_1_to_32_bytes() {
    let mut net = Net::new();
    let signers = [operator(0), key("new device")];
    let signers: Vec<_> = signers.iter().collect();
    net.refused("BadName", &[register("")], &signers);
    net.refused("BadName", &[register(&"x".repeat(33))], &signers);
    net.ok(&[register(&"x".repeat(32))], &signers);
    let registered: jobs::state::Device = net.vm.read(&address::device(&key("new device").pubkey())).unwrap();
    assert_eq!((registered.operator, registered.name.len()), (operator(0).pubkey(), 32));
    let owner: jobs::state::Operator = net.vm.read(&address::operator(&operator(0).pubkey())).unwrap();
    assert_eq!(owner.devices, 3);
}

#[test]
fn the_devices_own_key_must_sign() {
    let mut net = Net::new();
    let mut without = register("a");
    without.accounts.iter_mut().filter(|m| m.pubkey == key("new device").pubkey()).for_each(|m| m.is_signer = false);
    net.refused("AccountNotSigner", &[without], &[&operator(0)]);
}

#[test]
fn a_device_belongs_to_one_operator_for_ever() {
    let mut net = Net::new();
    let again = jobs_ix::register_device(operator(1).pubkey(), device(0).pubkey(), "stolen".into(), 0);
    net.refused(ALREADY_IN_USE, &[again], &[&operator(1), &device(0)]);
}

#[test]
fn only_an_operator_registers_devices_and_only_his_own() {
    let mut net = Net::new();
    let worker = key("new device");
    let attempt = jobs_ix::register_device(stranger().pubkey(), worker.pubkey(), "a".into(), 0);
    net.refused("AccountNotInitialized", std::slice::from_ref(&attempt), &[&stranger(), &worker]);
    let others = address::operator(&operator(0).pubkey());
    let forged = replace(attempt, address::operator(&stranger().pubkey()), others);
    let (mine, pool) = (address::operator_pool(&stranger().pubkey()), address::operator_pool(&operator(0).pubkey()));
    let forged = replace(forged, mine, pool);
    net.refused("WrongOwner", &[forged], &[&stranger(), &worker]);
}

#[test]
fn a_pool_carries_as_many_devices_as_its_stake_and_not_one_more() {
    let mut net = Net::new();
    let owner = operator(0);
    let me = owner.pubkey();
    // Two devices of class 0 are there: 4,800 IO are left, six devices of class 3.
    for i in 0..6 {
        let worker = key(&format!("large {i}"));
        net.ok(&[jobs_ix::register_device(me, worker.pubkey(), "large".into(), 3)], &[&owner, &worker]);
    }
    let one_more = key("one more");
    let register = jobs_ix::register_device(me, one_more.pubkey(), "small".into(), 0);
    net.refused("StakeTooLow", std::slice::from_ref(&register), &[&owner, &one_more]);
    net.ok(&[jobs_ix::retire_device(me, key("large 0").pubkey())], &[&owner]);
    net.ok(&[register], &[&owner, &one_more]);
    let bad = jobs_ix::register_device(me, key("bad").pubkey(), "bad".into(), 4);
    net.refused("BadClass", &[bad], &[&owner, &key("bad")]);
}

#[test]
fn anothers_pool_and_a_users_pool_carry_no_device() {
    let mut net = Net::new();
    let (owner, worker) = (operator(1), key("new device"));
    let me = owner.pubkey();
    let register = jobs_ix::register_device(me, worker.pubkey(), "a".into(), 0);
    let others = address::operator_pool(&operator(0).pubkey());
    let forged = replace(register.clone(), address::operator_pool(&me), others);
    net.refused("WrongPool", &[forged], &[&owner, &worker]);
    net.ok(&[credits_ix::open_loyalty(me, me), staking_ix::open_pool(me, PoolKind::User, 0)], &[&owner]);
    let forged = replace(register, address::operator_pool(&me), address::pool(&me, PoolKind::User));
    net.refused("WrongPool", &[forged], &[&owner, &worker]);
}

#[test]
fn a_device_with_a_live_job_cannot_be_retired_and_only_its_operator_can() {
    let mut net = Net::new();
    let (owner, worker) = (operator(0), device(0).pubkey());
    let job = net.claimed(&work::tiny());
    let retire = jobs_ix::retire_device(owner.pubkey(), worker);
    net.refused("DeviceBusy", std::slice::from_ref(&retire), &[&owner]);
    let forged = replace(
        jobs_ix::retire_device(operator(1).pubkey(), device(2).pubkey()),
        address::device(&device(2).pubkey()),
        address::device(&worker),
    );
    net.refused("WrongOwner", &[forged], &[&operator(1)]);
    net.commit(&job.work);
    let state = net.job(&job.address).unwrap();
    net.ok(&[jobs_ix::accept_result(user(0).pubkey(), job.address, &state)], &[&user(0)]);
    net.ok(&[retire], &[&owner]);
    let left: jobs::state::Operator = net.vm.read(&address::operator(&owner.pubkey())).unwrap();
    assert_eq!((left.devices, left.required_stake), (1, CLASS_STAKE[0]));
}
