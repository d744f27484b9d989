//! The stake behind the worker's claims, which is its operator's.
use client::{Chain, ClientError, Keypair, Pubkey, address, staking_ix};
use std::time::{Duration, Instant};
use tracing::info;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(5);
/// Why a claim is refused although nobody else was first: too little stake, a pause, or the coin's price.
const NOT_NOW: &[&str] = &[
    "HiringPaused",
    "StakeTooLow",
    "NotEnoughStake",
    "PoolWornOut",
    "Paused",
    "PriceStale",
    "PriceWide",
    "ZeroPrice",
    "WrongPriceAccount",
];

/// Whether a claim was refused for a reason that is not about the job.
pub fn not_now(error: &ClientError) -> bool {
    // The pool's stake may be other people's: the operator itself holds none.
    let own =
        |f: &client::ProgramFailure| f.name == "AccountNotInitialized" && f.message.starts_with("account position");
    match error {
        ClientError::Program(failure) => NOT_NOW.contains(&failure.name.as_str()) || own(failure),
        _ => false,
    }
}

/// When the operator's stake was last looked at.
#[derive(Default)]
pub struct Stake {
    seen: Option<Instant>,
}

impl Stake {
    /// Makes the operator's stake count once it has warmed up. Anybody may, and claims do not.
    ///
    /// # Errors
    /// If the node or the program refuses.
    pub async fn warm_up(&mut self, chain: &Chain, key: &Keypair, operator: &Pubkey) -> Result<(), ClientError> {
        if self.seen.is_some_and(|seen| seen.elapsed() < EVERY) {
            return Ok(());
        }
        self.seen = Some(Instant::now());
        let pool = address::operator_pool(operator);
        let Some(position) = chain.position(&pool, operator).await? else { return Ok(()) };
        if position.warming > 0 && position.warm_epoch <= chain.epoch().await? {
            let refresh = staking_ix::refresh_position(pool, *operator);
            let confirmed = chain.send(&[refresh], &[key]).await?;
            info!(%operator, signature = %confirmed.signature, "the operator's stake has warmed up");
        }
        Ok(())
    }
}
