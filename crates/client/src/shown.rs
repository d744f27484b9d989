//! What a device has shown of its answer in a challenge round: it stands in the instructions that brought it.
use crate::history::Call;
use crate::{Chain, ClientError, Pubkey, address};
use jobs::Rest;
use jobs::events::ChallengeCommitted;
use jobs::instruction::{AnswerCell, CloseProof, GrowProof, OpenProof, WriteProof};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// A device's account and a round.
type Challenge = [Pubkey; 2];

/// What was done with a buffer.
enum Change {
    Opened(OpenProof),
    Grown(GrowProof),
    Written(WriteProof),
    Closed,
    /// The cell of this number was shown with a part of it.
    Shown(u8, Rest),
}

/// The buffer that `call` is about, among the accounts of its own (a call can name any others after them), and what it did.
/// Of cells only those of `challenge` count.
fn change(call: &Call, challenge: Challenge) -> Option<(Pubkey, Change)> {
    let (place, change) = if let Some(opened) = call.read() {
        (2, Change::Opened(opened))
    } else if let Some(grown) = call.read() {
        (1, Change::Grown(grown))
    } else if let Some(written) = call.read() {
        (1, Change::Written(written))
    } else if call.read::<CloseProof>().is_some() {
        (1, Change::Closed)
    } else {
        let shown = call.read::<AnswerCell>().filter(|_| call.accounts.starts_with(&challenge))?;
        (3, Change::Shown(shown.index, shown.rest?))
    };
    let buffer = *call.accounts.get(place)?;
    // The program's own address in the place of an account says that there is none.
    (buffer != jobs::ID).then_some((buffer, change))
}

/// A segment that the chain has found to be part of the answer, and one cell of it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Among the drawn cells.
    pub index: u8,
    pub segment: [u8; 256],
    /// As `judge::challenge::judge` wants it, or less if the node does not remember what was in the buffer that had its rest.
    pub path: Vec<u8>,
}

impl Chain {
    /// The segments that a device has shown in round `number`, as far as the node remembers.
    ///
    /// # Errors
    /// If the node cannot be reached, or keeps no history.
    pub async fn shown(&self, device_key: &Pubkey, number: u64) -> Result<Vec<Shown>, ClientError> {
        let challenge = [address::device(device_key), address::round(number)];
        let (mut shown, mut buffers) = (Vec::new(), BTreeMap::<Pubkey, BTreeSet<u8>>::new());
        self.walk(&jobs::ID, &challenge[0], |landed| {
            for call in landed.calls.iter().filter(|call| call.accounts.starts_with(&challenge)) {
                if let Some(AnswerCell { index, segment, path, .. }) = call.read() {
                    shown.push(Shown { index, segment, path });
                }
                if let Some((buffer, Change::Shown(index, _))) = change(call, challenge) {
                    buffers.entry(buffer).or_default().insert(index);
                }
            }
            let began = |made: ChallengeCommitted| made.device == *device_key && made.number == number;
            match landed.events.iter().filter_map(|event| event.read()).any(began) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })
        .await?;
        for (buffer, from_it) in buffers {
            let rests = self.rests(challenge, buffer, from_it).await?;
            for one in &mut shown {
                one.path.extend(rests.get(&one.index).into_iter().flatten());
            }
        }
        Ok(shown)
    }

    /// What `buffer` held for the cells that were shown from it: all that was done to it is done again.
    async fn rests(
        &self,
        challenge: Challenge,
        buffer: Pubkey,
        wanted: BTreeSet<u8>,
    ) -> Result<BTreeMap<u8, Vec<u8>>, ClientError> {
        let mut past = Past { challenge, buffer, wanted, changes: Vec::new() };
        self.walk(&jobs::ID, &buffer, |landed| match past.takes(&landed.calls) {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        })
        .await?;
        Ok(past.replay())
    }
}

/// What was done to a buffer, the newest first.
struct Past {
    challenge: Challenge,
    buffer: Pubkey,
    /// Cells that were shown from it, and whose showing was not met yet.
    wanted: BTreeSet<u8>,
    changes: Vec<Change>,
}

impl Past {
    /// Takes the calls of the transaction before; whether what was before it counts, too: until the buffer was opened for the first
    /// cell that was shown from it. One transaction can show, close and open.
    fn takes(&mut self, calls: &[Call]) -> bool {
        for call in calls.iter().rev() {
            let Some((_, change)) = change(call, self.challenge).filter(|(of, _)| *of == self.buffer) else { continue };
            let first = matches!(change, Change::Opened(_)) && self.wanted.is_empty();
            if let Change::Shown(index, _) = change {
                self.wanted.remove(&index);
            }
            self.changes.push(change);
            if first {
                return false;
            }
        }
        true
    }

    fn replay(mut self) -> BTreeMap<u8, Vec<u8>> {
        self.changes.reverse();
        replay(self.changes)
    }
}

