//! A node that lies, fails and changes its mind. What goes wrong, and when, follows from the seed alone.
use crate::answer::{Reply, RpcError, answer, errors};
use crate::chain::{Chain, Tip};
use crate::news::NewsFault;
use crate::server::{Call, Fault};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A question that was answered wrongly so often is answered well.
const PATIENCE: u32 = 2;
/// Per hundred: faults of the way to the node, and faults of what it says.
const TRANSPORT: u64 = 3;
const CONTENT: u64 = 8;

/// Which of its two chains it tells of.
const TRUTH: u8 = 0;
const BRANCH: u8 = 1;
/// Now this one, now that, as two nodes behind one address.
const BOTH: u8 = 2;

/// A node of which the truth is known.
pub struct Faulty {
    seed: u64,
    truth: Arc<Chain>,
    branch: Chain,
    /// Places of the branch among the truth's blocks: the first that it replaces, and the first after it.
    fork: (usize, usize),
    slots: Vec<u64>,
    /// Blocks that it may show without their transactions.
    may_empty: BTreeSet<u64>,
    tells: AtomicU8,
    /// Blocks that are there.
    grown: AtomicUsize,
    told: Mutex<BTreeMap<&'static str, u32>>,
}

impl Faulty {
    /// A node of `truth`, of which it knows the first blocks. It takes a branch for the truth for a while, and it shows blocks of
    /// `may_empty` without their transactions once.
    ///
    /// # Panics
    /// If there are fewer than 40 blocks.
    pub fn new(seed: u64, truth: Arc<Chain>, may_empty: BTreeSet<u64>) -> Arc<Self> {
        let slots: Vec<u64> = truth.slots().collect();
        assert!(slots.len() >= 40, "a chain that is too short to fork");
        let mut dice = Dice::of(seed, "fork");
        let first = dice.between(10, slots.len() - 12);
        let fork = (first, first + dice.between(1, 5));
        let blocks = branch(&truth, &slots, fork);
        let branch = Chain::new(truth.header.clone(), blocks, None);
        let (tells, grown, told) = (AtomicU8::new(TRUTH), AtomicUsize::new(0), Mutex::default());
        let faulty = Self { seed, truth, branch, fork, slots, may_empty, tells, grown, told };
        faulty.grow_to(dice.between(1, 6), 0);
        Arc::new(faulty)
    }

    /// What it knows of: for the server.
    pub fn truth(&self) -> Arc<Chain> {
        Arc::clone(&self.truth)
    }

    /// The hook for the server.
    pub fn fault(self: &Arc<Self>) -> Fault {
        let node = Arc::clone(self);
        Arc::new(move |call, honest| {
            let node = Arc::clone(&node);
            Box::pin(async move {
                match node.reply(&call, honest) {
                    Some(reply) => reply,
                    None => std::future::pending().await,
                }
            })
        })
    }

    /// The same for its news: late, early, lost, doubled, about nothing, unreadable, cut off.
    pub fn news_fault(self: &Arc<Self>) -> NewsFault {
        let node = Arc::clone(self);
        Arc::new(move |tip, mut news| {
            let mut dice = Dice::of(node.seed, &format!("news {tip}"));
            if dice.chance(4) {
                node.note("news cut off");
                return None;
            }
            if dice.chance(4) {
                node.note("unreadable news");
                news.push("{\"jsonrpc\":".into());
            }
            if dice.chance(30) && news.len() > 1 {
                node.note("news out of order");
                news.reverse();
            }
            if dice.chance(20) {
                node.note("news twice");
                news.extend(news.clone());
            }
            if dice.chance(20) {
                node.note("news lost");
                news.truncate(news.len() / 2);
            }
            Some(news)
        })
    }

