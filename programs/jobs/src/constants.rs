//! Seeds and hard bounds.

pub use credits::constants::{shard_of, CONFIG_SEED, EARNINGS_SEED, ESCROW_SEED, SHARDS, SHARD_SEED};

pub const AUTHORITY_SEED: &[u8] = b"authority";
pub const OPERATOR_SEED: &[u8] = b"operator";
pub const DEVICE_SEED: &[u8] = b"device";
pub const MODEL_SEED: &[u8] = b"model";
pub const DRAFT_SEED: &[u8] = b"draft";
pub const USER_SEED: &[u8] = b"user";
pub const JOB_SEED: &[u8] = b"job";
pub const PROOF_SEED: &[u8] = b"proof";
pub const DEMAND_SEED: &[u8] = b"demand";

/// Device classes: what a device can do, from the smallest to the largest.
pub const CLASSES: usize = 4;

/// Pause flag: no new jobs.
pub const PAUSE_POST: u8 = 1;
/// Pause flag: no new claims.
pub const PAUSE_CLAIM: u8 = 2;
/// Pause flag: no new operators and devices.
pub const PAUSE_REGISTER: u8 = 4;
/// Pause flag: no new challenge rounds.
pub const PAUSE_ROUND: u8 = 8;
/// All pause flags. What ends a job or a round has none.
pub const PAUSE_ALL: u8 = PAUSE_POST | PAUSE_CLAIM | PAUSE_REGISTER | PAUSE_ROUND;

/// Longest device or model name, bytes.
pub const MAX_NAME: usize = 32;
/// Longest time a job can wait for a claim: 7 days.
pub const MAX_CLAIM_S: u32 = 7 * 86_400;
/// Longest time a device can take from claim to commitment: 1 day.
pub const MAX_EXECUTE_S: u32 = 86_400;
/// Bounds of the challenge window: 1 second (a local network) to 7 days.
pub const MAX_WINDOW_S: u32 = 7 * 86_400;
/// Bounds of the time to answer an audit: 10 seconds (a local network) to 1 day, which is also the longest for a demand.
pub const MIN_ANSWER_S: u32 = 10;
pub const MAX_ANSWER_S: u32 = 86_400;
/// Slots from a commitment to the one whose hash draws its audit: nobody knows that hash yet.
pub const DRAW_DELAY: u64 = 32;
/// What a job's user puts by for whoever draws its audit, lamports. It returns with the rent if there is no draw.
pub const DRAW_FEE: u64 = 20_000;
/// Largest evidence, bytes: that about any cell of any model fits.
pub const MAX_PROOF_BYTES: u32 = judge::MAX_EVIDENCE as u32;
/// How much an instruction may add to an account, bytes.
pub const MAX_GROWTH: u32 = 10_240;
/// Most demands for a job's data, by its user and by all others.
pub const MAX_DEMANDS: u8 = 64;
/// Most of them that can be open at once.
pub const MAX_OPEN_DEMANDS: u8 = 8;
/// Bounds of a demand's bond, lamports: what an answer's transactions cost at least, and one SOL.
pub const MIN_DEMAND_BOND: u64 = 100_000;
pub const MAX_DEMAND_BOND: u64 = 1_000_000_000;

pub const ROUND_SEED: &[u8] = b"round";
/// Slots from the end of a round's window to the one whose hash draws its cells: nobody knows that hash yet, and every answer
/// is committed to.
pub const CELL_DRAW_DELAY: u64 = 8;
/// Most rows in a challenge: 2^50 multiply-accumulates, half a minute's work at 3 * 10^13 a second.
pub const MAX_CHALLENGE_ROWS: u32 = 1 << 28;
/// Bounds of a round's window, of its time for answers, and between two openings: 1 second (a local network) to 1 day and 30 days.
pub const MAX_ROUND_S: u32 = 86_400;
pub const MAX_ROUND_EVERY_S: u32 = 30 * 86_400;
