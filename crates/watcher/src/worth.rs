//! Whether something earns more than it costs. A user may close its empty token account again and again, so that whoever has its
//! job refunded pays for a new one each time.
use crate::watcher::Shared;
use client::{ClientError, address};
use economy::amount::SOL_DECIMALS;
use economy::math::mul_div_ceil;
use jobs::state::Job;

/// Lamports of a transaction with one signature.
pub const FEE: u64 = 5_000;
/// Lamports that keep a byte of an account on chain, and bytes that every account has beside its own.
pub const RENT_PER_BYTE: u64 = 6_960;
pub const ACCOUNT: u64 = 128;
/// Bytes of a token account, and a little more.
pub const TOKEN_ACCOUNT: u64 = 200 + ACCOUNT;

impl Shared {
    /// Lamports that ending `job` in so many transactions costs for good: fees, and its user's account if there is none to
    /// refund to. What comes back, or is the wallet's own, does not count.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn cost(&self, job: &Job, transactions: usize) -> Result<u64, ClientError> {
        let missing = self.chain.bytes(&address::iosd_account(&job.user)).await?.is_none();
        let account = if missing { TOKEN_ACCOUNT * RENT_PER_BYTE } else { 0 };
        Ok((transactions as u64).saturating_mul(FEE).saturating_add(account))
    }

    /// Whether `reward` (IO base units) is worth `lamports`, and what the settings ask for at least.
    pub fn pays(&self, reward: u64, lamports: u64) -> bool {
        let settings = &self.settings;
        reward >= settings.min_reward.max(worth(lamports, settings.io_per_sol))
    }
}

/// Lamports in IO base units, rounded up.
fn worth(lamports: u64, io_per_sol: u64) -> u64 {
    mul_div_ceil(lamports, io_per_sol, 10u64.pow(SOL_DECIMALS.into())).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    #[test]
    fn a_reward_must_be_worth_the_fees_and_the_account_that_a_cheat_has_closed() {
        let io_per_sol = Settings::default().io_per_sol;
        let one = 100_000_000;
        assert!(worth(3 * FEE, io_per_sol) <= one / 50, "a usual proof is worth sending for 0.02 IO");
        assert!(worth(TOKEN_ACCOUNT * RENT_PER_BYTE, io_per_sol) > 2 * one, "an account is worth more than 2 IO");
        assert_eq!(worth(1, one), 1, "rounded up");
        assert_eq!(worth(u64::MAX, u64::MAX), u64::MAX);
    }
}
