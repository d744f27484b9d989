//! Jobs, their money and their devices, as the programs would tell it.
use super::{FakeChain, emitted, event_data};
use anchor_lang::prelude::Pubkey;
use credits::events::*;
use indexer::Program;
use jobs::events::*;
use std::collections::HashMap;

pub const START_TIME: i64 = 1_790_000_000;
const SLOT_SECONDS: i64 = 2;

/// A key that is easy to tell apart.
pub fn key(n: u16) -> Pubkey {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&n.to_be_bytes());
    bytes[2..31].fill(200);
    // The last byte chooses the shard.
    bytes[31] = (n >> 8) as u8;
    Pubkey::new_from_array(bytes)
}

/// Writes one transaction per deed, each in a block of its own.
pub struct Story {
    pub chain: FakeChain,
    pub slot: u64,
    seqs: HashMap<(Program, u8), u64>,
    balances: HashMap<Pubkey, u64>,
    owed: HashMap<Pubkey, u64>,
    paid: HashMap<Pubkey, u64>,
    posted: u64,
}

/// What the story remembers of a job.
#[derive(Clone, Copy)]
pub struct StoryJob {
    pub address: Pubkey,
    pub user: Pubkey,
    pub device: Pubkey,
    pub operator: Pubkey,
    pub price: u64,
}

impl Story {
    pub fn new() -> Self {
        let chain = FakeChain::default();
        chain.add(0, START_TIME, vec![]);
        let (seqs, balances, owed, paid) = Default::default();
        Self { chain, slot: 0, seqs, balances, owed, paid, posted: 0 }
    }

    pub fn stamp(&mut self, program: Program, shard: u8) -> Stamp {
        let seq = self.seqs.entry((program, shard)).or_insert(0);
        *seq += 1;
        let slot = self.slot + 1;
        Stamp { shard, seq: *seq, slot, time: START_TIME + slot as i64 * SLOT_SECONDS }
    }

    fn credits(&mut self, of: &Pubkey) -> Stamp {
        self.stamp(Program::Credits, credits::constants::shard_of(of))
    }

    fn jobs(&mut self, of: &Pubkey) -> Stamp {
        self.stamp(Program::Jobs, credits::constants::shard_of(of))
    }

    /// Puts events into the next block, as one transaction.
    pub fn tell(&mut self, events: Vec<(Program, Vec<u8>)>) {
        self.slot += 1;
        let inner = events.into_iter().zip(0..).map(|((program, data), index)| emitted(program, index, data));
        self.chain.add(self.slot, START_TIME + self.slot as i64 * SLOT_SECONDS, vec![inner.collect()]);
    }

    pub fn empty_blocks(&mut self, count: u64) {
        for _ in 0..count {
            self.tell(vec![]);
        }
    }

    pub fn price(&mut self, price: u64) {
        let submitter = key(9_000);
        let stamp = self.credits(&submitter);
        let event = PriceSubmitted { stamp, submitter, price, spot: price, average: price };
        self.tell(vec![(Program::Credits, event_data(&event))]);
    }

    pub fn buy(&mut self, user: Pubkey, iosd: u64) {
        let balance = self.balances.entry(user).or_insert(0);
        *balance += iosd;
        let iosd_balance = *balance;
        let stamp = self.credits(&user);
        let event = CreditsBought {
            stamp,
            user,
            io_burned: iosd * 500,
            iosd_minted: iosd,
            price: 20_000_000,
            epoch: 3,
            epoch_io_burned: iosd * 500,
            iosd_balance,
        };
        self.tell(vec![(Program::Credits, event_data(&event))]);
    }

    pub fn device(&mut self, device: Pubkey, operator: Pubkey, name: &str) {
        let opened = EarningsOpened { stamp: self.credits(&operator), owner: operator };
        self.tell(vec![(Program::Credits, event_data(&opened))]);
        let registered = OperatorRegistered { stamp: self.jobs(&operator), operator };
        let stamp = self.jobs(&device);
        let (name, class, required_stake) = (name.into(), 1, 500);
        let added = DeviceRegistered { stamp, device, operator, name, class, required_stake, since_round: 0 };
        self.tell(vec![(Program::Jobs, event_data(&registered)), (Program::Jobs, event_data(&added))]);
    }

    pub fn model(&mut self, root: [u8; 32], name: &str) {
        let event = ModelRegistered {
            stamp: self.jobs(&Pubkey::new_from_array(root)),
            root,
            publisher: key(9_001),
            name: name.into(),
            blob: [3; 32],
            layers: 4,
            input_width: 784,
            output_width: 10,
            macs_per_row: 101_632,
        };
        self.tell(vec![(Program::Jobs, event_data(&event))]);
    }

