//! Results that cannot be fetched: asking for them on chain, against a bond.
use crate::budget;
use crate::examine::{Unchecked, on_a_thread};
use crate::report::{Cause, Event, Owed};
use crate::watcher::Shared;
use client::{ClientError, Keypair, Pubkey, Signer, jobs_ix};
use compute::{Backend, Cpu};
use jobs::Item;
use jobs::state::{Demand, Job};
use judge::cell::Witness;
use judge::walk::{Stand, Walk};
use judge::{CellProof, Claim, Verdict, Wanted, judge_cell};
use model::Model;
use std::collections::HashMap;
use std::sync::PoisonError;
use user::{Fault, UserError};

/// What was asked for, and the data that were answered and judged.
type Answer = (Wanted, Vec<u8>);
/// Answers that were found, by job and number of the demand: they stay as they are.
pub type Answers = HashMap<(Pubkey, u16), Answer>;

/// Where a demand says whose it is: after its job and its number.
const DEMANDER: usize = 32 + 2;

/// Bonds of this watcher's demands by job and number: paid, and not known to have come back.
pub type Bonds = HashMap<(Pubkey, u16), Bond>;

/// A bond.
pub struct Bond {
    lamports: u64,
    item: Item,
    /// The demand was answered: the bond is gone.
    lost: bool,
}

/// What became of asking.
pub enum Pursuit {
    /// A demand is open.
    Waiting,
    /// The answers have shown a wrong cell.
    Fault(Box<Fault>),
    /// There is nothing more to be asked: the job has ended, or its worker has shown that it has the data.
    Over,
}

impl Shared {
    /// Goes on asking for a result that cannot be fetched: from the roots of the layers down to the first wrong byte, for as long
    /// as the worker answers. Each step needs an answer on chain, so each call does one.
    pub async fn pursue(&self, wallet: &Keypair, address: &Pubkey) -> Result<Pursuit, Unchecked> {
        let Some(job) = self.chain.find::<Job>("job", address).await? else { return Ok(Pursuit::Over) };
        let (now, open) = (self.chain.now().await?, self.chain.demands(address).await?);
        if let Some(silent) = open.iter().find(|demand| now > demand.deadline) {
            return self.expire_demand(wallet, &job, silent).await;
        }
        if open.iter().any(|demand| demand.demander == wallet.pubkey()) {
            return Ok(Pursuit::Waiting);
        }
        let answers = self.answers(address, &job, &open).await?;
        let asked_before = !answers.is_empty();
        let item = match self.next_step(address, &job, answers).await? {
            Step::Ask(item) => Some(item),
            Step::Fault(fault) => return Ok(Pursuit::Fault(fault)),
            // What was committed to is right. Whether its worker has it is another question, which one answer settles.
            Step::Right if asked_before => return Ok(Pursuit::Over),
            Step::Right => None,
        };
        if now > job.window_end {
            return Err(Unchecked::last(Cause::Withheld, "its window has ended: nothing can be asked for any more"));
        }
        self.ask(wallet, address, item).await
    }

    /// What was answered to demands for a job's data, whoever made them. Those that are `open` are not.
    async fn answers(&self, address: &Pubkey, job: &Job, open: &[Demand]) -> Result<Vec<Answer>, ClientError> {
        let mut answers = Vec::new();
        for n in (0..job.demands.next()).filter(|n| open.iter().all(|demand| demand.n != *n)) {
            let known = self.found(|found| found.get(&(*address, n)).cloned());
            let answer = match known {
                Some(answer) => answer,
                None => {
                    let Some(answered) = self.chain.answered(address, n).await? else { continue };
                    let answer = (answered.item.into(), answered.data);
                    self.found(|found| found.insert((*address, n), answer.clone()));
                    answer
                }
            };
            self.bonds(|bonds| {
                if let Some(bond) = bonds.get_mut(&(*address, n)) {
                    bond.lost = true;
                }
            });
            answers.push(answer);
        }
        Ok(answers)
    }

    /// Recomputes the job and walks down the commitment as far as the answers lead.
    async fn next_step(&self, address: &Pubkey, job: &Job, answers: Vec<Answer>) -> Result<Step, Unchecked> {
        let layers = self.layers(job).await?;
        let lent = self.borrow(budget::needed(&layers, job.rows)).await?;
        let (model, input) = user::fetch_given(&self.blobs, address, job).await?;
        let (id, job) = (address.to_bytes(), job.clone());
        let step = move || {
            let (input_root, commitment) = (&job.input_root, &job.commitment);
            let claim = Claim { job: &id, layers: &layers, rows: job.rows, input_root, commitment };
            let step = walk(&claim, &model, &input, &answers);
            drop(lent);
            step
        };
        on_a_thread(step).await?
    }

    /// Makes a demand, within the limit: for `item`, or for some part of the output.
    async fn ask(&self, wallet: &Keypair, address: &Pubkey, item: Option<Item>) -> Result<Pursuit, Unchecked> {
        let bond = self.chain.jobs_config().await?.demand_bond;
        let limit = self.settings.bond_limit;
        let paid: u64 = self.bonds(|bonds| bonds.values().map(|bond| bond.lamports).sum());
        if paid.saturating_add(bond) > limit {
            let reason = format!("asking for it costs a bond of {bond} lamports; {paid} of {limit} are in use or lost");
            return Err(Unchecked::last(Cause::Withheld, reason));
        }
        let asked = |bonds: &mut Bonds| bonds.iter().any(|((job, _), b)| job == address && Some(b.item) == item);
        if self.bonds(asked) {
            // Its answer is not in the node's history, and would not be the second time.
            return Err(Unchecked::last(Cause::Failed, "the node has no record of an answer to a demand"));
        }
        let made = match item {
            Some(item) => user::demand(&self.chain, wallet, address, item).await,
            None => user::demand_output(&self.chain, wallet, address).await,
        };
        let (demand, confirmed) = made?;
        let Demand { n, item, bond, .. } = demand;
        self.bonds(|bonds| bonds.insert((*address, n), Bond { lamports: bond, item, lost: false }));
        let signature = confirmed.signature;
        self.tell(Event::Demanded { job: *address, n, item: format!("{item:?}"), bond_sol: bond, signature });
        Ok(Pursuit::Waiting)
    }

