//! One random instruction after another, by several users, devices and provers, and what must become of each.
use client::{Pubkey, address, credits_ix, jobs_ix};
use credits::BuyOrder;
use jobs::PostArgs;
use jobs::state::{Job, Status};
use model::Model;
use program_tests::net::{IO, IOSD, PRICE, claim, commit_args, post_args};
use program_tests::{Cell, Net, Work, device, invariants, operator, stranger, submitter, user, work};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;
use std::collections::BTreeMap;

/// A job that was posted, dead or alive.
struct Known {
    work: Work,
    /// The cell that its committed result has wrong.
    wrong: Option<Cell>,
    /// As it was when last seen alive.
    last: Job,
}

pub struct Story {
    net: Net,
    rng: StdRng,
    models: [Model; 2],
    jobs: Vec<Known>,
    steps: u64,
    /// How often each kind of instruction ended how.
    pub outcomes: BTreeMap<String, u64>,
}

impl Story {
    pub fn new(net: Net, rng: StdRng) -> Self {
        Story { net, rng, models: [work::tiny(), work::wide()], jobs: Vec::new(), steps: 0, outcomes: BTreeMap::new() }
    }

    pub fn succeeded(&self) -> u64 {
        self.outcomes.iter().filter(|(name, _)| name.ends_with(" ok")).map(|(_, n)| n).sum()
    }

    /// One random instruction and what must always hold after it.
    pub fn step(&mut self) {
        let before = self.steps;
        while self.steps == before {
            match self.rng.random_range(0..100) {
                0..4 => self.wait(),
                4..10 => self.speak(),
                10..18 => self.buy(),
                18..36 => self.post(),
                36..52 => self.claim(),
                52..68 => self.commit(),
                68..74 => self.end("accept"),
                74..80 => self.end("settle"),
                80..82 => self.end("cancel"),
                82..87 => self.end("expire"),
                87..96 => self.dispute(),
                _ => self.redeem(),
            }
        }
        invariants(&self.net);
    }

    /// Sends one instruction. A refusal must have a name and change nothing.
    fn send(&mut self, what: &str, instruction: Instruction, signer: &Keypair) -> bool {
        self.steps += 1;
        let before = self.net.vm.state();
        let outcome = match self.net.send(&[instruction], &[signer]) {
            Ok(_) => "ok".to_string(),
            Err(failure) => {
                assert!(self.net.vm.state() == before, "a refused {what} changed an account");
                let in_use = failure.name == program_tests::ALREADY_IN_USE;
                assert!(failure.code > 0 || in_use, "{what}: {}\n{}", failure.name, failure.logs.join("\n"));
                failure.name
            }
        };
        let fine = outcome == "ok";
        *self.outcomes.entry(format!("{what} {outcome}")).or_default() += 1;
        fine
    }

    fn wait(&mut self) {
        let most = *[5, 60, 130, 700, 4_000].choose(&mut self.rng).expect("not empty");
        let seconds = self.rng.random_range(0..most);
        self.net.wait(seconds);
        self.steps += 1;
        if self.rng.random_bool(0.7) {
            for i in 0..3 {
                self.say(i, PRICE);
            }
        }
    }

    fn speak(&mut self) {
        let price = PRICE / 100 * self.rng.random_range(97..104);
        let price = if self.rng.random_bool(0.1) { self.rng.random_range(0..u64::MAX) } else { price };
        let who = self.rng.random_range(0..4);
        self.say(who, price);
    }

    fn say(&mut self, who: usize, price: u64) {
        let who = if who < 3 { submitter(who) } else { stranger() };
        self.send("submit_price", credits_ix::submit_price(who.pubkey(), price), &who);
    }

    fn buy(&mut self) {
        let me = self.user();
        let amount = self.rng.random_range(0..20);
        let limit = if self.rng.random_bool(0.7) { None } else { Some(self.rng.random_range(0..20)) };
        let order = if self.rng.random_bool(0.5) {
            BuyOrder::ExactIn { io: amount * IO + 7, min_iosd: limit.map_or(0, |l| l * IOSD) }
        } else {
            BuyOrder::ExactOut { iosd: amount * IOSD, max_io: limit.map_or(u64::MAX, |l| l * IO) }
        };
        let epoch = self.net.epoch();
        self.send("buy_credits", credits_ix::buy_credits(me.pubkey(), address::feed(), epoch, order), &me);
    }

    fn post(&mut self) {
        let me = self.user();
        let model = self.models.choose(&mut self.rng).expect("not empty").clone();
        let rows = self.rng.random_range(1..4);
        let (seq, work) = self.net.next_job(&me, &model, rows);
        let honest = post_args(seq, &work);
        let args = match self.rng.random_range(0..10) {
            0 => PostArgs { seq: seq.wrapping_sub(1), ..honest },
            1 => PostArgs { price: self.rng.random_range(0..3_000) * IOSD, ..honest },
            2 => PostArgs { rows: 0, ..honest },
            _ => PostArgs { price: self.rng.random_range(1..200_000), ..honest },
        };
        if self.send("post_job", jobs_ix::post_job(me.pubkey(), &model.root(), args), &me) {
            let last = self.net.job(&work.job).expect("it was posted");
            self.jobs.push(Known { work, wrong: None, last });
        }
    }

    /// Any job, mostly one of the latest.
    fn any(&mut self) -> Option<usize> {
        let count = self.jobs.len();
        let recent = count.saturating_sub(6);
        let from = if self.rng.random_bool(0.85) { recent } else { 0 };
        let index = (count > 0).then(|| self.rng.random_range(from..count))?;
        if let Some(state) = self.net.job(&self.jobs[index].work.job) {
            self.jobs[index].last = state;
        }
        Some(index)
    }

