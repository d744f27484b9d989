//! What happens to demand and to the coin. A scenario is data: two paths and the times without a price.

/// Knots `(month, factor)`; between them the logarithm is interpolated, after the last one the factor stays.
pub type Path = &'static [(f64, f64)];

#[derive(Debug, PartialEq)]
pub struct Scenario {
    pub name: &'static str,
    pub about: &'static str,
    /// GPU-hours that users want at the reference price, relative to the first day.
    pub demand: Path,
    /// The coin's price before noise and before the network's own buying and selling, relative to the first day.
    pub coin: Path,
    /// `(from, to)` in months: no good price, so nothing is bought and nothing redeemed.
    pub outages: &'static [(f64, f64)],
}

const FLAT: Path = &[(0.0, 1.0)];
const GROWTH: Path = &[(0.0, 1.0), (3.0, 1.0), (27.0, 2.6)];
const SPIKE: Path = &[(12.0, 1.0), (12.5, 3.0), (13.5, 3.0), (14.0, 1.0)];
const COLLAPSE: Path = &[(12.0, 1.0), (12.25, 0.3), (24.0, 0.3), (30.0, 0.6)];
const CRASH: Path = &[(12.0, 1.0), (12.5, 0.1), (20.0, 0.1), (26.0, 0.6)];
const RALLY: Path = &[(12.0, 1.0), (15.0, 5.0)];

/// All scenarios.
pub const ALL: &[Scenario] = &[
    Scenario { name: "steady", about: "demand and coin stay where they are", demand: FLAT, coin: FLAT, outages: &[] },
    Scenario {
        name: "growth",
        about: "demand grows 4 % a month for two years from month 3",
        demand: GROWTH,
        coin: FLAT,
        outages: &[],
    },
    Scenario {
        name: "decline",
        about: "demand falls to two fifths over two years from month 3",
        demand: &[(3.0, 1.0), (27.0, 0.4)],
        coin: FLAT,
        outages: &[],
    },
    Scenario {
        name: "spike",
        about: "demand triples in month 12 for a month",
        demand: SPIKE,
        coin: FLAT,
        outages: &[],
    },
    Scenario {
        name: "collapse",
        about: "demand falls by 70 % within a week in month 12 and half recovers after a year",
        demand: COLLAPSE,
        coin: FLAT,
        outages: &[],
    },
    Scenario {
        name: "crash",
        about: "the coin loses 90 % within two weeks in month 12 and recovers to 60 % between months 20 and 26",
        demand: FLAT,
        coin: CRASH,
        outages: &[],
    },
    Scenario {
        name: "flash-crash",
        about: "the coin loses 90 % in a day in month 12 and stays there",
        demand: FLAT,
        coin: &[(12.0, 1.0), (12.033, 0.1)],
        outages: &[],
    },
    Scenario {
        name: "rally",
        about: "the coin rises fivefold from month 12 to month 15",
        demand: FLAT,
        coin: RALLY,
        outages: &[],
    },
    Scenario {
        name: "growth-rally",
        about: "demand grows and the coin rises",
        demand: GROWTH,
        coin: RALLY,
        outages: &[],
    },
    Scenario { name: "growth-crash", about: "demand grows through a crash", demand: GROWTH, coin: CRASH, outages: &[] },
    Scenario {
        name: "spike-crash",
        about: "the coin crashes just as demand has tripled",
        demand: SPIKE,
        coin: &[(12.5, 1.0), (13.0, 0.1), (20.0, 0.1), (26.0, 0.6)],
        outages: &[],
    },
    Scenario {
        name: "collapse-crash",
        about: "demand and coin fall together",
        demand: COLLAPSE,
        coin: CRASH,
        outages: &[],
    },
    Scenario {
        name: "outage",
        about: "no good price for ten days in month 12, while the coin loses 30 %",
        demand: FLAT,
        coin: &[(12.0, 1.0), (12.33, 0.7)],
        outages: &[(12.0, 12.33)],
    },
];

/// The scenario of this name.
pub fn find(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|s| s.name == name)
}

impl Scenario {
    pub fn demand_at(&self, month: f64) -> f64 {
        at(self.demand, month)
    }

    pub fn coin_at(&self, month: f64) -> f64 {
        at(self.coin, month)
    }

    pub fn has_price(&self, month: f64) -> bool {
        !self.outages.iter().any(|&(from, to)| (from..to).contains(&month))
    }
}

fn at(path: Path, month: f64) -> f64 {
    let after = path.iter().position(|&(m, _)| m > month).unwrap_or(path.len());
    match (after.checked_sub(1).map(|i| path[i]), path.get(after)) {
        (Some((m0, f0)), Some(&(m1, f1))) => f0 * (f1 / f0).powf((month - m0) / (m1 - m0)),
        (Some((_, f)), None) | (None, Some(&(_, f))) => f,
        (None, None) => 1.0,
    }
}
