//! What a device has shown of its answer in a challenge round: it stands in the instructions that brought it.
use crate::history::Call;
use crate::{Chain, ClientError, Pubkey, address};
use jobs::Rest;
use jobs::events::ChallengeCommitted;
use jobs::instruction::{AnswerCell, CloseProof, GrowProof, OpenProof, WriteProof};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// Where the buffer stands among the accounts of [`AnswerCell`].
const BUFFER: usize = 3;

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
        let (device, round) = (address::device(device_key), address::round(number));
        let (mut shown, mut buffers) = (Vec::new(), BTreeMap::<Pubkey, BTreeSet<u8>>::new());
        self.walk(&jobs::ID, &device, |landed| {
            for call in landed.calls.iter().filter(|call| call.accounts.starts_with(&[device, round])) {
                if let Some(AnswerCell { index, segment, path, rest }) = call.read() {
                    shown.push(Shown { index, segment, path });
                    if let (Some(_), Some(buffer)) = (rest, call.accounts.get(BUFFER)) {
                        buffers.entry(*buffer).or_default().insert(index);
                    }
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
            let rests = self.rests([device, round], buffer, from_it).await?;
            for one in &mut shown {
                one.path.extend(rests.get(&one.index).into_iter().flatten());
            }
        }
        Ok(shown)
    }

    /// What `buffer` held for the cells that were shown from it: all that was done to it is done again.
    async fn rests(
        &self,
        of: [Pubkey; 2],
        buffer: Pubkey,
        mut wanted: BTreeSet<u8>,
    ) -> Result<BTreeMap<u8, Vec<u8>>, ClientError> {
        let mut transactions = Vec::new();
        self.walk(&jobs::ID, &buffer, |landed| {
            for call in landed.calls.iter().filter(|call| call.accounts.starts_with(&of)) {
                call.read().map(|shown: AnswerCell| wanted.remove(&shown.index));
            }
            let opened = landed.calls.iter().any(|call| call.read::<OpenProof>().is_some());
            transactions.push(landed.calls);
            if opened && wanted.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await?;
        Ok(replay(of, buffer, transactions.iter().rev().flatten()))
    }
}

/// Does `calls` again, the oldest first.
fn replay<'a>(of: [Pubkey; 2], buffer: Pubkey, calls: impl Iterator<Item = &'a Call>) -> BTreeMap<u8, Vec<u8>> {
    let (mut held, mut rests) = (Vec::new(), BTreeMap::new());
    for call in calls.filter(|call| call.accounts.contains(&buffer)) {
        if let Some(OpenProof { size }) = call.read() {
            held = vec![0; size as usize];
        } else if let Some(GrowProof { size }) = call.read() {
            held.resize(held.len().max(size as usize), 0);
        } else if let Some(WriteProof { offset, bytes }) = call.read() {
            let start = offset as usize;
            if let Some(place) = held.get_mut(start..start + bytes.len()) {
                place.copy_from_slice(&bytes);
            }
        } else if call.read::<CloseProof>().is_some() {
            held.clear();
        } else if let Some(AnswerCell { index, rest: Some(Rest { offset, bytes }), .. }) = call.read()
            && call.accounts.starts_with(&of)
            && call.accounts.get(BUFFER) == Some(&buffer)
        {
            let start = offset as usize;
            rests.extend(held.get(start..start + usize::from(bytes)).map(|rest| (index, rest.to_vec())));
        }
    }
    rests
}
