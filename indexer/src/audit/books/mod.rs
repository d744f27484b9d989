//! Every balance and index, recomputed from the events' deltas with the `economy` crate's rules.
mod audits;
mod credits;
mod demands;
mod emission;
mod governance;
mod jobs;
mod losses;
mod loyalty;
mod orders;
mod rounds;
mod stake;

pub use credits::Credits;
pub use governance::Governance;
pub use jobs::Jobs;
pub use orders::Orders;
pub use stake::Staking;

use crate::audit::cut::Sequences;
use crate::audit::finding::{Findings, Subject};
use crate::audit::launch::Launch;
use crate::decode::{Event, Program};
use ::credits::events::Stamp;
use ::staking::SlashReason;
use anchor_lang::prelude::Pubkey;

/// What one program's event leaves for another's of the same instruction.
#[derive(Debug, Default)]
pub struct Handed {
    /// IO minted from the stakers' budget.
    pub minted: Option<u64>,
    /// IO minted from the idle budget.
    pub idle_minted: Option<u64>,
    /// User, points, and the parts of a rebate: the user's and the stakers'.
    pub redeemed: Option<(Pubkey, u64, u64, u64)>,
    /// User, amount and the receiver's IOSD afterwards.
    pub rebate: Option<(Pubkey, u64, u64)>,
    /// Pool and amounts: what jobs did to a reservation.
    pub reservation: Option<Reservation>,
    /// Pool and holder of a position that a vote locked, and the times until which it was and is locked.
    pub locked: Option<(Pubkey, Pubkey, i64, i64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reservation {
    Reserved { pool: Pubkey, amount: u64 },
    Released { pool: Pubkey, amount: u64 },
    Forfeited { pool: Pubkey, user: Pubkey, to_user: u64, released: u64 },
    Slashed { pool: Pubkey, reserved: u64, reason: SlashReason },
}

/// The books of all four programs.
pub struct Books {
    pub genesis_time: i64,
    pub epoch_s: u32,
    pub findings: Findings,
    pub handed: Handed,
    /// The last event's number, by program and shard.
    pub sequences: Sequences,
    pub credits: Credits,
    pub staking: Staking,
    pub jobs: Jobs,
    pub governance: Governance,
    /// IO that exists. Holders may burn their own, so there may be less.
    pub io_supply: i128,
}

impl Books {
    pub fn open(launch: Launch) -> Self {
        Self {
            genesis_time: launch.genesis_time,
            epoch_s: launch.epoch_s,
            findings: Findings::new(),
            handed: Handed::default(),
            sequences: Sequences::new(),
            credits: Credits::open(launch.credits, launch.genesis),
            staking: Staking::open(launch.staking),
            jobs: Jobs::open(launch.jobs),
            governance: Governance::open(launch.rules),
            io_supply: launch.genesis.into(),
        }
    }

    /// The epoch that `now` lies in.
    fn epoch_at(&self, now: i64) -> u64 {
        economy::epoch::epoch_at(now, self.genesis_time, self.epoch_s)
    }

    /// IO came into being, or ceased to be.
    fn io(&mut self, change: i128) {
        self.io_supply += change;
    }

    /// Takes the next event, in the order in which the chain executed them. The findings name their witness first.
    pub fn apply(&mut self, event: &Event) {
        self.count(event.program(), event.stamp());
        match event {
            Event::Credits(event) => self.credits_event(event),
            Event::Jobs(event) => self.jobs_event(event),
            Event::Staking(event) => self.staking_event(event),
            Event::Governance(event) => self.governance_event(event),
        }
    }

    fn count(&mut self, program: Program, stamp: Stamp) {
        let last = self.sequences.entry((program, stamp.shard)).or_insert(0);
        let next = last.saturating_add(1);
        *last = stamp.seq;
        self.findings.check(Subject::Shard(program, stamp.shard), "seq", next, stamp.seq);
    }
}
