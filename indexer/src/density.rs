//! Whether to read every block or to ask the address index which ones.

/// Blocks that each listed transaction must save: it costs its share of a page and, at worst, a block of its own.
const GAIN: u64 = 8;
/// Shorter ranges are read whole: listing costs a call per program and page.
const SHORTEST: u64 = 1_000;
/// Weight of the last range in the running measure.
const WEIGHT: f64 = 0.5;

/// How many of the blocks read lately held events of ours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Density {
    measured: Option<f64>,
}

impl Density {
    /// Takes a range of blocks that were all read.
    pub fn observe(&mut self, active: usize, blocks: usize) {
        if blocks == 0 {
            return;
        }
        #[allow(clippy::cast_precision_loss)] // A ratio of counts far below 2^52.
        let now = active as f64 / blocks as f64;
        self.measured = Some(self.measured.map_or(now, |before| before * (1.0 - WEIGHT) + now * WEIGHT));
    }

    /// How many transactions may be listed in the next `slots` slots for sparse reading to pay; `None`: read them all.
    pub fn sparse(&self, slots: u64) -> Option<usize> {
        let measured = self.measured?;
        if slots < SHORTEST || measured > 1.0 / GAIN as f64 {
            return None;
        }
        usize::try_from(slots / GAIN).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_is_dense_until_emptiness_was_measured_and_again_once_it_is_over() {
        let mut density = Density::default();
        assert_eq!(density.sparse(100_000), None);
        density.observe(1, 1_000);
        assert_eq!(density.sparse(100_000), Some(12_500));
        assert_eq!(density.sparse(SHORTEST - 1), None);
        density.observe(900, 1_000);
        assert_eq!(density.sparse(100_000), None);
    }
}
