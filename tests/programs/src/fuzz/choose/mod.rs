//! What to do next: mostly something that can succeed now, what has succeeded least first; now and then something wrong.
mod actions;
mod attacks;
mod audits;
mod demands;
mod money;
mod rounds;
mod stake;
mod time;
mod votes;
mod work;

use super::people::Cast;
use super::step::{Act, Step};
use super::world::World;
use crate::work::{Cell, Work, model};
use anchor_lang::prelude::Pubkey;
use anchor_lang::pubkey;
use model::Model;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use rand::{Rng, SeedableRng};
use solana_instruction::Instruction;
use std::collections::{BTreeMap, VecDeque};

/// The program that owns the price oracle's account.
pub const RECEIVER: Pubkey = credits::constants::PYTH_RECEIVERS[0];
/// The price oracle's account.
pub const ORACLE: Pubkey = pubkey!("7UVimffxr9ow1uXYxsr4LHAcV58mLzhmwaeKvJ1pjLiE");

/// An instruction that has succeeded less often than this in its world is chosen more often.
const RARE: u64 = 24;
/// The scarcest is sought until it has succeeded this often in its world: with four worlds that is often enough.
const ENOUGH_HERE: u64 = 18;
/// Not sought, however scarce: each takes away what many others need.
const UNDOING: [&str; 4] = ["jobs.retire_device", "jobs.cancel_job", "jobs.expire_job", "staking.unstake"];
/// What was sent and may be sent again.
const PAST: usize = 64;

/// A job's results, committed to or not.
struct Known {
    work: Work,
    results: Vec<Committed>,
}

/// A result and the cell that it has wrong.
struct Committed {
    commitment: [u8; 32],
    work: Work,
    wrong: Option<Cell>,
}

/// Makes a step if there is something to do.
type Make = fn(&mut Chooser, &World) -> Option<Step>;

/// One kind of step: how often it is chosen, and the instruction whose success counts.
struct Kind {
    name: &'static str,
    weight: u32,
    make: Make,
}

const fn kind(name: &'static str, weight: u32, make: Make) -> Kind {
    Kind { name, weight, make }
}

pub struct Chooser {
    rng: StdRng,
    cast: &'static Cast,
    kinds: Vec<Kind>,
    /// What the submitters think of, 10^-8 dollars per IO.
    price: u64,
    models: Vec<Model>,
    known: BTreeMap<Pubkey, Known>,
    /// Steps that belong to one that was taken.
    queue: VecDeque<Step>,
    past: VecDeque<(Pubkey, Instruction)>,
    /// How often a proposal was executed, or refused to be.
    tried: BTreeMap<u64, u64>,
    /// Whether this step may be one that cannot succeed now. Drawn once a step: drawn at each try, what finds nothing to do
    /// would be tried until it is drawn.
    lax: bool,
    made: u64,
}

impl Chooser {
    pub fn new(seed: u64) -> Self {
        let kinds = [
            money::KINDS,
            stake::KINDS,
            work::KINDS,
            audits::KINDS,
            demands::KINDS,
            rounds::KINDS,
            votes::KINDS,
            time::KINDS,
            attacks::KINDS,
        ];
        Chooser {
            rng: StdRng::seed_from_u64(seed),
            cast: Cast::get(),
            kinds: kinds.into_iter().flatten().map(|k| kind(k.name, k.weight, k.make)).collect(),
            price: crate::net::PRICE,
            models: vec![crate::work::tiny(), crate::work::wide()],
            known: BTreeMap::new(),
            queue: VecDeque::new(),
            past: VecDeque::new(),
            tried: BTreeMap::new(),
            lax: false,
            made: 0,
        }
    }

    /// The next step.
    pub fn next(&mut self, world: &World) -> Step {
        self.made += 1;
        if self.made.is_multiple_of(128) {
            self.known.retain(|job, _| world.state.jobs.contains_key(job));
        }
        let step = self.plan(world);
        if let Some(instruction) = step.instructions().first() {
            if self.past.len() == PAST {
                self.past.pop_front();
            }
            let payer = instruction.accounts.iter().find(|m| m.is_signer && self.cast.can_sign(&m.pubkey));
            if let Some(payer) = payer {
                self.past.push_back((payer.pubkey, instruction.clone()));
            }
        }
        step
    }

