//! Burned against minted, by epoch: bars in a drawing that stretches to the page's width. All words are beside it, so that they
//! stay readable on a phone.
use super::elements::{money, number_of};
use explorer_client::{Amount, SupplyPoint};
use maud::{Markup, html};

/// Fewer epochs than this leave room at the right rather than make the bars wide.
const FEWEST: usize = 30;
/// Of one epoch: two bars and the space around them.
const WIDTH: usize = 100;
const BAR: usize = 38;
const HEIGHT: u128 = 1_000;

struct Bars {
    burned: u128,
    redemptions: u128,
    scheduled: u128,
}

impl Bars {
    fn of(point: &SupplyPoint) -> Self {
        let minted = &point.minted;
        Self {
            burned: number_of(&point.burned) + number_of(&point.slash_burned),
            redemptions: number_of(&minted.redemptions),
            scheduled: number_of(&minted.idle) + number_of(&minted.stakers) + number_of(&minted.treasury),
        }
    }

    fn highest(&self) -> u128 {
        self.burned.max(self.redemptions + self.scheduled)
    }

    fn told(&self, index: &str) -> String {
        let io = |amount: u128| Amount::io(amount.to_string()).readable();
        format!(
            "Epoch {index}: burned {}, minted for redemptions {}, minted on schedule {}",
            io(self.burned),
            io(self.redemptions),
            io(self.scheduled)
        )
    }
}

/// A bar of `value` that stands on `below`; what is not zero is seen.
fn bar(kind: &str, x: usize, below: u128, value: u128, highest: u128) -> Markup {
    let scaled = |value: u128| value * HEIGHT / highest.max(1);
    let height = if value == 0 { 0 } else { scaled(value).max(4) };
    let y = (HEIGHT - scaled(below)).saturating_sub(height);
    html! { rect class=(kind) x=(x) y=(y) width=(BAR) height=(height) {} }
}

pub fn burned_and_minted(points: &[SupplyPoint]) -> Markup {
    let bars: Vec<Bars> = points.iter().map(Bars::of).collect();
    let highest = bars.iter().map(Bars::highest).max().unwrap_or(0);
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return html! { p.empty { "No epochs yet." } };
    };
    let width = points.len().max(FEWEST) * WIDTH;
    let label = format!("Burned and minted IO from epoch {} to epoch {}", first.index, last.index);
    html! {
        figure.chart {
            figcaption {
                span.key-burned { "burned" } span.key-redeemed { "minted for redemptions" }
                span.key-scheduled { "minted on schedule" }
            }
            p.scale { "up to " (money(&Amount::io(highest.to_string()))) " in an epoch" }
            svg viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(label) {
                @for (place, (point, bars)) in points.iter().zip(&bars).enumerate() {
                    g {
                        title { (bars.told(&point.index)) }
                        (bar("burned", place * WIDTH + 11, 0, bars.burned, highest))
                        (bar("redeemed", place * WIDTH + 51, 0, bars.redemptions, highest))
                        (bar("scheduled", place * WIDTH + 51, bars.redemptions, bars.scheduled, highest))
                    }
                }
            }
            p.scale { "epochs " (first.index) " to " (last.index) }
        }
    }
}

/// One bar of a simple chart.
pub struct Point {
    pub label: String,
    pub value: u128,
    /// The value for people.
    pub told: String,
}

pub fn bars(caption: &str, points: &[Point]) -> Markup {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return html! { p.empty { "Nothing yet." } };
    };
    let highest = points.iter().max_by_key(|point| point.value).unwrap_or(last);
    let width = points.len().max(FEWEST) * WIDTH;
    html! {
        figure.chart {
            p.scale { "up to " (highest.told) }
            svg viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(caption) {
                @for (place, point) in points.iter().enumerate() {
                    g { title { (point.label) ": " (point.told) } (bar("redeemed", place * WIDTH + 31, 0, point.value, highest.value)) }
                }
            }
            p.scale { (first.label) " to " (last.label) }
        }
    }
}
