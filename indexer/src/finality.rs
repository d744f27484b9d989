//! Promotion of what is indexed to final, by comparing blockhashes with the finalized chain.
use crate::fork;
use crate::frontier::{Head, Stall};
use crate::source::{BlockSource, Finality, SourceError};
use crate::store::Store;
use futures::stream::{FuturesOrdered, StreamExt};
use std::sync::Arc;

/// Blocks that one round looks at, and how many of them it asks the node about. Where parent hashes link the rows, asking
/// about the last one is enough.
const ROWS: i64 = 10_000;
const QUESTIONS: usize = 64;

/// An indexed block that is not known to be final.
pub(crate) struct Pending {
    pub head: Head,
    /// Parent hashes lead from the row after it to this one.
    pub next_is_linked: bool,
}

/// Marks blocks up to `finalized` as final if the finalized chain has them. Returns the common ancestor if it has others.
///
/// # Errors
/// The database failed, or where the chain went another way cannot be told yet. A node that cannot compare only delays.
pub(crate) async fn promote<S: BlockSource>(
    source: &Arc<S>,
    store: &mut Store,
    finalized: u64,
) -> Result<Option<Head>, Stall> {
    let pending = store.pending(finalized, ROWS).await?;
    // The last of each run that hashes link: it answers for the others.
    let is_end = |at: &usize| !pending[*at].next_is_linked || at + 1 == pending.len();
    let ends: Vec<usize> = (0..pending.len()).filter(is_end).take(QUESTIONS).collect();
    let mut answers: FuturesOrdered<_> = ends
        .iter()
        .map(|at| {
            let (source, slot) = (Arc::clone(source), pending[*at].head.slot);
            tokio::spawn(async move { source.blockhash(slot, Finality::Finalized).await })
        })
        .collect();
    let (mut last, mut other) = (None, None);
    for at in ends {
        let head = &pending[at].head;
        let lost = |error| SourceError::Incomplete { slot: head.slot, what: format!("cannot be compared: {error}") };
        let Some(answer) = answers.next().await else { break };
        match answer.map_err(lost).flatten() {
            Ok(Some(hash)) if hash == head.blockhash => last = Some(head.slot),
            Ok(_) => {
                other = Some(head.slot);
                break;
            }
            Err(error) => {
                tracing::warn!(%error, "finality cannot be checked yet");
                break;
            }
        }
    }
    if let Some(last) = last {
        store.finalize(last).await?;
    }
    match other {
        Some(slot) => Ok(Some(fork::ancestor(source.as_ref(), store, slot).await?)),
        None => Ok(None),
    }
}
