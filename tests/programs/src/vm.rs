//! LiteSVM with all programs, as their upgrade authority would have deployed them.
use crate::blocks::{Balances, Sent};
use crate::event::Event;
use crate::keys::authority;
use anchor_lang::AccountDeserialize;
use anchor_lang::prelude::{Clock, Pubkey};
use client::address;
use litesvm::LiteSVM;
use litesvm::types::TransactionResult;
use solana_account::{Account, AccountSharedData};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::Message;
use solana_signer::Signer;
use solana_transaction::Transaction;
use solana_transaction_error::TransactionError;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Largest transaction that a cluster accepts, bytes.
pub const MAX_TRANSACTION: usize = 1232;

/// How fast slots pass: slowly, so that a draw can be in time after a long wait.
pub const SECONDS_PER_SLOT: u64 = 8;
/// Owns the sysvars.
const SYSVAR_OWNER: Pubkey = anchor_lang::pubkey!("Sysvar1111111111111111111111111111111111111");
/// Hashes that the runtime keeps.
pub const MAX_SLOT_HASHES: usize = 512;

/// Bytes before the code in a loader's data account.
const PROGRAM_DATA_HEAD: usize = 45;

/// Our programs, and what their binaries are called.
pub const PROGRAMS: [(Pubkey, &str); 4] =
    [(credits::ID, "credits"), (staking::ID, "staking"), (jobs::ID, "jobs"), (governance::ID, "governance")];

/// A transaction that succeeded.
#[derive(Clone, Debug)]
pub struct Meta {
    pub cu: u64,
    pub logs: Vec<String>,
    pub events: Vec<Event>,
    /// Instructions that programs sent to programs: to whom, and the data.
    pub inner: Vec<(Pubkey, Vec<u8>)>,
}

/// A transaction that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The program's own name of it, or what the runtime says.
    pub name: String,
    /// Zero if no program named it.
    pub code: u32,
    /// The runtime's own word for it.
    pub cause: TransactionError,
    pub logs: Vec<String>,
}

impl Failure {
    /// Compute units that `program` had used when it refused.
    ///
    /// # Panics
    /// If it was not called.
    pub fn cu_of(&self, program: &Pubkey) -> u64 {
        let used = format!("Program {program} consumed ");
        let line = self.logs.iter().rev().find_map(|line| line.strip_prefix(&used)).expect("the program was called");
        line.split(' ').next().and_then(|number| number.parse().ok()).expect("a number")
    }
}

#[derive(Clone)]
pub struct Vm {
    svm: LiteSVM,
    /// What was sent since it was last taken, if it is wanted.
    sent: Option<Vec<Sent>>,
    /// Most slots that pass at once.
    longest_jump: u64,
    /// Where LiteSVM's airdrops come from: another one every time.
    faucet: Pubkey,
}

/// The folder with the built programs: `SBF_OUT_DIR`, or the workspace's `target/deploy`.
pub fn program_folder() -> PathBuf {
    let default = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/deploy"));
    std::env::var_os("SBF_OUT_DIR").map_or_else(default, PathBuf::from)
}

/// A program's binary.
///
/// # Panics
/// If it is not built.
pub fn program_bytes(name: &str) -> Vec<u8> {
    let path = program_folder().join(format!("{name}.so"));
    let not_built = |e| panic!("programs are not built: run `cargo xtask build-programs` ({}: {e})", path.display());
    std::fs::read(&path).unwrap_or_else(not_built)
}

impl Vm {
    /// # Panics
    /// If the programs are not built.
    pub fn new() -> Self {
        let mut svm = LiteSVM::new().with_log_bytes_limit(None);
        for (id, name) in PROGRAMS {
            let bytes = program_bytes(name);
            svm.add_program(id, &bytes).unwrap_or_else(|e| panic!("{name}.so does not load: {e:?}"));
        }
        svm.add_program(caller::ID, &program_bytes("caller")).unwrap_or_else(|e| panic!("caller.so: {e:?}"));
        let faucet = svm.airdrop_pubkey();
        let mut vm = Vm { svm, sent: None, longest_jump: u64::MAX, faucet };
        vm.set_slot_hashes(&[]);
        for (id, _) in PROGRAMS {
            vm.set_upgrade_authority(&id, Some(authority().pubkey()));
        }
        vm
    }

    /// Rewrites the head of the loader's data account of `program`: LiteSVM deploys without an authority. The encoding is
    /// the loader's: variant 3 (u32), slot (u64), option of the authority.
    pub fn set_upgrade_authority(&mut self, program: &Pubkey, authority: Option<Pubkey>) {
        let address = address::program_data(program);
        let mut account = self.svm.get_account(&address).expect("the program was added");
        let head = &mut account.data[..PROGRAM_DATA_HEAD];
        head.fill(0);
        head[0] = 3;
        if let Some(authority) = authority {
            head[12] = 1;
            head[13..].copy_from_slice(authority.as_ref());
        }
        self.set_account(address, account);
    }

