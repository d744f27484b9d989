//! Accounting periods.

/// The epoch that `now` lies in, counted from `genesis` in steps of `epoch_seconds` (unix time, seconds), rounded
/// down: an epoch begins with its first second. Times before genesis are epoch 0; a length of zero is taken
/// as one second.
pub fn epoch_at(now: i64, genesis: i64, epoch_seconds: u32) -> u64 {
    let elapsed = now.saturating_sub(genesis).max(0) as u64;
    elapsed / u64::from(epoch_seconds.max(1))
}
