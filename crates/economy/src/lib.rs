//! Integer maths of all money. No Anchor, no I/O, no floats.
//!
//! Amounts are `u64` in base units: IO has 8 decimals, IOSD has 6 (one unit is a micro-dollar). Every function rounds
//! against the caller: what is minted or paid out is rounded down, what is burned or charged is rounded up.
#![no_std]

pub mod amount;
pub mod claim;
pub mod emission;
pub mod epoch;
pub mod fee;
pub mod idle;
pub mod index;
pub mod loyalty;
pub mod math;
pub mod parameter;
pub mod price;
pub mod pyth;
pub mod redemption;
pub mod stake;
pub mod vote;

pub use fee::{Settlement, settle};
pub use math::{Overflow, mul_div_ceil, mul_div_floor};
pub use price::{Price, PriceError, PriceLimits, Submission};

/// Decimals of the IO mint.
pub const IO_DECIMALS: u8 = 8;
/// Decimals of the IOSD mint.
pub const IOSD_DECIMALS: u8 = 6;
/// Hard cap of the IO supply, base units: 800,000,000 IO.
pub const IO_CAP: u64 = 800_000_000 * 10u64.pow(IO_DECIMALS as u32);
/// Basis points in one.
pub const BPS: u64 = 10_000;
