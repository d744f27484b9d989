//! The governance program, instruction by instruction, and what an attacker would try.
mod close;
mod execute;
mod finish;
mod guardian;
mod initialize;
mod payment;
mod program_authority;
mod propose;
mod steps;
mod vote;