/// Makes `changes` of a buffer again, the oldest first.
fn replay(changes: Vec<Change>) -> BTreeMap<u8, Vec<u8>> {
    let (mut held, mut rests) = (Vec::new(), BTreeMap::new());
    for change in changes {
        match change {
            Change::Opened(OpenProof { size }) => held = vec![0; size as usize],
            Change::Grown(GrowProof { size }) => held.resize(held.len().max(size as usize), 0),
            Change::Written(WriteProof { offset, bytes }) => {
                let start = offset as usize;
                if let Some(place) = held.get_mut(start..start + bytes.len()) {
                    place.copy_from_slice(&bytes);
                }
            }
            Change::Closed => held.clear(),
            Change::Shown(index, Rest { offset, bytes }) => {
                let start = offset as usize;
                rests.extend(held.get(start..start + usize::from(bytes)).map(|rest| (index, rest.to_vec())));
            }
        }
    }
    rests
}

#[cfg(test)]
mod tests {
    use super::*;
    use anchor_lang::InstructionData;

    const CHALLENGE: Challenge = [Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32])];
    const ME: Pubkey = Pubkey::new_from_array([3; 32]);
    const BUFFER: Pubkey = Pubkey::new_from_array([4; 32]);
    const OTHER: Pubkey = Pubkey::new_from_array([5; 32]);

    fn call(arguments: impl InstructionData, accounts: &[Pubkey]) -> Call {
        Call { accounts: accounts.to_vec(), data: arguments.data() }
    }

    fn write(buffer: Pubkey, byte: u8, also: Pubkey) -> Call {
        call(WriteProof { offset: 0, bytes: vec![byte; 4] }, &[ME, buffer, also])
    }

    fn show(index: u8, [device, round]: Challenge) -> Call {
        let rest = Some(Rest { offset: 1, bytes: 2 });
        call(AnswerCell { index, segment: [0; 256], path: vec![], rest }, &[device, round, ME, BUFFER])
    }

    fn past(wanted: impl IntoIterator<Item = u8>) -> Past {
        Past { challenge: CHALLENGE, buffer: BUFFER, wanted: wanted.into_iter().collect(), changes: Vec::new() }
    }

    /// Of calls in transactions of their own.
    fn rests(calls: &[Call]) -> BTreeMap<u8, Vec<u8>> {
        let mut past = past(0..3);
        for call in calls.iter().rev() {
            past.takes(std::slice::from_ref(call));
        }
        past.replay()
    }

    #[test]
    fn what_is_shown_before_a_buffer_is_closed_and_opened_again_keeps_what_it_held() {
        let again =
            [show(0, CHALLENGE), call(CloseProof {}, &[ME, BUFFER]), call(OpenProof { size: 4 }, &[ME, ME, BUFFER])];
        let mut past = past([0]);
        assert!(past.takes(&again), "what it held was written before");
        assert!(past.takes(&[write(BUFFER, 7, ME)]));
        assert!(!past.takes(&[call(OpenProof { size: 4 }, &[ME, ME, BUFFER])]), "and nothing before it counts");
        assert_eq!(past.replay(), BTreeMap::from([(0, vec![7, 7])]));
    }

    #[test]
    fn a_cell_that_is_shown_without_a_buffer_has_none_whatever_it_says() {
        let rest = Some(Rest { offset: 0, bytes: 0 });
        let shown = AnswerCell { index: 0, segment: [0; 256], path: vec![], rest };
        assert!(change(&call(shown, &[CHALLENGE[0], CHALLENGE[1], ME, jobs::ID]), CHALLENGE).is_none());
    }

    #[test]
    fn a_cell_is_shown_with_what_its_buffer_held_then() {
        let calls = [
            call(OpenProof { size: 2 }, &[ME, ME, BUFFER]),
            call(GrowProof { size: 4 }, &[ME, BUFFER]),
            call(GrowProof { size: 3 }, &[ME, BUFFER]),
            write(BUFFER, 7, ME),
            show(0, CHALLENGE),
            write(BUFFER, 8, ME),
            show(1, CHALLENGE),
            call(CloseProof {}, &[ME, BUFFER]),
            call(OpenProof { size: 4 }, &[ME, ME, BUFFER]),
            show(2, CHALLENGE),
        ];
        assert_eq!(rests(&calls), BTreeMap::from([(0, vec![7, 7]), (1, vec![8, 8]), (2, vec![0, 0])]));
    }

    #[test]
    fn calls_about_other_buffers_and_challenges_change_nothing_though_they_name_the_buffer() {
        let calls = [
            call(OpenProof { size: 4 }, &[ME, ME, BUFFER]),
            write(BUFFER, 7, OTHER),
            write(OTHER, 9, BUFFER),
            call(OpenProof { size: 1 }, &[ME, BUFFER, OTHER, ME, BUFFER]),
            call(CloseProof {}, &[ME, OTHER, BUFFER]),
            show(0, CHALLENGE),
            write(BUFFER, 8, OTHER),
            show(0, [CHALLENGE[0], OTHER]),
        ];
        assert_eq!(rests(&calls), BTreeMap::from([(0, vec![7, 7])]));
    }

    #[test]
    fn bytes_after_the_arguments_hide_no_call() {
        let mut calls = [call(OpenProof { size: 4 }, &[ME, ME, BUFFER]), write(BUFFER, 7, ME), show(0, CHALLENGE)];
        calls.iter_mut().for_each(|call| call.data.push(1));
        assert_eq!(rests(&calls), BTreeMap::from([(0, vec![7, 7])]));
    }
}
