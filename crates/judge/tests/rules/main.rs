//! The rules of verifiable work against definitions that share no code with them. `IO_FUZZ_CASES` sets how many cases
//! each property tries.
mod audit;
mod challenge;
mod commitment;
mod demand;
mod dot;
mod evidence;
mod hostile;
mod job;
mod layers;
mod merkle;
mod nets;
mod operations;
mod reference;
mod verdict;
mod walk;