    /// Lets the chain grow by some blocks; `false` once all are there and final. The branch is left before anything in it is
    /// final.
    pub fn grow(&self) -> bool {
        let grown = self.grown.load(Ordering::Relaxed);
        let mut dice = Dice::of(self.seed, &format!("grow {grown}"));
        let (first, end) = self.fork;
        let all = self.slots.len();
        let mut next = (grown + dice.between(1, 7)).min(all);
        // It stops once within the branch, and does not step over it.
        if grown <= first && next > first {
            next = dice.between(first + 1, end + 1);
            self.tells.store(if dice.chance(30) { BOTH } else { BRANCH }, Ordering::Relaxed);
        } else if grown > first {
            self.tells.store(TRUTH, Ordering::Relaxed);
        }
        let truth = self.tells.load(Ordering::Relaxed) == TRUTH;
        let mut finalized = next.saturating_sub(dice.between(0, 12));
        if !truth {
            finalized = finalized.min(first);
        }
        if next == all && grown == all {
            finalized = all;
        }
        self.grow_to(next, finalized);
        finalized < all
    }

    /// Whether it tells of the branch now, at least to some.
    pub fn is_on_branch(&self) -> bool {
        self.tells.load(Ordering::Relaxed) != TRUTH
    }

    fn grow_to(&self, blocks: usize, finalized: usize) {
        let slot = |blocks: usize| blocks.checked_sub(1).map_or(0, |at| self.slots[at]);
        let before = self.truth.tip().finalized;
        let finalized = slot(finalized).max(if self.grown.load(Ordering::Relaxed) == 0 { 0 } else { before });
        self.grown.store(blocks, Ordering::Relaxed);
        for chain in [&*self.truth, &self.branch] {
            chain.set_tip(slot(blocks), finalized);
        }
    }

    /// What went wrong so far, and how often.
    pub fn told(&self) -> BTreeMap<&'static str, u32> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `None`: no reply ever comes.
    fn reply(&self, call: &Call, honest: Reply) -> Option<Reply> {
        let mut dice = Dice::of(self.seed, &format!("{} {} {}", call.method, json!(call.params), call.attempt));
        let on_branch = match self.tells.load(Ordering::Relaxed) {
            TRUTH => false,
            BRANCH => true,
            _ => dice.chance(50),
        };
        let honest = if on_branch { answer(&self.branch, &call.method, &call.params) } else { honest };
        // The tip is asked for in the same words every time.
        if call.attempt >= PATIENCE && call.method != "getSlot" {
            return Some(honest);
        }
        if dice.chance(TRANSPORT) {
            let faults: [(&str, Option<Reply>); 6] = [
                ("no answer", None),
                ("too many requests", Some(Reply::too_many_requests(0))),
                ("server error", Some(http(500))),
                ("gateway", Some(http(502))),
                ("broken", Some(Reply::Broken(Bytes::from_static(b"{\"jsonrpc\":\"2.0\",\"result\":")))),
                ("unhealthy", Some(Reply::Error(errors::node_unhealthy(42)))),
            ];
            let [.., (name, reply)] = dice.rotated(faults);
            self.note(name);
            return reply;
        }
        Some(match &honest {
            Reply::Result(result) if dice.chance(CONTENT) => {
                self.lie(call, result, &mut dice).map_or(honest, |(name, reply)| {
                    self.note(name);
                    reply
                })
            }
            _ => honest,
        })
    }

    fn lie(&self, call: &Call, honest: &Bytes, dice: &mut Dice) -> Option<(&'static str, Reply)> {
        let value: Value = serde_json::from_slice(honest).ok()?;
        match call.method.as_str() {
            "getSlot" => {
                let Tip { confirmed, .. } = self.truth.tip();
                let (back, forward) = (dice.below(30), dice.below(9_000));
                let lies = [
                    ("tip ahead", confirmed + 1 + forward),
                    ("tip behind", value.as_u64()?.saturating_sub(1 + back)),
                    ("tip zero", 0),
                ];
                let [.., (name, slot)] = dice.rotated(lies);
                Some((name, Reply::json(&slot)))
            }
            "getBlocks" => {
                let mut slots = value.as_array()?.clone();
                if dice.chance(20) || slots.is_empty() {
                    return Some(("empty listing", Reply::json(&json!([]))));
                }
                slots.remove(usize::try_from(dice.below(slots.len() as u64)).ok()?);
                Some(("slot not listed", Reply::json(&slots)))
            }
            "getBlock" => self.lie_of_block(call.params.first()?.as_u64()?, value, dice),
            _ => None,
        }
    }

