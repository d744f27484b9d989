//! Events of every kind in an order that no chain would give them: about few keys, so that they meet.
use super::emitted;
use super::samples::{Sample, samples};
use super::story::{START_TIME, Story, key};
use anchor_lang::prelude::Pubkey;
use std::collections::HashSet;

/// The generator of Knuth's MMIX; its upper half.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// Replaces every key of a sample with one of a few, and every greatest number with a small one, so that sums fit.
fn vary(sample: &Sample, dice: &mut Dice) -> Vec<u8> {
    let (_, kind, data) = sample;
    // The tables hold one pool of a kind for an owner, and one proposal of a number.
    let alone = matches!(*kind, "PoolOpened" | "ProposalCreated");
    let own = dice.below(5);
    let mut data = data.clone();
    // After the tag and the discriminator.
    let mut at = 16;
    while at < data.len() {
        // As `key` makes them.
        if data.get(at + 2..at + 31).is_some_and(|middle| middle == [200; 29]) {
            let n = if alone { own } else { dice.below(5) };
            data[at..at + 32].copy_from_slice(few(n).as_ref());
            at += 32;
        } else if data[at..].starts_with(&[0xff; 8]) {
            let small = if alone { own } else { dice.below(4) } as u64;
            data[at..at + 8].copy_from_slice(&small.to_le_bytes());
            at += 8;
        } else {
            at += 1;
        }
    }
    data
}

fn few(n: usize) -> Pubkey {
    key(70 + n as u16)
}

/// What even this story does not tell: a second start or end of what has one, which the tables refuse.
#[derive(Default)]
struct Told(HashSet<(&'static str, Vec<u8>)>);

impl Told {
    fn takes(&mut self, kind: &str, data: &[u8]) -> bool {
        // After tag, discriminator and stamp.
        let about = |bytes: usize| data[41..41 + bytes].to_vec();
        match kind {
            "RoundOpened" => self.0.insert(("round", about(8))),
            "DemandAnswered" | "DemandExpired" | "DemandClosed" => self.0.insert(("demand", about(34))),
            "ChallengeFailed" => {
                self.0.insert(("challenge", about(40)));
                self.0.insert(("failure", about(40)));
                true
            }
            "ChallengeCommitted" => self.0.insert(("challenge", about(40))),
            "ChallengePassed" | "WrongCellProven" => !self.0.contains(&("failure", about(40))),
            _ => true,
        }
    }
}

/// This many events, up to seven to a transaction and a transaction to a block.
pub fn muddle(seed: u64, events: usize) -> Story {
    let (samples, mut dice, mut so_far) = (samples(), Dice(seed), Told::default());
    let mut story = Story::new();
    let mut left = events;
    while left > 0 {
        let count = (1 + dice.below(7)).min(left);
        left -= count;
        let mut inner = Vec::new();
        while inner.len() < count {
            let sample = &samples[dice.below(samples.len())];
            let mut data = vary(sample, &mut dice);
            if so_far.takes(sample.1, &data) {
                let stamp = story.stamp(sample.0, data[16]);
                data[17..25].copy_from_slice(&stamp.seq.to_le_bytes());
                data[33..41].copy_from_slice(&stamp.time.to_le_bytes());
                inner.push(emitted(sample.0, inner.len() as u16, data));
            }
        }
        story.slot += 1;
        story.chain.add(story.slot, START_TIME + story.slot as i64, vec![inner]);
    }
    story
}
