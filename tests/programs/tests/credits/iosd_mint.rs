//! IOSD can be spent on jobs and nothing else.
use anchor_lang::solana_program::instruction::AccountMeta;
use client::address;
use program_tests::net::IOSD;
use program_tests::{Net, user};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn token_2022(accounts: Vec<AccountMeta>, data: Vec<u8>) -> Instruction {
    Instruction { program_id: anchor_spl::token_2022::ID, accounts, data }
}

#[test]
fn iosd_cannot_be_transferred() {
    let mut net = Net::new();
    let (from, to) = (user(0).pubkey(), user(1).pubkey());
    let amount = IOSD.to_le_bytes();
    let checked = [&[12][..], &amount, &[economy::IOSD_DECIMALS]].concat();
    let accounts = vec![
        AccountMeta::new(address::iosd_account(&from), false),
        AccountMeta::new_readonly(address::iosd_mint(), false),
        AccountMeta::new(address::iosd_account(&to), false),
        AccountMeta::new_readonly(from, true),
    ];
    let failure = net.send(&[token_2022(accounts.clone(), checked)], &[&user(0)]).unwrap_err();
    assert!(failure.logs.iter().any(|l| l.contains("Transfer is disabled for this mint")), "{:?}", failure.logs);

    let unchecked = [&[3][..], &amount].concat();
    let accounts = vec![accounts[0].clone(), accounts[2].clone(), accounts[3].clone()];
    net.send(&[token_2022(accounts, unchecked)], &[&user(0)]).unwrap_err();
    assert_eq!(net.iosd(&user(0)), net.iosd(&user(1)));
}

#[test]
fn an_iosd_account_cannot_be_given_away() {
    let mut net = Net::new();
    let (from, to) = (user(0).pubkey(), user(1).pubkey());
    let accounts = vec![AccountMeta::new(address::iosd_account(&from), false), AccountMeta::new_readonly(from, true)];
    // SetAuthority, of the account's owner, to somebody.
    let data = [&[6, 2, 1][..], to.as_ref()].concat();
    let failure = net.send(&[token_2022(accounts, data)], &[&user(0)]).unwrap_err();
    assert!(failure.logs.iter().any(|l| l.contains("owner authority cannot be changed")), "{:?}", failure.logs);
}
