//! Memory for all jobs that are examined at a time.
use judge::Layer;
use model::ResultFile;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Unit of the budget, bytes.
const UNIT: u64 = 1 << 20;

/// So many bytes, lent in parts of 1 MiB in the order of asking, so that a large job is not starved by small ones.
pub struct Budget {
    units: Arc<Semaphore>,
    total: u32,
}

impl Budget {
    pub fn new(bytes: u64) -> Self {
        let total = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX).clamp(1, Semaphore::MAX_PERMITS as u32);
        Budget { units: Arc::new(Semaphore::new(total as usize)), total }
    }

    /// Waits for `bytes`; `None` if there are never so many.
    pub async fn take(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).ok().filter(|units| *units <= self.total)?;
        // The semaphore is never closed.
        self.units.clone().acquire_many_owned(units).await.ok()
    }

    /// The whole budget, bytes.
    pub fn total(&self) -> u64 {
        u64::from(self.total) * UNIT
    }
}

/// Most bytes that fetching and checking a batch of `rows` rows takes, whatever is served: each file beside what is read from it,
/// and a copy for hashing, recomputing or evidence.
pub fn needed(layers: &[Layer], rows: u32) -> u64 {
    let weights: u64 = layers.iter().map(|l| u64::from(l.weight_rows()) * u64::from(l.column_bytes())).sum();
    let input = u64::from(rows) * layers.first().map_or(0, |l| u64::from(l.in_row_bytes()));
    let result = ResultFile::max_bytes(layers, rows);
    3u64.saturating_mul(weights.saturating_add(result)).saturating_add(2 * input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn what_was_lent_must_come_back_before_more_is_lent() {
        let budget = Budget::new(10 * UNIT);
        let first = budget.take(6 * UNIT).await.unwrap();
        let second = tokio::time::timeout(Duration::from_millis(20), budget.take(5 * UNIT)).await;
        assert!(second.is_err(), "11 of 10 MiB were lent");
        drop(first);
        assert!(budget.take(10 * UNIT).await.is_some());
    }

    #[tokio::test]
    async fn more_than_there_is_is_never_lent() {
        let budget = Budget::new(10 * UNIT);
        assert!(budget.take(10 * UNIT + 1).await.is_none());
        assert!(budget.take(u64::MAX).await.is_none());
    }

    #[test]
    fn a_batch_needs_memory_in_proportion_to_its_rows() {
        let layers = [Layer::gemm(0, 64, 10, None)];
        let weights = 3 * 10 * (64 + 4);
        let (one, two) = (needed(&layers, 1) - weights, needed(&layers, 2) - weights);
        assert_eq!(two - one, 2 * 64 + 3 * 10 * 8);
    }
}
