//! A network in which steps are taken, and everything that must hold is checked after each of them.
use super::names::{name, name_of};
use super::people::Cast;
use super::permission;
use super::step::{Act, Answer, Fault, Judged, Step};
use crate::invariant::{Checked, Ledger, Violation, check, holds};
use crate::keys::{authority, operator};
use crate::net::{IO, Net};
use crate::state::{State, is_kept, one};
use crate::vm::{Failure, Meta, Vm};
use anchor_lang::prelude::Pubkey;
use client::{address, credits_ix};
use governance::state::Action;
use jobs::state::{Proof, Status};
use solana_account::{Account, ReadableAccount};
use solana_instruction::Instruction;
use solana_instruction::error::InstructionError;
use solana_message::Message;
use solana_signer::Signer;
use solana_transaction_error::TransactionError;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Every account is compared with the virtual machine's once in this many steps.
const WHOLE: u64 = 500;
/// What each newcomer has.
const PURSE: u64 = 60_000 * IO;

/// How often an instruction ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub ok: u64,
    pub refused: u64,
}

/// By name.
pub type Counts = BTreeMap<&'static str, Count>;

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// With the refusal's name.
    Refused(String),
}

#[derive(Clone)]
pub struct World {
    pub vm: Vm,
    pub state: State,
    pub ledger: Ledger,
    pub counts: Counts,
    /// How often votes did what.
    pub actions: BTreeMap<String, u64>,
    /// How often what was refused by what name.
    pub refusals: BTreeMap<String, u64>,
    pub steps: u64,
}

