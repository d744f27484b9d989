//! What a device has shown of its answer in a challenge round: it stands in the instructions that brought it.
use crate::{Chain, ClientError, Pubkey, address};
use jobs::events::ChallengeCommitted;
use jobs::instruction::AnswerCell;
use std::ops::ControlFlow;

/// A segment that the chain has found to be part of the answer, and one cell of it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Among the drawn cells.
    pub index: u8,
    pub segment: [u8; 256],
    /// As `judge::challenge::judge` wants it.
    pub path: Vec<u8>,
}

impl Chain {
    /// The segments that a device has shown in round `number`, as far as the node remembers.
    ///
    /// # Errors
    /// If the node cannot be reached, or keeps no history.
    pub async fn shown(&self, device_key: &Pubkey, number: u64) -> Result<Vec<Shown>, ClientError> {
        let (device, round) = (address::device(device_key), address::round(number));
        let mut shown = Vec::new();
        self.walk(&jobs::ID, &device, |landed| {
            for call in landed.calls.iter().filter(|call| call.accounts.starts_with(&[device, round])) {
                if let Some(AnswerCell { index, segment, path }) = call.read() {
                    shown.push(Shown { index, segment, path });
                }
            }
            let began = |made: ChallengeCommitted| made.device == *device_key && made.number == number;
            match landed.events.iter().filter_map(|event| event.read()).any(began) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })
        .await?;
        Ok(shown)
    }
}
