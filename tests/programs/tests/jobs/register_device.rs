use client::{address, jobs_ix};
use program_tests::forge::replace;
use program_tests::{ALREADY_IN_USE, Net, device, key, operator, stranger};
use solana_instruction::Instruction;
use solana_signer::Signer;

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
    net.refused("WrongOwner", &[forged], &[&stranger(), &worker]);
}
