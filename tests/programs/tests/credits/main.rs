//! The credits program, a file for each instruction.
mod buy_credits;
mod escrow;
mod initialize;
mod iosd_mint;
mod open_earnings;
mod open_shard;
mod redemption;
mod submit_price;
