//! Accounts, one file each.
mod audit;
mod challenge;
mod config;
mod demand;
mod device;
mod job;
mod model;
mod operator;
mod parameter;
mod proof;
mod round;
mod shard;
mod user;

pub use audit::{Audit, Drawn};
pub use challenge::{Challenge, Demotion, Failure};
pub use config::Config;
pub use demand::{Demand, Demands, Item};
pub use device::{Device, Ending};
pub use job::{transition, Action, Job, Status};
pub use model::{Draft, LayerRecord, Model};
pub use operator::Operator;
pub use parameter::Parameter;
pub use proof::Proof;
pub use round::{Advanced, Phase, Round, RoundRules};
pub use shard::{count, Shard};
pub use user::User;
