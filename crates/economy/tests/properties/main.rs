//! Money against exact arithmetic on integers of any size. `IO_FUZZ_CASES` sets how many cases each property tries.
mod amount;
mod conversion;
mod emission;
mod epoch;
mod exact;
mod fee;
mod feed;
mod loyalty;
mod math;
mod parameter;
mod pyth;
mod redemption;
mod vote;
