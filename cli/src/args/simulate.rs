//! The simulation's options.
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct SimulateArgs {
    /// Name of a scenario, or all
    #[arg(long, default_value = "all")]
    pub scenario: String,
    /// Years to run
    #[arg(long, default_value_t = 3)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100))]
    pub years: u32,
    /// Suppliers who may join; they share a fleet of fixed size
    #[arg(long, default_value_t = 10_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub suppliers: u32,
    /// The same seed gives the same run
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Hours of an accounting epoch
    #[arg(long, default_value_t = 24)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=24))]
    pub epoch_hours: u32,
    /// Folder for report.html, its charts and series.json
    #[arg(long, default_value = "simulation")]
    pub out: PathBuf,
    /// Fee on a job's price, basis points
    #[arg(long, default_value_t = 500)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub fee_bps: u16,
    /// The incentives' share of the fee, basis points; the rest is retired
    #[arg(long, default_value_t = 5_000)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub incentive_bps: u16,
    /// Most IO a day that redemptions are paid
    #[arg(long, default_value_t = 2_000_000)]
    #[arg(value_parser = clap::value_parser!(u64).range(0..=800_000_000))]
    pub redemption_cap: u64,
    /// Idle devices' share of the schedule, basis points
    #[arg(long, default_value_t = 3_000)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub idle_bps: u16,
    /// Stakers' share of the schedule, basis points; the rest is the treasury's
    #[arg(long, default_value_t = 5_000)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub stakers_bps: u16,
    /// Dollars for one IO on the first day
    #[arg(long, default_value_t = 1.0)]
    pub coin_price: f64,
    /// How far the coin's price moves (natural logarithm) when the whole float is bought once
    #[arg(long, default_value_t = 1.0)]
    pub impact: f64,
}
