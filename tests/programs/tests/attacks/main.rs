//! What an attacker would try across programs: each test is one attack, and its name says what must be true all the same.
mod accounts;
mod epochs;
mod stake;
#[allow(dead_code)]
#[path = "../staking/support.rs"]
mod support;
mod votes;
#[allow(dead_code)]
#[path = "../governance/steps.rs"]
mod voting;
