//! What a user does: buy credits, register a model, post a job, check its result, accept or dispute it; and how earnings and
//! points are redeemed.

mod convict;
mod dispute;
mod error;
mod post;
mod redeem;
mod review;
mod withheld;

pub use convict::{Conviction, convict};
pub use dispute::{Disputed, Fault, dispute, is_refusal, prove};
pub use error::UserError;
pub use post::{Posted, Terms, buy_credits, post_job, register_model};
pub use redeem::{claim, rebate, redeem};
pub use review::{Review, Served, accept, cancel, draw, expire, fetch, fetch_given, review};
pub use withheld::{Outcome, close_demands, demand, demand_output, expire_demand, follow, is_withheld, overdue};
