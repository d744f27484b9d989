//! The staking program, verb by verb, and what it refuses.
mod administer;
mod jobs_authority;
mod rebates;
mod rewards;
mod stake;
mod support;