    /// A live job in `status`, or now and then any job at all.
    fn in_status(&mut self, status: Status) -> Option<usize> {
        if self.rng.random_bool(0.1) {
            return self.any();
        }
        let net = &self.net;
        let fits = |k: &Known| net.job(&k.work.job).is_some_and(|j| j.status == status);
        let fitting: Vec<usize> = (0..self.jobs.len()).filter(|&i| fits(&self.jobs[i])).collect();
        let index = *fitting.choose(&mut self.rng)?;
        self.jobs[index].last = self.net.job(&self.jobs[index].work.job).expect("it is live");
        Some(index)
    }

    fn claim(&mut self) {
        let Some(index) = self.in_status(Status::Posted) else { return };
        let which = self.rng.random_range(0..3);
        let worker = device(which);
        self.send("claim_job", claim(which, self.jobs[index].work.job), &worker);
    }

    fn commit(&mut self) {
        let Some(index) = self.in_status(Status::Claimed) else { return };
        let own = (0..3).map(device).find(|d| d.pubkey() == self.jobs[index].last.device);
        let worker = own.filter(|_| self.rng.random_bool(0.9)).unwrap_or_else(|| device(0));
        let wrong = self.rng.random_bool(0.5).then(|| self.cell(index));
        let honest = &self.jobs[index].work;
        let result = wrong.map_or_else(|| honest.clone(), |cell| honest.tampered(cell));
        let commit = jobs_ix::commit_result(worker.pubkey(), result.job, commit_args(&result));
        if self.send("commit_result", commit, &worker) {
            self.jobs[index].wrong = wrong;
            self.jobs[index].work = result;
        }
    }

    fn end(&mut self, how: &str) {
        let status = match how {
            "cancel" => Status::Posted,
            "expire" if self.rng.random_bool(0.5) => Status::Posted,
            "expire" => Status::Claimed,
            _ => Status::Committed,
        };
        let Some(index) = self.in_status(status) else { return };
        let (job, last) = (self.jobs[index].work.job, &self.jobs[index].last);
        let owner = (0..3).map(user).find(|u| u.pubkey() == last.user).expect("users post");
        let signer = if self.rng.random_bool(0.9) { owner } else { stranger() };
        let instruction = match how {
            "accept" => jobs_ix::accept_result(signer.pubkey(), job, last),
            "settle" => jobs_ix::settle_job(job, last),
            "cancel" => jobs_ix::cancel_job(signer.pubkey(), job, last),
            _ => jobs_ix::expire_job(job, last),
        };
        self.send(how, instruction, &signer);
    }

    fn dispute(&mut self) {
        let Some(index) = self.in_status(Status::Committed) else { return };
        let prover = [stranger(), user(0), operator(1)].choose(&mut self.rng).expect("not empty").insecure_clone();
        let cell = self.jobs[index].wrong.filter(|_| self.rng.random_bool(0.6));
        let cell = cell.unwrap_or_else(|| self.cell(index));
        let mut evidence = self.jobs[index].work.evidence(cell);
        if self.rng.random_bool(0.3) {
            let at = self.rng.random_range(0..evidence.len());
            evidence[at] ^= 1 << self.rng.random_range(0..8);
        }
        let (job, last) = (self.jobs[index].work.job, self.jobs[index].last.clone());
        if !self.upload(&prover, job, &evidence) {
            return;
        }
        let live = last.status == Status::Committed && self.net.job(&job).is_some();
        let is_wrong = self.jobs[index].wrong == Some(cell) && evidence == self.jobs[index].work.evidence(cell);
        let dispute = jobs_ix::dispute_cell(prover.pubkey(), job, &last, cell);
        let proven = self.send("dispute_cell", dispute, &prover);
        assert_eq!(proven, live && is_wrong, "a fault is proven exactly if there is one ({cell:?} of {job})");
        if !proven {
            assert!(self.send("close_proof", jobs_ix::close_proof(prover.pubkey(), job), &prover));
        }
    }

    fn upload(&mut self, prover: &Keypair, job: Pubkey, evidence: &[u8]) -> bool {
        let me = prover.pubkey();
        if !self.send("open_proof", jobs_ix::open_proof(me, job, evidence.len() as u16), prover) {
            return false;
        }
        let size = program_tests::net::WRITE_BYTES;
        evidence.chunks(size).enumerate().for_each(|(i, part)| {
            let write = jobs_ix::write_proof(me, job, (i * size) as u16, part.to_vec());
            assert!(self.send("write_proof", write, prover));
        });
        true
    }

    fn redeem(&mut self) {
        let who = operator(self.rng.random_range(0..2));
        let owed =
            self.net.vm.read::<credits::state::Earnings>(&address::earnings(&who.pubkey())).map_or(0, |e| e.owed);
        let amount = if self.rng.random_bool(0.8) { self.rng.random_range(0..=owed) } else { owed + 1 };
        let epoch = self.net.epoch();
        self.send("request_redemption", credits_ix::request_redemption(who.pubkey(), epoch, amount), &who);
    }

    fn user(&mut self) -> Keypair {
        user(self.rng.random_range(0..3))
    }

    /// A random cell of a known job.
    fn cell(&mut self, index: usize) -> Cell {
        let work = &self.jobs[index].work;
        let layer = self.rng.random_range(0..work.model.layers.len());
        let columns = work.model.layers[layer].spec.cells();
        (layer as u32, self.rng.random_range(0..work.rows), self.rng.random_range(0..columns))
    }
}
