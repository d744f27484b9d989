//! The credits program, a file for each subject.
mod administer;
mod buy_credits;
mod escrow;
mod initialize;
mod iosd_mint;
mod loyalty;
mod open_earnings;
mod open_shard;
mod redemption;
mod schedule;
mod submit_price;
