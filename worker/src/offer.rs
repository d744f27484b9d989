//! Which jobs are worth claiming. Pure: the time and the device's speed are arguments.
use crate::config::Config;
use crate::work;
use jobs::state::Job;
use std::fmt;

/// What a supplier insists on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// IOSD base units.
    pub min_price: u64,
    /// Empty: any.
    pub models: Vec<[u8; 32]>,
    pub margin_s: u32,
    /// Most memory that a job may take, bytes.
    pub max_memory: u64,
}

impl Default for Policy {
    /// Any job that fits in 4 GiB.
    fn default() -> Self {
        Policy { min_price: 0, models: Vec::new(), margin_s: 0, max_memory: 4 << 30 }
    }
}

/// Why a job is left to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Price {
        offered: u64,
        floor: u64,
    },
    Model,
    /// The claim deadline has passed.
    Late,
    /// It would take this many bytes of memory, or its result would be too long to be fetched.
    Large {
        needed: u64,
        limit: u64,
    },
    /// It would take this many seconds with margin, and has fewer.
    Slow {
        needed_s: u64,
        given_s: u32,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Refusal::Price { offered, floor } => {
                write!(f, "it pays {offered} base units of IOSD, the floor is {floor}")
            }
            Refusal::Model => f.write_str("its model is not one that this worker serves"),
            Refusal::Large { needed, limit } => write!(f, "it needs {needed} bytes of memory, the limit is {limit}"),
            Refusal::Late => f.write_str("its claim deadline has passed"),
            Refusal::Slow { needed_s, given_s } => write!(f, "it needs {needed_s} s here and gives {given_s} s"),
        }
    }
}

impl Policy {
    /// Reads the policy out of a config.
    ///
    /// # Errors
    /// A sentence naming the setting that is not valid.
    pub fn from_config(config: &Config) -> Result<Self, String> {
        let min_price = economy::amount::parse(&config.min_price, economy::IOSD_DECIMALS).ok_or_else(|| {
            format!("min_price = {:?} is not an amount of IOSD with up to 6 decimals", config.min_price)
        })?;
        let root = |text: &String| {
            work::parse_hash(text).ok_or_else(|| format!("models: {text:?} is not a model root (64 hex digits)"))
        };
        let models = config.models.iter().map(root).collect::<Result<_, _>>()?;
        Ok(Policy { min_price, models, margin_s: config.margin_s, max_memory: config.max_memory_mb << 20 })
    }

    /// `None` if this worker can hold the job's outputs and accumulators. `needed`: bytes, see [`crate::work::memory`].
    pub fn refuse_size(&self, needed: u64) -> Option<Refusal> {
        // The result file is half of it, and a client reads no longer one than the store gives.
        let limit = self.max_memory.min(2 * blobs::MAX_BYTES);
        (needed > limit).then_some(Refusal::Large { needed, limit })
    }

    /// `None` if the job may be claimed at `now` (the chain's time). `expected_s`: how long it would take here.
    pub fn refuse(&self, job: &Job, now: i64, expected_s: f64) -> Option<Refusal> {
        if job.price < self.min_price {
            return Some(Refusal::Price { offered: job.price, floor: self.min_price });
        }
        if !self.models.is_empty() && !self.models.contains(&job.model_root) {
            return Some(Refusal::Model);
        }
        if now > job.claim_deadline {
            return Some(Refusal::Late);
        }
        let needed_s = (expected_s.ceil() as u64).saturating_add(u64::from(self.margin_s));
        (needed_s > u64::from(job.execute_s)).then_some(Refusal::Slow { needed_s, given_s: job.execute_s })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use client::Pubkey;
    use jobs::state::Status;

    pub(crate) fn job() -> Job {
        Job {
            status: Status::Posted,
            user: Pubkey::new_from_array([1; 32]),
            seq: 0,
            model_root: [2; 32],
            rows: 8,
            input_root: [3; 32],
            input_blob: [4; 32],
            model_blob: [5; 32],
            price: 1_000,
            claim_deadline: 100,
            execute_s: 30,
            device: Pubkey::default(),
            operator: Pubkey::default(),
            reserved: 0,
            commit_deadline: 0,
            commitment: [0; 32],
            result_blob: [0; 32],
            window_end: 0,
            audit_bps: 0,
            audit_cells: 0,
            audit: jobs::state::Audit::None,
            demands: jobs::state::Demands::default(),
            bump: 255,
        }
    }

    #[test]
    fn a_job_at_the_price_floor_is_taken_and_one_unit_below_is_not() {
        let policy = |min_price| Policy { min_price, ..Default::default() };
        assert_eq!(policy(1_000).refuse(&job(), 0, 1.0), None);
        assert_eq!(policy(1_001).refuse(&job(), 0, 1.0), Some(Refusal::Price { offered: 1_000, floor: 1_001 }));
    }

    #[test]
    fn only_listed_models_are_served_when_there_is_a_list() {
        let policy = |models| Policy { models, ..Default::default() };
        assert_eq!(policy(vec![[2; 32]]).refuse(&job(), 0, 1.0), None);
        assert_eq!(policy(vec![[9; 32]]).refuse(&job(), 0, 1.0), Some(Refusal::Model));
    }

    #[test]
    fn a_job_that_would_not_fit_in_memory_is_left_alone() {
        let policy = Policy { max_memory: 1000, ..Default::default() };
        assert_eq!(policy.refuse_size(1000), None);
        assert_eq!(policy.refuse_size(1001), Some(Refusal::Large { needed: 1001, limit: 1000 }));
    }

    #[test]
    fn the_claim_deadline_is_the_last_moment() {
        assert_eq!(Policy::default().refuse(&job(), 100, 1.0), None);
        assert_eq!(Policy::default().refuse(&job(), 101, 1.0), Some(Refusal::Late));
    }

    #[test]
    fn a_deadline_that_cannot_be_met_with_margin_is_left_alone() {
        let policy = Policy { margin_s: 5, ..Default::default() };
        assert_eq!(policy.refuse(&job(), 0, 25.0), None);
        assert_eq!(policy.refuse(&job(), 0, 25.1), Some(Refusal::Slow { needed_s: 31, given_s: 30 }));
    }
}
