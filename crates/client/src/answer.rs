//! What was answered to a demand: it stands in an event.
use crate::{Chain, ClientError, Pubkey, address};
use jobs::events::DemandAnswered;

impl Chain {
    /// The data that were answered to demand `n` for the data of `job`; `None` if the node knows of no answer.
    ///
    /// # Errors
    /// If the node cannot be reached, or keeps no history.
    pub async fn answered(&self, job: &Pubkey, n: u16) -> Result<Option<Vec<u8>>, ClientError> {
        let events = self.events(&jobs::ID, &address::demand(job, n)).await?;
        let mut answers = events.iter().filter_map(|event| event.read::<DemandAnswered>());
        Ok(answers.find(|event| event.job == *job && event.n == n).map(|event| event.data))
    }
}
