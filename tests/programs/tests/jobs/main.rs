//! The jobs program, a file for each instruction.
mod accept_result;
mod cancel_job;
mod claim_job;
mod commit_result;
mod dispute_cell;
mod dispute_forged;
mod dispute_kinds;
mod ended_jobs;
mod expire_job;
mod initialize;
mod open_user;
mod post_job;
mod proof_buffer;
mod register_device;
mod register_model;
mod register_operator;
mod settle_job;
