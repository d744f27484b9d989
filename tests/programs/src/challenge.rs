//! Answers to challenges, honest and tampered, and rounds from their opening to their end.
use crate::net::{Net, ROUNDS};
use crate::vm::Meta;
use crate::{device, key, operator, stranger};
use anchor_lang::prelude::Pubkey;
use client::{address, rounds_ix};
use jobs::constants::CELL_DRAW_DELAY;
use jobs::state::{Device, Phase, Round};
use judge::challenge::{COLUMNS, byte_of, column, domain, drawn_cell, row, seed};
use judge::dot::dot;
use judge::merkle::Tree;
use judge::{Hash, row_root};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The answer of a device in a round.
#[derive(Clone)]
pub struct Answer {
    pub seed: Hash,
    pub rows: u32,
    bytes: Vec<u8>,
    roots: Vec<Hash>,
}

impl Answer {
    /// What follows from the seed. It is computed once per process: the same seeds come again in many tests.
    pub fn honest(seed: Hash, rows: u32) -> Self {
        static KNOWN: Mutex<BTreeMap<(Hash, u32), Answer>> = Mutex::new(BTreeMap::new());
        if let Some(known) = KNOWN.lock().expect("no test fails here").get(&(seed, rows)) {
            return known.clone();
        }
        let columns: Vec<_> = (0..COLUMNS).map(|j| column(&seed, j)).collect();
        let mut bytes = Vec::with_capacity((rows * COLUMNS) as usize);
        for i in 0..rows {
            let row = row(&seed, i);
            bytes.extend(columns.iter().map(|column| byte_of(dot(&row, column))));
        }
        let answer = Answer::of_bytes(seed, bytes);
        KNOWN.lock().expect("no test fails here").insert((seed, rows), answer.clone());
        answer
    }

    /// These bytes as the answer to a seed.
    pub fn of_bytes(seed: Hash, bytes: Vec<u8>) -> Self {
        let rows = bytes.len() as u32 / COLUMNS;
        let domain = domain(&seed, rows);
        let roots = bytes.chunks(COLUMNS as usize).zip(0..).map(|(row, i)| row_root(&domain, i, row));
        let roots = roots.collect::<Option<_>>().expect("the bytes are whole rows");
        Answer { seed, rows, bytes, roots }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same with one bit of a cell flipped.
    pub fn tampered(&self, (i, j): (u32, u32)) -> Self {
        let mut bytes = self.bytes.clone();
        bytes[(i * COLUMNS + j) as usize] ^= 1;
        Answer::of_bytes(self.seed, bytes)
    }

    pub fn root(&self) -> Hash {
        Tree::new(self.roots.clone()).root()
    }

    /// The segment that a cell lies in, and its path.
    pub fn evidence(&self, (i, j): (u32, u32)) -> ([u8; 256], Vec<u8>) {
        let row = &self.bytes[(i * COLUMNS) as usize..][..COLUMNS as usize];
        let domain = domain(&self.seed, self.rows);
        let leaves = row.chunks(256).zip(0..).map(|(segment, place)| domain.leaf(i, place, segment)).collect();
        let mut path = Tree::new(leaves).path((j / 256) as usize);
        path.extend(Tree::new(self.roots.clone()).path(i as usize));
        (row[(j / 256 * 256) as usize..][..256].try_into().expect("a segment"), path)
    }
}

/// The operator of device `index`.
pub fn owner(index: usize) -> Keypair {
    operator(if index < 2 { 0 } else { 1 })
}

impl Net {
    /// The key of `name`, with lamports.
    pub fn wallet(&mut self, name: &str) -> Keypair {
        let key = key(name);
        self.vm.airdrop(&key.pubkey(), 1_000_000_000);
        key
    }

    pub fn device(&self, index: usize) -> Device {
        self.device_at(&device(index).pubkey()).expect("the device is registered")
    }

    pub fn device_at(&self, key: &Pubkey) -> Option<Device> {
        self.vm.read(&address::device(key))
    }

    /// # Panics
    /// If it is closed.
    pub fn round(&self, number: u64) -> Round {
        self.vm.read(&address::round(number)).expect("the round is there")
    }