    /// Ends a job whose worker owed an answer. Somebody else may be first.
    async fn expire_demand(&self, wallet: &Keypair, job: &Job, demand: &Demand) -> Result<Pursuit, Unchecked> {
        // One's own bond comes back with it.
        let mine = if demand.demander == wallet.pubkey() { demand.bond } else { 0 };
        let cost = self.cost(job, 1).await?.saturating_sub(mine);
        if !self.pays(self.crank_reward(job), cost) {
            return Err(Unchecked::last(Cause::Withheld, "ending it costs more than its worker's silence earns"));
        }
        match user::expire_demand(&self.chain, wallet, demand).await {
            Ok(confirmed) => {
                self.bonds(|bonds| bonds.remove(&(demand.job, demand.n)));
                self.tell(Event::Silent {
                    job: demand.job,
                    owed: Owed::Demand,
                    earned_io: self.crank_reward(job),
                    signature: confirmed.signature,
                });
                Ok(Pursuit::Over)
            }
            // Answered in the last moment, or ended by somebody else: the next look tells.
            Err(UserError::Chain(
                ClientError::Program(_) | ClientError::Transaction { .. } | ClientError::Missing { .. },
            )) => Ok(Pursuit::Waiting),
            Err(error) => Err(error.into()),
        }
    }

    /// Gets back rents and bonds of this watcher's demands for jobs that have ended, and learns of those that an earlier run made.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn close_demands(&self, waits: impl Fn(&Pubkey) -> bool) -> Result<(), ClientError> {
        let Some(wallet) = self.wallet.as_ref().filter(|_| !self.settings.dry_run) else { return Ok(()) };
        let mine = self.chain.list::<Demand>(&jobs::ID, &[(DEMANDER, wallet.pubkey().to_bytes().to_vec())]).await?;
        for (_, demand) in &mine {
            let Demand { job, n, item, bond, .. } = *demand;
            // The list of waiting jobs may be older than the demand.
            if waits(&job) || self.chain.bytes(&job).await?.is_some() {
                let bond = Bond { lamports: bond, item, lost: false };
                self.bonds(|bonds| {
                    bonds.entry((job, n)).or_insert(bond);
                });
                continue;
            }
            match self.chain.send(&[jobs_ix::close_demand(demand)], &[wallet]).await {
                Ok(_) => self.tell(Event::DemandClosed { job, n, bond_sol: bond }),
                // Whoever was first has sent it back.
                Err(error) if error.program_error().is_some() => {}
                Err(error) => return Err(error),
            }
        }
        // What was not answered came back when its job ended.
        self.bonds(|bonds| bonds.retain(|(job, _), bond| bond.lost || waits(job)));
        self.found(|found| found.retain(|(job, _), _| waits(job)));
        Ok(())
    }

    fn found<T>(&self, change: impl FnOnce(&mut Answers) -> T) -> T {
        change(&mut self.answers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn bonds<T>(&self, change: impl FnOnce(&mut Bonds) -> T) -> T {
        change(&mut self.bonds.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a walk comes to.
enum Step {
    /// The commitment is to the right result.
    Right,
    /// This must be asked for next.
    Ask(Item),
    Fault(Box<Fault>),
}

/// Follows the answers from the commitment down to the first wrong cell, or to the first thing that nobody has asked for.
fn walk(claim: &Claim, model: &Model, input: &[u8], answers: &[Answer]) -> Result<Step, Unchecked> {
    let failed = |e: &dyn std::fmt::Display| Unchecked::new(Cause::Failed, e);
    let own = Cpu::new().execute(model, input).map_err(|e| failed(&e))?.activations;
    let columns = model.columns();
    let witness = Witness { activations: &own, columns: &columns };
    let mut walk = Walk::new(claim, &witness).map_err(|e| failed(&e))?;
    loop {
        match walk.stand().clone() {
            Stand::Ask(wanted) => match answers.iter().find(|(asked, _)| *asked == wanted) {
                Some((_, data)) => drop(walk.take(data).map_err(|e| failed(&e))?),
                None => return Ok(Step::Ask(item(wanted))),
            },
            Stand::Wrong { layer, row, column, evidence } => {
                let proof = CellProof { layer, row, column, evidence: &evidence };
                return match judge_cell(claim, &proof) {
                    Ok(Verdict::Fault { expected, committed }) => {
                        Ok(Step::Fault(Box::new(Fault { layer, row, column, expected, committed, evidence })))
                    }
                    other => Err(Unchecked::new(Cause::Failed, format!("the evidence would not convict: {other:?}"))),
                };
            }
            _ => return Ok(Step::Right),
        }
    }
}

/// What is wanted, as the program takes it. Levels, depths and counts are far below 256.
fn item(wanted: Wanted) -> Item {
    match wanted {
        Wanted::LayerRoots => Item::LayerRoots,
        Wanted::Nodes { layer, row, level, index, depth } => {
            Item::Nodes { layer, row, level: level as u8, index, depth: depth as u8 }
        }
        Wanted::Segments { layer, row, first, count } => Item::Segments { layer, row, first, count: count as u8 },
    }
}
