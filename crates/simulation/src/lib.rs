//! Years of the network's economy, epoch by epoch. Behaviour (demand, prices, who joins and leaves) is modelled with seeded
//! floats; every amount of money goes through `economy`, the code that the programs on chain run. The books must balance
//! after every epoch, or the run ends with an error.

mod books;
mod coin;
mod network;
mod random;
pub mod report;
pub mod scenario;
pub mod series;
mod settings;
mod stakers;
mod supplier;
mod suppliers;
mod users;

pub use books::Broken;
pub use scenario::Scenario;
pub use series::Run;
pub use settings::{Parameters, Settings};

/// Runs one scenario. The same settings and scenario give the same run.
///
/// # Errors
/// [`Broken`] if the books do not balance or a limit was passed after some epoch.
pub fn run(settings: &Settings, scenario: &'static Scenario) -> Result<Run, Broken> {
    network::Network::new(settings, scenario).run()
}