    pub fn post(&mut self, user: Pubkey, price: u64) -> StoryJob {
        self.posted += 1;
        let address = key(1_000 + self.posted as u16);
        let balance = self.balances.entry(user).or_insert(0);
        *balance = balance.saturating_sub(price);
        let iosd_balance = *balance;
        let locked = EscrowLocked { stamp: self.credits(&address), job: address, user, amount: price, iosd_balance };
        let stamp = self.jobs(&address);
        let posted = JobPosted {
            stamp,
            job: address,
            user,
            seq: self.posted,
            model_root: [1; 32],
            rows: 64,
            input_root: [4; 32],
            input_blob: [5; 32],
            model_blob: [7; 32],
            price,
            claim_deadline: stamp.time + 600,
            execute_s: 300,
        };
        self.tell(vec![(Program::Credits, event_data(&locked)), (Program::Jobs, event_data(&posted))]);
        StoryJob { address, user, device: Pubkey::default(), operator: Pubkey::default(), price }
    }

    pub fn claim(&mut self, job: &mut StoryJob, device: Pubkey, operator: Pubkey) {
        (job.device, job.operator) = (device, operator);
        let stamp = self.jobs(&job.address);
        let (job, commit_deadline) = (job.address, stamp.time + 300);
        let event = JobClaimed {
            stamp,
            job,
            device,
            operator,
            commit_deadline,
            reserved: 1_000,
            audit_bps: 5_000,
            audit_cells: 2,
        };
        self.tell(vec![(Program::Jobs, event_data(&event))]);
    }

    pub fn commit(&mut self, job: &StoryJob) {
        let stamp = self.jobs(&job.address);
        let event = ResultCommitted {
            stamp,
            job: job.address,
            device: job.device,
            commitment: [6; 32],
            result_blob: [8; 32],
            window_end: stamp.time + 60,
            draw_slot: stamp.slot + 32,
        };
        self.tell(vec![(Program::Jobs, event_data(&event))]);
    }

    pub fn pay(&mut self, job: &StoryJob, verification: Verification) {
        let fee = job.price.div_ceil(20);
        let owed = self.owed.entry(job.operator).or_insert(0);
        *owed += job.price - fee;
        let earnings_owed = *owed;
        let settled = EscrowSettled {
            stamp: self.credits(&job.address),
            job: job.address,
            user: job.user,
            supplier: job.operator,
            price: job.price,
            supplier_share: job.price - fee,
            retired: fee / 2,
            incentives: fee - fee / 2,
            earnings_owed,
            points: job.price,
        };
        let device_jobs_paid = self.paid.get(&job.device).unwrap_or(&0) + 1;
        self.paid.insert(job.device, device_jobs_paid);
        let paid = JobPaid {
            stamp: self.jobs(&job.address),
            job: job.address,
            device: job.device,
            operator: job.operator,
            price: job.price,
            verification,
            device_jobs_paid,
        };
        self.tell(vec![(Program::Credits, event_data(&settled)), (Program::Jobs, event_data(&paid))]);
    }

    fn refund(&mut self, job: &StoryJob) -> Vec<u8> {
        let balance = self.balances.entry(job.user).or_insert(0);
        *balance += job.price;
        let (amount, iosd_balance) = (job.price, *balance);
        let stamp = self.credits(&job.address);
        event_data(&EscrowRefunded { stamp, job: job.address, user: job.user, amount, iosd_balance })
    }

    pub fn cancel(&mut self, job: &StoryJob) {
        let refunded = self.refund(job);
        let event = JobCancelled { stamp: self.jobs(&job.address), job: job.address, refund: job.price };
        self.tell(vec![(Program::Credits, refunded), (Program::Jobs, event_data(&event))]);
    }

    pub fn expire(&mut self, job: &StoryJob) {
        let refunded = self.refund(job);
        let device = (job.device != Pubkey::default()).then_some(job.device);
        let stamp = self.jobs(&job.address);
        let event = JobExpired { stamp, job: job.address, device, refund: job.price, forfeited: 100 };
        self.tell(vec![(Program::Credits, refunded), (Program::Jobs, event_data(&event))]);
    }