    /// Signs and sends; the first signer pays. Each call is a new transaction, even with the same contents.
    pub fn send(&mut self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Meta, Failure> {
        self.svm.expire_blockhash();
        let message = Message::new(instructions, Some(&signers[0].pubkey()));
        let keys = message.account_keys.clone();
        let transaction = Transaction::new(signers, message, self.svm.latest_blockhash());
        let size = 1 + 64 * transaction.signatures.len() + transaction.message_data().len();
        assert!(size <= MAX_TRANSACTION, "the transaction is {size} bytes, a cluster accepts {MAX_TRANSACTION}");
        self.execute(transaction, &keys)
    }

    /// From now on signatures are not checked, transactions are not remembered, and [`Vm::send_unsigned`] works: for tests that send
    /// a great many.
    pub fn without_signatures(self) -> Self {
        Vm { svm: self.svm.with_sigverify(false).with_transaction_history(0), ..self }
    }

    /// Sends `message` as if whoever it names as a signer had signed. Whatever its size.
    pub fn send_unsigned(&mut self, message: Message) -> Result<Meta, Failure> {
        let keys = message.account_keys.clone();
        let mut transaction = Transaction::new_unsigned(message);
        transaction.message.recent_blockhash = self.svm.latest_blockhash();
        self.execute(transaction, &keys)
    }

    /// What sending would do, without doing it.
    ///
    /// # Errors
    /// As [`Vm::send`].
    pub fn simulate(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Meta, Failure> {
        let message = Message::new(instructions, Some(&signers[0].pubkey()));
        let keys = message.account_keys.clone();
        let transaction = Transaction::new(signers, message, self.svm.latest_blockhash());
        outcome(self.svm.simulate_transaction(transaction).map(|simulated| simulated.meta), &keys)
    }

    fn execute(&mut self, transaction: Transaction, keys: &[Pubkey]) -> Result<Meta, Failure> {
        if self.sent.is_none() {
            return outcome(self.svm.send_transaction(transaction), keys);
        }
        let before = Balances::read(self, keys);
        let result = self.svm.send_transaction(transaction.clone());
        let (after, clock) = (Balances::read(self, keys), self.svm.get_sysvar::<Clock>());
        let sent =
            Sent { slot: clock.slot, time: clock.unix_timestamp, transaction, before, after, result: result.clone() };
        self.sent.get_or_insert_default().push(sent);
        outcome(result, keys)
    }

    /// From now on everything that is sent is kept for [`Vm::take_sent`], and slots pass one by one whatever the clock does: a chain
    /// has a block for nearly every one.
    pub fn recorded(mut self) -> Self {
        (self.sent, self.longest_jump) = (Some(Vec::new()), 1);
        self
    }

    /// What was sent since the last time.
    pub fn take_sent(&mut self) -> Vec<Sent> {
        self.sent.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub fn airdrop(&mut self, address: &Pubkey, lamports: u64) {
        self.svm.airdrop(address, lamports).unwrap_or_else(|e| panic!("airdrop: {e:?}"));
    }

    /// `None` if it does not exist (or was closed).
    pub fn account(&self, address: &Pubkey) -> Option<Account> {
        self.svm.get_account(address).filter(|a| a.lamports > 0)
    }

    /// The account as the virtual machine holds it, even without lamports.
    pub fn account_ref(&self, address: &Pubkey) -> Option<&AccountSharedData> {
        self.svm.accounts_db().get_account_ref(address)
    }

    /// All accounts of the network, in no order.
    pub fn accounts(&self) -> impl Iterator<Item = (&Pubkey, &AccountSharedData)> {
        self.svm.accounts_db().inner.iter().filter(|(address, _)| **address != self.faucet)
    }

    pub fn set_account(&mut self, address: Pubkey, account: Account) {
        self.svm.set_account(address, account).unwrap_or_else(|e| panic!("{address} cannot be set: {e:?}"));
    }

    pub fn lamports(&self, address: &Pubkey) -> u64 {
        self.svm.get_balance(address).unwrap_or(0)
    }

    /// Lamports that exempt an account of `bytes` from rent.
    pub fn rent(&self, bytes: usize) -> u64 {
        self.svm.minimum_balance_for_rent_exemption(bytes)
    }

    /// Reads one of our accounts; `None` if it does not exist.
    pub fn read<T: AccountDeserialize>(&self, address: &Pubkey) -> Option<T> {
        let account = self.account(address)?;
        Some(T::try_deserialize(&mut account.data.as_slice()).unwrap_or_else(|e| panic!("{address}: {e}")))
    }

    /// All accounts of type `T` that `program` owns.
    pub fn all<T: AccountDeserialize + anchor_lang::Discriminator>(&self, program: &Pubkey) -> Vec<(Pubkey, T)> {
        let accounts = self.svm.get_program_accounts(program).into_iter();
        let of_type = accounts.filter(|(_, a)| a.lamports > 0 && a.data.starts_with(T::DISCRIMINATOR));
        let decoded = of_type.map(|(address, a)| (address, T::try_deserialize(&mut a.data.as_slice())));
        decoded.map(|(address, t)| (address, t.unwrap_or_else(|e| panic!("{address}: {e}")))).collect()
    }

    /// Everything that an instruction of ours could have changed: the accounts of our programs and of the token programs.
    pub fn state(&self) -> BTreeMap<Pubkey, Account> {
        let tokens = [anchor_spl::token::ID, anchor_spl::token_2022::ID];
        let owners = PROGRAMS.map(|(id, _)| id).into_iter().chain(tokens);
        owners.flat_map(|owner| self.svm.get_program_accounts(&owner)).collect()
    }

    /// Balance of a token account in base units; zero if there is none.
    pub fn tokens(&self, account: &Pubkey) -> u64 {
        self.account(account).map_or(0, |a| u64_at(&a.data, 64))
    }

    /// Supply of a mint in base units.
    pub fn supply(&self, mint: &Pubkey) -> u64 {
        self.account(mint).map_or(0, |a| u64_at(&a.data, 36))
    }

    /// The cluster's clock, unix seconds.
    pub fn now(&self) -> i64 {
        self.svm.get_sysvar::<Clock>().unix_timestamp
    }

    /// Moves the clock to `time` (unix seconds), and a slot for every [`SECONDS_PER_SLOT`] that pass, at least one.
    pub fn set_time(&mut self, time: i64) {
        let mut clock = self.svm.get_sysvar::<Clock>();
        let passed = u64::try_from(time - clock.unix_timestamp).unwrap_or(0);
        // From its own birth to the network's is no time.
        let slots = if clock.unix_timestamp == 0 { 1 } else { 1 + passed / SECONDS_PER_SLOT };
        clock.unix_timestamp = time;
        self.svm.set_sysvar(&clock);
        self.pass_slots(slots);
    }

    /// The current slot.
    pub fn slot(&self) -> u64 {
        self.svm.get_sysvar::<Clock>().slot
    }

    /// Moves on by `slots` slots, each with a block and a hash of its own.
    pub fn pass_slots(&mut self, slots: u64) {
        let slots = slots.min(self.longest_jump);
        let mut clock = self.svm.get_sysvar::<Clock>();
        let first = clock.slot.max((clock.slot + slots).saturating_sub(MAX_SLOT_HASHES as u64));
        clock.slot += slots;
        self.svm.set_sysvar(&clock);
        let hash = |slot: u64| (slot, slot_hash(slot));
        let new = (first..clock.slot).rev().map(hash);
        let all: Vec<_> = new.chain(self.slot_hashes()).take(MAX_SLOT_HASHES).collect();
        self.set_slot_hashes(&all);
    }

    /// The slot hashes sysvar: newest first.
    pub fn slot_hashes(&self) -> Vec<(u64, [u8; 32])> {
        let Some(account) = self.svm.get_account(&jobs::slot_hashes::ADDRESS) else { return Vec::new() };
        let entries = account.data[8..].chunks_exact(40).take(u64_at(&account.data, 0) as usize);
        entries.map(|e| (u64_at(e, 0), e[8..].try_into().expect("32 bytes"))).collect()
    }

    /// Writes the slot hashes sysvar as the runtime does.
    pub fn set_slot_hashes(&mut self, hashes: &[(u64, [u8; 32])]) {
        assert!(hashes.len() <= MAX_SLOT_HASHES && hashes.is_sorted_by(|a, b| a.0 > b.0), "newest first");
        let mut data = (hashes.len() as u64).to_le_bytes().to_vec();
        for (slot, hash) in hashes {
            data.extend(slot.to_le_bytes());
            data.extend(hash);
        }
        data.resize(8 + 40 * MAX_SLOT_HASHES, 0);
        let owner = SYSVAR_OWNER;
        self.set_account(
            jobs::slot_hashes::ADDRESS,
            Account { lamports: 143_487_360, data, owner, ..Account::default() },
        );
    }
}

/// The hash of a slot in these tests.
pub fn slot_hash(slot: u64) -> [u8; 32] {
    judge::sha256(&[b"slot", &slot.to_le_bytes()])
}

/// What came of a transaction between `keys`.
fn outcome(result: TransactionResult, keys: &[Pubkey]) -> Result<Meta, Failure> {
    match result {
        Ok(meta) => {
            let inner = meta.inner_instructions.into_iter().flatten().map(|i| i.instruction);
            let inner: Vec<_> = inner.map(|i| (keys[usize::from(i.program_id_index)], i.data)).collect();
            let events = inner.iter().filter_map(|(program, data)| Event::decode(*program, data)).collect();
            Ok(Meta { cu: meta.compute_units_consumed, logs: meta.logs, events, inner })
        }
        Err(failed) => {
            let logs = failed.meta.logs;
            let (name, code) = match client::error::program_failure(&logs) {
                Some(failure) => (failure.name, failure.code),
                None => (failed.err.to_string(), 0),
            };
            Err(Failure { name, code, cause: failed.err, logs })
        }
    }
}

impl Default for Vm {
    fn default() -> Self {
        Self::new()
    }
}

fn u64_at(data: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(data[at..at + 8].try_into().expect("eight bytes"))
}