impl World {
    /// A network with newcomers in it. It is built once per process and copied.
    pub fn new() -> Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(|| World::of(Net::new())).clone()
    }

    /// The newcomers join this network.
    pub fn of(mut net: Net) -> Self {
        let cast = Cast::get();
        let payer = authority().pubkey();
        for person in cast.people.iter().chain(&cast.machines) {
            if net.vm.lamports(person) == 0 {
                net.vm.airdrop(person, 1_000_000_000_000);
            }
        }
        for person in &cast.people {
            let purse = if *person == operator(0).pubkey() { 10 * PURSE } else { PURSE };
            let give = credits_ix::transfer_io(payer, *person, purse);
            net.send(&give, &[&authority()]).unwrap_or_else(|e| panic!("{}", e.name));
            let open = credits_ix::create_iosd_account(payer, *person);
            net.send(&[open], &[&authority()]).unwrap_or_else(|e| panic!("{}", e.name));
        }
        let vm = net.vm.without_signatures();
        let state = State::read(&vm).unwrap_or_else(|e| panic!("{e}"));
        let mut ledger = Ledger::default();
        net.events.iter().try_for_each(|e| ledger.take(e)).unwrap_or_else(|e| panic!("{e}"));
        let (counts, actions, refusals) = Default::default();
        World { vm, state, ledger, counts, actions, refusals, steps: 0 }
    }

    /// The accounting epoch that the clock is in.
    pub fn epoch(&self) -> u64 {
        one(&self.state.credits).map_or(0, |c| c.epoch_at(self.state.now))
    }

    /// How often an instruction has succeeded.
    pub fn succeeded(&self, name: &str) -> u64 {
        self.counts.get(name).map_or(0, |c| c.ok)
    }

    /// Takes one step and checks everything.
    ///
    /// # Errors
    /// What does not hold.
    pub fn apply(&mut self, step: &Step) -> Result<Outcome, Violation> {
        self.steps += 1;
        let outcome = match &step.act {
            Act::Wait(seconds) => {
                self.vm.set_time(self.state.now + seconds);
                // Slots go on meanwhile, so that hashes to draw from appear.
                self.vm.pass_slots(u64::try_from(*seconds).unwrap_or_default().clamp(1, 40));
                self.reread(&[])?;
                Outcome::Done
            }
            Act::Oracle(data) => {
                self.write_oracle(data.clone())?;
                Outcome::Done
            }
            Act::Send { payer, instructions } => self.send(step, *payer, instructions)?,
            Act::Judge { payer, instruction } => {
                let config = address::staking_config();
                self.lend(&config, payer)?;
                let outcome = self.send(step, *payer, std::slice::from_ref(instruction));
                self.lend(&config, &address::jobs_authority())?;
                outcome?
            }
        };
        // What was refused has changed nothing, which was checked.
        if outcome == Outcome::Done {
            check(&self.state, &self.ledger)?;
        }
        if self.steps.is_multiple_of(WHOLE) {
            self.check_whole()?;
        }
        Ok(outcome)
    }

    /// Reads the whole chain again and checks it.
    ///
    /// # Errors
    /// What does not hold.
    pub fn check_whole(&self) -> Checked {
        if let Some(address) = self.state.differs(&self.vm) {
            holds!("accounts", false, "{address} has changed in a transaction that does not name it as writable");
        }
        let whole = State::read(&self.vm);
        match whole {
            Ok(whole) => {
                permission::addresses(&whole)?;
                check(&whole, &self.ledger)
            }
            Err(what) => Err(Violation { rule: "accounts", what }),
        }
    }

    fn reread(&mut self, addresses: &[Pubkey]) -> Checked {
        self.state.refresh(&self.vm, addresses).map_err(|what| Violation { rule: "accounts", what })
    }

    /// The account of a Pyth price feed, whatever wrote it.
    fn write_oracle(&mut self, data: Vec<u8>) -> Checked {
        let account = Account { lamports: 10_000_000, data, owner: super::choose::RECEIVER, ..Account::default() };
        self.vm.set_account(super::choose::ORACLE, account);
        self.reread(&[super::choose::ORACLE])
    }

    /// Makes `to` the signer whom the staking program takes for the jobs program.
    fn lend(&mut self, config: &Pubkey, to: &Pubkey) -> Checked {
        let mut account = self.vm.account(config).expect("the network is up");
        // After the discriminator, the authority and the offered one.
        account.data[72..104].copy_from_slice(to.as_ref());
        self.vm.set_account(*config, account);
        self.reread(&[*config])
    }

    fn send(&mut self, step: &Step, payer: Pubkey, instructions: &[Instruction]) -> Result<Outcome, Violation> {
        let cast = Cast::get();
        let mut instructions = instructions.to_vec();
        for meta in instructions.iter_mut().flat_map(|i| &mut i.accounts) {
            meta.is_signer &= cast.can_sign(&meta.pubkey);
        }
        let message = Message::new(&instructions, Some(&payer));
        let keys = message.account_keys.clone();
        let signers = keys[..usize::from(message.header.num_required_signatures)].to_vec();
        let expected = step.fault.as_ref().and_then(|f| self.expects(f));
        let answered = step.answer.as_ref().and_then(|a| self.expects_answer(a));
        match self.vm.send_unsigned(message) {
            Ok(meta) => {
                let before = self.state.select(&keys);
                self.reread(&keys)?;
                self.count(&instructions, &meta);
                meta.events.iter().try_for_each(|e| self.ledger.take(e))?;
                self.take_gifts(&before, &instructions);
                let change = permission::Change { before: &before, state: &self.state, signers: &signers, meta: &meta };
                permission::check(&change)?;
                holds!(
                    "disputes",
                    expected != Some(false),
                    "a fault was proven where there is none, or a wrong cell answered an audit"
                );
                holds!("demands", answered != Some(false), "a wrong or late answer was taken");
                Ok(Outcome::Done)
            }
            Err(failure) => {
                holds!("disputes", expected != Some(true), "a wrong cell was not proven: {}", failure.name);
                holds!("demands", answered != Some(true), "a right answer was refused: {}", failure.name);
                self.refused(step, &payer, &keys, &instructions, failure)
            }
        }
    }

    fn count(&mut self, instructions: &[Instruction], meta: &Meta) {
        let own = instructions.iter().map(|i| (&i.program_id, i.data.as_slice()));
        let inner = meta.inner.iter().map(|(program, data)| (program, data.as_slice()));
        for name in own.chain(inner).filter_map(|(program, data)| name_of(program, data)) {
            self.counts.entry(name).or_default().ok += 1;
        }
        for event in meta.events.iter().filter(|e| e.program == governance::ID) {
            if let Some(done) = event.get::<governance::events::ProposalExecuted>() {
                *self.actions.entry(kind_of(&done.action)).or_default() += 1;
            }
        }
    }

    /// What a vault gets from anything but the instruction that pays into it.
    fn take_gifts(&mut self, before: &State, instructions: &[Instruction]) {
        let vaults = [
            (address::stake_vault(), "staking.stake"),
            (address::reward_vault(), "staking.collect_rewards"),
            (address::deposit_vault(), "governance.propose"),
        ];
        for (vault, source) in vaults {
            let more = self.state.balance(&vault).saturating_sub(before.balance(&vault));
            let named = before.tokens.contains_key(&vault);
            if named && more > 0 && !instructions.iter().any(|i| name(i) == source) {
                self.ledger.give(vault, more);
            }
        }
    }

    /// A refusal has a name and changes nothing.
    fn refused(
        &mut self,
        step: &Step,
        payer: &Pubkey,
        keys: &[Pubkey],
        instructions: &[Instruction],
        failure: Failure,
    ) -> Result<Outcome, Violation> {
        let index = match &failure.cause {
            TransactionError::InstructionError(index, _) => usize::from(*index),
            _ => 0,
        };
        let what = instructions.get(index).map_or("other", name);
        self.counts.entry(what).or_default().refused += 1;
        let reason = if failure.code > 0 { failure.name.clone() } else { format!("{:?}", failure.cause) };
        *self.refusals.entry(format!("{what} {}{reason}", step.attack.unwrap_or(""))).or_default() += 1;
        for key in keys.iter().filter(|k| *k != payer) {
            let now = self.vm.account_ref(key).filter(|a| is_kept(a));
            holds!("refusals", self.state.raw.get(key) == now, "a refused {what} changed {key}");
        }
        self.reread(&[*payer])?;
        let logs = || failure.logs.join("\n");
        holds!(
            "refusals",
            is_named(&failure, step, instructions.get(index)),
            "{what} was refused without a name: {reason}\n{}",
            logs()
        );
        Ok(Outcome::Refused(reason))
    }

    /// What a dispute must come to now; `None` if its job or evidence is not what it was made for.
    fn expects(&self, fault: &Fault) -> Option<bool> {
        let job = self.state.jobs.get(&fault.job)?;
        let same = job.status == Status::Committed && job.commitment == fault.commitment;
        let evidence = self.state.raw.get(&fault.proof)?.data().get(Proof::HEADER..)?;
        let expected = match fault.judged {
            Judged::Dispute => Some(fault.is_wrong),
            Judged::Answer => fault.is_wrong.then_some(false),
        };
        expected.filter(|_| same && evidence == fault.evidence)
    }

    /// What an answer must come to now; `None` if its demand or bytes are not what it was made for.
    fn expects_answer(&self, answer: &Answer) -> Option<bool> {
        let demand = self.state.demands.get(&answer.demand)?;
        let bytes = self.state.raw.get(&answer.proof)?.data().get(Proof::HEADER..)?;
        let same = self.state.jobs.contains_key(&answer.job) && bytes == answer.bytes;
        same.then_some(answer.is_right && self.state.now <= demand.deadline)
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether a refusal says what was wrong: by a name of ours, Anchor's or a token program's, or, for accounts that were swapped, by
/// one of the runtime's.
fn is_named(failure: &Failure, step: &Step, instruction: Option<&Instruction>) -> bool {
    use InstructionError as E;
    // The token programs log their own.
    if failure.code > 0 || failure.logs.iter().any(|l| l.starts_with("Program log: Error: ")) {
        return true;
    }
    let TransactionError::InstructionError(_, error) = &failure.cause else {
        return step.attack.is_some();
    };
    match error {
        // Not ours, and told what to do by nobody's client.
        _ if instruction.is_some_and(|i| name(i) == "other") => step.attack.is_some(),
        // Reading such a length runs out of memory before anything else happens.
        E::ProgramFailedToComplete if instruction.is_some_and(has_false_length) => step.attack.is_some(),
        // The account exists already.
        E::Custom(0) => failure.logs.iter().any(|l| l.contains("already in use")) || step.attack.is_some(),
        E::ProgramFailedToComplete
        | E::ProgramEnvironmentSetupFailure
        | E::ComputationalBudgetExceeded
        | E::UnbalancedInstruction
        | E::ReadonlyLamportChange
        | E::ReadonlyDataModified
        | E::ExternalAccountDataModified
        | E::ExternalAccountLamportSpend
        | E::ModifiedProgramId
        | E::ExecutableModified
        | E::ArithmeticOverflow => false,
        _ => step.attack.is_some(),
    }
}

/// Whether text or bytes among its arguments say that they are longer than all of the data: no client writes that.
fn has_false_length(instruction: &Instruction) -> bool {
    let at = match name(instruction) {
        "jobs.register_device" => 8,
        // After the offset.
        "jobs.write_proof" => 12,
        "jobs.write_draft" => 10,
        // After root and blob.
        "jobs.register_model" => 72,
        // After the cell and its segment.
        "jobs.answer_cell" => 8 + 1 + 256,
        "jobs.prove_cell" => 8 + 8 + 256,
        _ => return false,
    };
    let data = &instruction.data;
    let length = data.get(at..at + 4).and_then(|l| l.try_into().ok()).map_or(0, u32::from_le_bytes);
    length as usize > data.len()
}

/// An action without its values.
fn kind_of(action: &Action) -> String {
    use credits::Order as C;
    match action {
        Action::Credits(C::Set { parameter, .. }) => format!("credits.{parameter:?}"),
        Action::Credits(C::Pause { .. }) => "credits.Pause".into(),
        Action::Credits(C::OfferAuthority { .. }) => "credits.OfferAuthority".into(),
        Action::Credits(C::ReplaceSubmitter { .. }) => "credits.ReplaceSubmitter".into(),
        Action::Credits(C::SetPriceSource { .. }) => "credits.SetPriceSource".into(),
        Action::Credits(C::SetMinter { purpose, .. }) => format!("credits.SetMinter{purpose:?}"),
        Action::Staking(staking::Order::Set { parameter, .. }) => format!("staking.{parameter:?}"),
        Action::Staking(staking::Order::Pause { .. }) => "staking.Pause".into(),
        Action::Staking(staking::Order::OfferAuthority { .. }) => "staking.OfferAuthority".into(),
        Action::Jobs(jobs::Order::Set { parameter, .. }) => format!("jobs.{parameter:?}"),
        Action::Jobs(jobs::Order::Pause { .. }) => "jobs.Pause".into(),
        Action::Jobs(jobs::Order::OfferAuthority { .. }) => "jobs.OfferAuthority".into(),
        Action::Rules { rule, .. } => format!("rules.{rule:?}"),
        Action::Guardian { .. } => "guardian".into(),
        Action::Pay { .. } => "pay".into(),
        Action::Signal { .. } => "signal".into(),
    }
}
