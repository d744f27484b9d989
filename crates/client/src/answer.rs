//! What was answered to a demand: it stands in events.
use crate::history::Emitted;
use crate::{Chain, ClientError, Pubkey, address};
use jobs::Item;
use jobs::events::{DemandAnswered, DemandMade};
use std::ops::ControlFlow;

/// A demand that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// What was asked for.
    pub item: Item,
    /// The answer, which the chain has judged.
    pub data: Vec<u8>,
}

impl Chain {
    /// What was asked and answered in demand `n` for the data of `job`; `None` if the node knows of no answer.
    ///
    /// # Errors
    /// If the node cannot be reached, or keeps no history.
    pub async fn answered(&self, job: &Pubkey, n: u16) -> Result<Option<Answered>, ClientError> {
        let mut exchange = Exchange::default();
        self.walk(&jobs::ID, &address::demand(job, n), |landed| exchange.see(&landed.events, job, n)).await?;
        Ok(exchange.asked.zip(exchange.answer).map(|(item, data)| Answered { item, data }))
    }
}

#[derive(Default)]
struct Exchange {
    asked: Option<Item>,
    answer: Option<Vec<u8>>,
}

impl Exchange {
    /// Takes what is about demand `n` of `job` from one transaction's events, and nothing else: a transaction that is about
    /// another job can name this demand, too.
    fn see(&mut self, events: &[Emitted], job: &Pubkey, n: u16) -> ControlFlow<()> {
        for event in events {
            if let Some(made) = event.read::<DemandMade>().filter(|made| made.job == *job && made.n == n) {
                self.asked = Some(made.item);
            }
            if let Some(answered) = event.read::<DemandAnswered>().filter(|a| a.job == *job && a.n == n) {
                self.answer = Some(answered.data);
            }
        }
        // Nothing about a demand happens before it is made.
        if self.asked.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anchor_lang::Event;
    use jobs::events::Stamp;

    fn made(job: Pubkey, n: u16, item: Item) -> Emitted {
        let (stamp, demander) = (Stamp { shard: 0, seq: 0, slot: 0, time: 0 }, Pubkey::default());
        Emitted(DemandMade { stamp, job, n, demander, item, bond: 1, deadline: 1 }.data())
    }

    fn answered(job: Pubkey, n: u16, data: &[u8]) -> Emitted {
        let (stamp, someone) = (Stamp { shard: 0, seq: 0, slot: 0, time: 0 }, Pubkey::default());
        let (demander, prover, data) = (someone, someone, data.to_vec());
        Emitted(DemandAnswered { stamp, job, n, demander, prover, bond: 1, window_end: 1, data }.data())
    }

    /// Goes through transactions, the newest first; gives how many were looked at.
    fn see(transactions: &[Vec<Emitted>], job: &Pubkey, n: u16) -> (usize, Option<(Item, Vec<u8>)>) {
        let mut exchange = Exchange::default();
        let enough = |events: &Vec<Emitted>| exchange.see(events, job, n).is_break();
        let looked = transactions.iter().position(enough).map_or(transactions.len(), |at| at + 1);
        (looked, exchange.asked.zip(exchange.answer))
    }

    #[test]
    fn what_was_asked_and_answered_about_another_job_or_in_another_demand_is_never_taken_for_this_one() {
        let (job, other) = (Pubkey::new_unique(), Pubkey::new_unique());
        let segments = |row| Item::Segments { layer: 0, row, first: 0, count: 1 };
        let transactions = [
            // A cheat's: its own job's demand, and the same job's next one, with this demand's account beside them.
            vec![made(other, 3, segments(9)), answered(other, 3, b"other")],
            vec![made(job, 4, segments(8)), answered(job, 4, b"next")],
            vec![],
            vec![answered(job, 3, b"this")],
            vec![made(job, 3, segments(7))],
            vec![answered(job, 3, b"older than the demand")],
        ];
        assert_eq!(see(&transactions, &job, 3), (5, Some((segments(7), b"this".to_vec()))));
        assert_eq!(see(&transactions[..3], &job, 3).1, None);
        assert_eq!(see(&transactions, &other, 3), (1, Some((segments(9), b"other".to_vec()))));
    }

    #[test]
    fn a_demand_that_was_made_and_answered_at_once_is_found() {
        let job = Pubkey::new_unique();
        let transactions = [vec![made(job, 0, Item::LayerRoots), answered(job, 0, b"roots")]];
        assert_eq!(see(&transactions, &job, 0).1, Some((Item::LayerRoots, b"roots".to_vec())));
    }
}