    fn lie_of_block(&self, slot: u64, mut block: Value, dice: &mut Dice) -> Option<(&'static str, Reply)> {
        let refuse = |error: RpcError| Reply::Error(error);
        let refusals = [
            ("null block", Reply::json(&Value::Null)),
            ("not available", refuse(errors::block_not_available(slot))),
            ("no status yet", refuse(errors::block_status_not_available_yet(slot))),
            ("said to be skipped", refuse(errors::slot_skipped(slot))),
            ("not in long-term storage", refuse(errors::long_term_storage_slot_skipped(slot))),
            ("cleaned up", refuse(errors::block_cleaned_up(slot, slot + 1))),
        ];
        let transactions = block["transactions"].as_array_mut().filter(|all| !all.is_empty());
        let Some(transactions) = transactions.filter(|_| dice.chance(60)) else {
            let [.., refusal] = dice.rotated(refusals);
            return Some(refusal);
        };
        let at = usize::try_from(dice.below(transactions.len() as u64)).ok()?;
        let name = match dice.below(4) {
            0 => {
                transactions[at]["meta"] = Value::Null;
                "no metadata"
            }
            1 => {
                transactions[at]["meta"]["innerInstructions"] = Value::Null;
                "no inner instructions"
            }
            2 => {
                for transaction in transactions {
                    transaction["meta"]["logMessages"] = json!(["Log truncated"]);
                }
                "logs cut"
            }
            _ if self.may_empty.contains(&slot) => {
                transactions.clear();
                "emptied block"
            }
            _ => return None,
        };
        Some((name, Reply::json(&block)))
    }

    fn note(&self, fault: &'static str) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner).entry(fault).or_default() += 1;
    }
}

fn http(status: u16) -> Reply {
    Reply::Http { status, headers: Vec::new(), body: Bytes::from_static(b"<html>not now</html>") }
}

/// The truth up to the fork; from there the same slots with other blocks, each with the transactions of the one before it: some
/// land one block later, and those of the last never do.
fn branch(truth: &Chain, slots: &[u64], (first, end): (usize, usize)) -> BTreeMap<u64, Bytes> {
    let read = |at: usize| -> Value {
        serde_json::from_slice(truth.block(slots[at]).expect("a listed block")).expect("a recorded block is JSON")
    };
    let mut blocks: BTreeMap<u64, Bytes> =
        slots[..first].iter().map(|slot| (*slot, truth.block(*slot).expect("a listed block").clone())).collect();
    let mut previous = read(first - 1)["blockhash"].clone();
    for (at, slot) in slots.iter().enumerate().take(end).skip(first) {
        let mut block = read(at);
        block["previousBlockhash"] = previous;
        // As base58 as any other.
        let hash: String = block["blockhash"].as_str().unwrap_or_default().chars().rev().collect();
        block["blockhash"] = json!(hash);
        previous = block["blockhash"].clone();
        block["transactions"] = if at == first { json!([]) } else { read(at - 1)["transactions"].clone() };
        blocks.insert(*slot, Bytes::from(block.to_string()));
    }
    blocks
}

struct Dice(u64);

impl Dice {
    fn of(seed: u64, occasion: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (seed, occasion).hash(&mut hasher);
        Self(hasher.finish())
    }

    fn below(&mut self, end: u64) -> u64 {
        // The generator of Knuth's MMIX; its upper half.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end.max(1)
    }

    /// `end` is not included.
    fn between(&mut self, first: usize, end: usize) -> usize {
        first + usize::try_from(self.below((end - first) as u64)).unwrap_or(0)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Any of them comes last.
    fn rotated<T, const N: usize>(&mut self, mut all: [T; N]) -> [T; N] {
        all.rotate_left(self.between(0, N));
        all
    }
}