    fn plan(&mut self, world: &World) -> Step {
        self.lax = self.chance(3);
        if self.chance(70)
            && let Some(step) = self.queue.pop_front()
        {
            return step;
        }
        if self.queue.is_empty()
            && self.chance(45)
            && let Some(step) = rounds::tend(self, world)
        {
            return self.sent(world, step);
        }
        if !self.lax
            && self.chance(20)
            && let Some(step) = self.scarcest(world)
        {
            return self.sent(world, step);
        }
        // What is wrong now is wrong in all ways alike.
        let weight = |k: &Kind| if self.lax { 1 } else { k.weight * self.urgency(world, k.name) };
        let weights: Vec<u32> = self.kinds.iter().map(weight).collect();
        let sum: u32 = weights.iter().sum();
        for _ in 0..64 {
            let mut at = self.rng.random_range(0..sum);
            let index = weights.iter().position(|w| {
                let here = at < *w;
                at = at.saturating_sub(*w);
                here
            });
            let make = self.kinds[index.expect("weights sum up")].make;
            if let Some(step) = make(self, world) {
                return self.sent(world, step);
            }
        }
        Step::wait(1)
    }

    /// Of what can be done now and has hardly succeeded yet, the scarcest. What is refused again and again falls back.
    fn scarcest(&mut self, world: &World) -> Option<Step> {
        let rare = self.kinds.iter().filter(|k| k.name.contains('.') && !UNDOING.contains(&k.name));
        let mut rare: Vec<(u64, Make)> = rare
            .filter_map(|k| {
                let count = world.counts.get(k.name).copied().unwrap_or_default();
                (count.ok < ENOUGH_HERE).then_some((count.ok + count.refused / 3, k.make))
            })
            .collect();
        rare.sort_by_key(|(often, _)| *often);
        rare.into_iter().find_map(|(_, make)| make(self, world))
    }

    /// As it is sent: now and then with something wrong.
    fn sent(&mut self, world: &World, step: Step) -> Step {
        let step = self.signed(step);
        if self.chance(14) { self.attack(world, step) } else { step }
    }

    /// A program cannot pay for a transaction: a person sends what would have to come from one.
    fn signed(&mut self, mut step: Step) -> Step {
        let cast = self.cast;
        if let Act::Send { payer, .. } = &mut step.act
            && !cast.can_sign(payer)
        {
            *payer = self.person();
            step.attack = Some("somebody else sends it");
        }
        step
    }

    /// How much more often than usual something should be tried.
    fn urgency(&self, world: &World, name: &str) -> u32 {
        // What leads to the ends of jobs is as scarce as the scarcest of them.
        let succeeded = if work::LEADS.contains(&name) { work::scarcest_end(world) } else { world.succeeded(name) };
        match succeeded {
            _ if !name.contains('.') => 1,
            few if few < RARE / 4 => 6,
            few if few < RARE => 3,
            _ => 1,
        }
    }

    /// `step` once `time` is over, if steps of its `name` are scarce: now and then nobody does anything until then.
    fn later(&mut self, world: &World, name: &str, time: i64, step: Step) -> Option<Step> {
        if world.succeeded(name) >= ENOUGH_HERE || !self.queue.is_empty() || !self.chance(40) {
            return None;
        }
        self.queue.push_front(step);
        Some(Step::wait((time + 1 - world.state.now).max(0)))
    }

    /// Steps of one payer, or now and then all of them in one transaction.
    fn bundled(&mut self, steps: Vec<Step>) -> Vec<Step> {
        let payer = match steps.first().map(|step| &step.act) {
            Some(Act::Send { payer, .. }) if self.rng.random_range(0..100) < 40 => *payer,
            _ => return steps,
        };
        vec![Step::send(payer, steps.iter().flat_map(|step| step.instructions().to_vec()).collect())]
    }

    /// The first of these steps; the others follow, with yet others between.
    fn follow(&mut self, steps: Vec<Step>) -> Option<Step> {
        let mut steps = steps.into_iter();
        let first = steps.next();
        self.queue.extend(steps);
        first
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    fn any<T>(&mut self, from: impl IntoIterator<Item = T>) -> Option<T> {
        from.into_iter().choose(&mut self.rng)
    }

    fn person(&mut self) -> Pubkey {
        self.any(self.cast.people.iter().copied()).expect("somebody")
    }

    /// `who`, or now and then somebody else.
    fn mostly(&mut self, who: Pubkey) -> Pubkey {
        if self.chance(95) { who } else { self.person() }
    }

    /// Mostly a part of `most`, often all of it, sometimes too much or nothing.
    fn amount(&mut self, most: u64) -> u64 {
        match self.rng.random_range(0..100) {
            0..70 if most > 0 => self.rng.random_range(1..=most),
            0..90 => most,
            90..93 => most.saturating_add(1),
            93..95 => 0,
            95..98 => 1,
            _ => u64::MAX - self.rng.random_range(0..3),
        }
    }
}

/// A model that nobody has registered yet, most likely.
fn new_model(rng: &mut StdRng) -> Model {
    let widths: Vec<u32> = (0..3).map(|_| rng.random_range(1..24)).collect();
    model(&format!("model {widths:?}").replace(' ', ""), &widths)
}
