//! Money against exact arithmetic on integers of any size. `IO_FUZZ_CASES` sets how many cases each property tries.
mod amount;
mod conversion;
mod epoch;
mod exact;
mod fee;
mod feed;
mod math;
mod vote;