    /// A stranger opens the next round; returns its number.
    pub fn open_round(&mut self) -> u64 {
        let config: jobs::state::Config = self.vm.read(&address::jobs_config()).expect("initialised");
        let number = config.round + 1;
        self.vm.pass_slots(3);
        self.ok(&[rounds_ix::open_round(stranger().pubkey(), number)], &[&stranger()]);
        number
    }

    /// Brings a round to its next phase, now.
    pub fn advance_round(&mut self, number: u64) -> Meta {
        self.ok(&[rounds_ix::advance_round(number)], &[&stranger()])
    }

    /// What device `index` has to compute in the round, with the rows of its class.
    pub fn answer_of(&self, index: usize, number: u64) -> Answer {
        let round = self.round(number);
        let of = seed(&round.slot_hash, number, &device(index).pubkey().to_bytes());
        Answer::honest(of, round.rules.rows[usize::from(self.device(index).class)])
    }

    pub fn commit_answer(&mut self, index: usize, number: u64, answer: &Answer) -> Meta {
        let me = device(index);
        self.ok(&[rounds_ix::commit_challenge(me.pubkey(), owner(index).pubkey(), number, answer.root())], &[&me])
    }

    /// The window passes and the cells are drawn.
    pub fn draw_cells(&mut self, number: u64) {
        self.wait(i64::from(ROUNDS.window_s) + 1);
        self.advance_round(number);
        self.vm.pass_slots(CELL_DRAW_DELAY + 1);
        self.advance_round(number);
    }

    /// The cell that was drawn of `answer`.
    ///
    /// # Panics
    /// If the cells are not drawn.
    pub fn drawn(&self, number: u64, answer: &Answer, index: u8) -> (u32, u32) {
        let Phase::Drawn { slot_hash, .. } = self.round(number).phase else { panic!("the cells are not drawn") };
        drawn_cell(&slot_hash, &answer.seed, answer.rows, index)
    }

    /// The answer to drawn cell `cell`.
    pub fn answer_cell(&self, index: usize, number: u64, answer: &Answer, cell: u8) -> Instruction {
        let (segment, path) = answer.evidence(self.drawn(number, answer, cell));
        rounds_ix::answer_cell(device(index).pubkey(), number, cell, segment, path)
    }

    /// All drawn cells are answered; returns the last one's receipt.
    pub fn answer_all(&mut self, index: usize, number: u64, answer: &Answer) -> Meta {
        let answers: Vec<_> = (0..16).map(|cell| self.answer_cell(index, number, answer, cell)).collect();
        let metas: Vec<_> = answers.into_iter().map(|answer| self.ok(&[answer], &[&stranger()])).collect();
        metas.into_iter().last().expect("there are 16 cells")
    }

    /// The times for answers and proofs pass, and the round ends.
    pub fn end_round(&mut self, number: u64) -> Meta {
        self.wait(2 * i64::from(ROUNDS.answer_s) + 1);
        self.advance_round(number)
    }

    /// Records what device `index` missed, if it did.
    pub fn record_failure(&mut self, index: usize) {
        let fail = rounds_ix::fail_challenge(device(index).pubkey(), owner(index).pubkey());
        let sent = self.send(&[fail], &[&stranger()]);
        assert!(sent.is_ok() || sent.is_err_and(|f| f.name == "NotFailed"));
    }

    /// A whole round in which these devices pass, each after as many seconds.
    pub fn pass_round(&mut self, passing: &[(usize, i64)]) -> u64 {
        let number = self.open_round();
        let opened = self.vm.now();
        let mut answers = Vec::new();
        for (index, seconds) in passing {
            self.vm.set_time(opened + seconds);
            self.record_failure(*index);
            let answer = self.answer_of(*index, number);
            self.commit_answer(*index, number, &answer);
            answers.push((*index, answer));
        }
        self.draw_cells(number);
        for (index, answer) in &answers {
            self.answer_all(*index, number, answer);
        }
        self.end_round(number);
        self.wait(i64::from(ROUNDS.every_s));
        number
    }
}
