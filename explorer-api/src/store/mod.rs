//! All SQL.
pub mod devices;
pub mod events;
pub mod jobs;
pub mod models;
pub mod network;
