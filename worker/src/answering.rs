//! What answering an audit can take: the device's key pays for it, and the deadline does not wait for it.
use client::evidence::WRITE_BYTES;
use economy::amount::sol;
use judge::Layer;
use judge::demand::MAX_DATA;
use std::fmt;

/// Lamports of a transaction with one signature.
const FEE: u64 = 5_000;
/// Transactions beside those that bring evidence: claim, commitment, rounds, draws, demands.
const OTHERS: u64 = 200;
/// Lamports that keep a byte of an account on chain, and bytes that every account has beside its own.
const RENT_PER_BYTE: u64 = 6_960;
const ACCOUNT: usize = 128;
/// Transactions that write evidence at once.
const AT_ONCE: u64 = 16;
/// Paths beside the data of the longest answer to a demand, bytes.
const PATHS: usize = 2_048;
/// Seconds until a transaction is confirmed, where blocks come every 0.4 s.
const CONFIRMED_S: u64 = 2;

/// What answering all cells of a job's audit takes at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answering {
    /// The rent of the buffer, which comes back, and all fees.
    pub lamports: u64,
    pub seconds: u64,
}

/// What a device has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Means {
    /// Of the device's key.
    pub lamports: u64,
    /// Cells of an audit, and the time for all of them.
    pub cells: u8,
    pub answer_s: u32,
}

/// Why an audit of a job could not be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    Funds { has: u64, needed: u64 },
    Time { given_s: u32, needed_s: u64 },
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Shortage::Funds { has, needed } => write!(
                f,
                "answering its audit could take {} SOL, the device's key has {}: send it at least {} SOL",
                sol(*needed),
                sol(*has),
                sol(needed.saturating_sub(*has))
            ),
            Shortage::Time { given_s, needed_s } => {
                write!(f, "answering its audit could take {needed_s} s, the network gives {given_s} s")
            }
        }
    }
}

impl Means {
    /// `None` if an audit of so many rows of a model can be answered.
    pub fn shortage(&self, layers: &[Layer], rows: u32) -> Option<Shortage> {
        let Answering { lamports: needed, seconds: needed_s } = Answering::of(layers, rows, self.cells);
        if needed > self.lamports {
            return Some(Shortage::Funds { has: self.lamports, needed });
        }
        (needed_s > u64::from(self.answer_s)).then_some(Shortage::Time { given_s: self.answer_s, needed_s })
    }
}

impl Answering {
    pub fn of(layers: &[Layer], rows: u32, cells: u8) -> Self {
        let evidence = judge::longest_evidence(layers, rows).max(MAX_DATA + PATHS);
        let writes = evidence.div_ceil(WRITE_BYTES) as u64;
        let buffer = (ACCOUNT + jobs::state::Proof::HEADER + evidence) as u64;
        let cells = u64::from(cells);
        // One opens the buffer, some write it, one has it judged; it is opened again for each cell.
        let fees = (cells * (writes + 2) + OTHERS) * FEE;
        let seconds = cells * (2 + writes.div_ceil(AT_ONCE)) * CONFIRMED_S;
        Answering { lamports: buffer * RENT_PER_BYTE + fees, seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_product_is_left_alone_by_a_device_whose_key_could_not_pay_for_its_evidence() {
        let wide = [Layer::gemm(0, 60_000, 10, None)];
        let means = |lamports| Means { lamports, cells: 2, answer_s: 600 };
        let Answering { lamports, .. } = Answering::of(&wide, 1, 2);
        assert!((800_000_000..1_000_000_000).contains(&lamports), "{lamports}: its rent is 0.84 SOL");
        assert_eq!(means(lamports).shortage(&wide, 1), None);
        let short = means(lamports - 1_000_000).shortage(&wide, 1).unwrap();
        assert!(short.to_string().ends_with("send it at least 0.001 SOL"), "{short}");
        assert_eq!(
            means(60_000_000).shortage(&[Layer::gemm(0, 784, 10, None)], 1_000),
            None,
            "0.06 SOL do for a usual one"
        );
    }

    #[test]
    fn evidence_that_could_not_be_written_in_time_is_left_alone() {
        let wide = [Layer::gemm(0, 60_000, 10, None)];
        let means = |cells, answer_s| Means { lamports: u64::MAX, cells, answer_s };
        assert_eq!(means(2, 60).shortage(&wide, 1), None);
        assert_eq!(means(32, 60).shortage(&wide, 1), Some(Shortage::Time { given_s: 60, needed_s: 640 }));
        assert_eq!(means(2, 12).shortage(&[Layer::gemm(0, 784, 10, None)], 1_000), None);
    }
}
