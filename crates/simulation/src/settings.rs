//! What a run is made of besides its scenario.
use economy::emission::Split;
use serde::Serialize;

/// One whole IO in base units.
pub const IO: u64 = 10u64.pow(economy::IO_DECIMALS as u32);
/// One whole IOSD in base units.
pub const IOSD: u64 = 10u64.pow(economy::IOSD_DECIMALS as u32);
/// Days of a month of the emission schedule.
pub const MONTH_DAYS: f64 = economy::emission::MONTH_S as f64 / 86_400.0;
pub const HOURS_PER_YEAR: f64 = 8_766.0;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    pub years: f64,
    /// Individually modelled suppliers, who share a fleet of fixed size: more of them only make the picture finer.
    pub suppliers: u32,
    pub seed: u64,
    pub epoch_hours: u32,
    pub parameters: Parameters,
}

/// What governance sets, and the two guesses about markets that matter most.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameters {
    pub fee_bps: u16,
    /// Incentives' share of the fee.
    pub incentive_bps: u16,
    /// What a loyalty point is worth.
    pub loyalty_bps: u16,
    /// Most IO a day for redemptions, whole IO; an epoch gets its share of the day.
    pub redemption_cap: u64,
    pub idle_bps: u16,
    pub stakers_bps: u16,
    /// Whole IO a device of each class must stake.
    pub class_stake: [u64; 4],
    /// Share of its budget that the treasury pays out each month.
    pub treasury_spending: f64,
    /// Coin's price on the first day, dollars.
    pub coin_price: f64,
    /// How much the coin's price moves (logarithm) when the whole float is bought once.
    pub impact: f64,
    /// Demand's elasticity to the price of a GPU-hour.
    pub elasticity: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters {
            fee_bps: 500,
            incentive_bps: 5_000,
            loyalty_bps: 125,
            redemption_cap: 2_000_000,
            idle_bps: 3_000,
            stakers_bps: 5_000,
            class_stake: [100, 200, 400, 800],
            treasury_spending: 0.25,
            coin_price: 1.0,
            impact: 1.0,
            elasticity: 0.8,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings { years: 3.0, suppliers: 10_000, seed: 1, epoch_hours: 24, parameters: Parameters::default() }
    }
}

impl Settings {
    pub fn epoch_s(&self) -> u32 {
        self.epoch_hours.max(1) * 3_600
    }

    /// Epochs of the whole run.
    pub fn epochs(&self) -> u64 {
        (self.years.max(0.0) * HOURS_PER_YEAR / f64::from(self.epoch_hours.max(1))).round() as u64
    }

    /// Days an epoch lasts.
    pub fn epoch_days(&self) -> f64 {
        f64::from(self.epoch_s()) / 86_400.0
    }

    /// IO base units that one epoch may pay for redemptions.
    pub fn redemption_cap(&self) -> u64 {
        let cap = u128::from(self.parameters.redemption_cap) * u128::from(IO) * u128::from(self.epoch_s()) / 86_400;
        u64::try_from(cap).unwrap_or(u64::MAX)
    }

    pub fn split(&self) -> Split {
        Split { idle_bps: self.parameters.idle_bps, stakers_bps: self.parameters.stakers_bps }
    }
}