    pub fn prove_fault(&mut self, job: &StoryJob) {
        let refunded = self.refund(job);
        let event = FaultProven {
            stamp: self.jobs(&job.address),
            job: job.address,
            device: job.device,
            operator: job.operator,
            prover: key(9_002),
            layer: 2,
            row: 5,
            column: 7,
            expected: -3,
            committed: 12,
            refund: job.price,
            slashed: 1_000,
        };
        self.tell(vec![(Program::Credits, refunded), (Program::Jobs, event_data(&event))]);
    }

    pub fn demand(&mut self, job: &StoryJob, n: u16, item: jobs::Item) {
        let stamp = self.jobs(&job.address);
        let (job, demander, deadline) = (job.address, key(9_003), stamp.time + 30);
        let event = DemandMade { stamp, job, n, demander, item, bond: 2_000_000, deadline };
        self.tell(vec![(Program::Jobs, event_data(&event))]);
    }

    pub fn answer(&mut self, job: &StoryJob, n: u16, data: Vec<u8>) {
        let stamp = self.jobs(&job.address);
        let (prover, demander, window_end) = (job.device, key(9_003), stamp.time + 90);
        let event = DemandAnswered { stamp, job: job.address, n, demander, prover, bond: 2_000_000, window_end, data };
        self.tell(vec![(Program::Jobs, event_data(&event))]);
    }

    pub fn stay_silent(&mut self, job: &StoryJob, n: u16) {
        let refunded = self.refund(job);
        let event = DemandExpired {
            stamp: self.jobs(&job.address),
            job: job.address,
            n,
            demander: key(9_003),
            bond: 2_000_000,
            device: job.device,
            operator: job.operator,
            caller: key(9_002),
            refund: job.price,
            slashed: 1_000,
        };
        self.tell(vec![(Program::Credits, refunded), (Program::Jobs, event_data(&event))]);
    }

    pub fn close_demand(&mut self, job: &StoryJob, n: u16) {
        let stamp = self.jobs(&job.address);
        let event = DemandClosed { stamp, job: job.address, n, demander: key(9_003), bond: 2_000_000 };
        self.tell(vec![(Program::Jobs, event_data(&event))]);
    }

    /// A job whose worker answers once and is silent then.
    pub fn withheld() -> Self {
        let mut s = Self::new();
        let (alice, operator, device) = (key(1), key(3), key(4));
        s.buy(alice, 50_000_000);
        s.device(device, operator, "silent");
        s.model([1; 32], "mnist-int8");
        let mut job = s.post(alice, 1_000_000);
        s.claim(&mut job, device, operator);
        s.commit(&job);
        s.demand(&job, 0, jobs::Item::LayerRoots);
        s.answer(&job, 0, vec![0xab; 128]);
        s.demand(&job, 1, jobs::Item::Segments { layer: 3, row: 5, first: 2, count: 2 });
        s.demand(&job, 2, jobs::Item::Nodes { layer: 1, row: None, level: 3, index: 0, depth: 3 });
        s.stay_silent(&job, 2);
        s.close_demand(&job, 1);
        s.demand(&job, 3, jobs::Item::Nodes { layer: 1, row: Some(7), level: 1, index: 4, depth: 1 });
        s
    }

    /// One job of every ending, and one of every waiting state: eight in all.
    pub fn every_ending() -> Self {
        let mut s = Self::new();
        let (alice, bob, operator, device) = (key(1), key(2), key(3), key(4));
        s.price(20_000_000);
        s.buy(alice, 50_000_000);
        s.buy(bob, 5_000_000);
        s.device(device, operator, "rtx-4090-berlin");
        s.model([1; 32], "mnist-int8");

        let mut accepted = s.post(alice, 1_000_001);
        s.claim(&mut accepted, device, operator);
        s.commit(&accepted);
        s.pay(&accepted, Verification::Accepted);
        let mut unchallenged = s.post(alice, 2_000_000);
        s.claim(&mut unchallenged, device, operator);
        s.commit(&unchallenged);
        s.pay(&unchallenged, Verification::Unchallenged);
        let cancelled = s.post(bob, 700_000);
        s.cancel(&cancelled);
        let mut expired = s.post(alice, 300_000);
        s.claim(&mut expired, device, operator);
        s.expire(&expired);
        let mut faulty = s.post(bob, 400_000);
        s.claim(&mut faulty, device, operator);
        s.commit(&faulty);
        s.prove_fault(&faulty);
        s.post(bob, 123_456);
        let mut committed = s.post(alice, 900_000);
        s.claim(&mut committed, device, operator);
        s.commit(&committed);
        let mut claimed = s.post(alice, 800_000);
        s.claim(&mut claimed, key(5), operator);
        s
    }
}
