//! The coin's price: a given path, noise around it, and the network's own buying and selling.
use crate::random::Random;
use crate::settings::Parameters;
use economy::Price;
use economy::price::next_average;

/// Days until the effect of a day's buying or selling has fallen to 1/e.
const FORGET_DAYS: f64 = 90.0;
/// The same for noise.
const NOISE_DAYS: f64 = 60.0;
/// Daily standard deviation of the logarithm.
const VOLATILITY: f64 = 0.03;
/// The feed's uncertainty, share of the price.
const CONFIDENCE: f64 = 0.002;

#[derive(Clone, Debug)]
pub struct Coin {
    random: Random,
    start: f64,
    impact: f64,
    flow: f64,
    noise: f64,
    average: u64,
    /// Dollars.
    pub spot: f64,
    /// Average of the last month or so, dollars: what people compare with.
    pub usual: f64,
}

impl Coin {
    pub fn new(parameters: &Parameters, random: Random) -> Self {
        let start = parameters.coin_price;
        Coin { random, start, impact: parameters.impact, flow: 0.0, noise: 0.0, average: 0, spot: start, usual: start }
    }

    /// The price `days` later. `bought` is the net buying since, as a share of the float.
    pub fn next(&mut self, days: f64, path: f64, bought: f64) -> Price {
        self.flow = (self.flow * (-days / FORGET_DAYS).exp() + self.impact * bought).clamp(-3.0, 3.0);
        self.noise = self.noise * (-days / NOISE_DAYS).exp() + VOLATILITY * days.sqrt() * self.random.normal();
        self.spot = (self.start * path * (self.flow + self.noise).exp()).max(1e-5);
        self.usual += (self.spot - self.usual) * (1.0 - (-days / 30.0).exp());
        let units = |dollars: f64| (dollars * 1e8) as u64;
        let spot = units(self.spot);
        self.average = next_average(self.average, spot, (days * 86_400.0) as u64);
        Price { spot, average: self.average, confidence: units(self.spot * CONFIDENCE) }
    }
}
