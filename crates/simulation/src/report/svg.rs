//! Line and bar charts as plain SVG that reads well on light and on dark ground.
use std::fmt::Write;

const WIDTH: f64 = 860.0;
const PANEL: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 62.0;
const BOTTOM: f64 = 44.0;

/// Colours of middling lightness, told apart by people who do not see red and green as others do.
pub const BLUE: &str = "#3b82c4";
pub const ORANGE: &str = "#e08a2c";
pub const GREEN: &str = "#2f9e77";
pub const PURPLE: &str = "#a06cc8";
pub const GREY: &str = "#8a929a";

pub struct Line {
    pub name: &'static str,
    pub colour: &'static str,
    pub points: Vec<(f64, f64)>,
    pub dashed: bool,
}

/// Bars side by side at each place, each of them a stack.
pub struct Bars {
    pub name: &'static str,
    pub colour: &'static str,
    /// Bars of one stack have the same number.
    pub stack: usize,
    pub values: Vec<(f64, f64)>,
}

#[derive(Default)]
pub struct Panel {
    pub title: String,
    /// Unit of the vertical axis.
    pub unit: &'static str,
    pub lines: Vec<Line>,
    pub bars: Vec<Bars>,
    pub log: bool,
    /// Do not begin the axis at zero.
    pub zoom: bool,
}

/// Panels one below the other, over months.
pub fn chart(panels: &[Panel], months: f64) -> String {
    let height = PANEL * panels.len() as f64;
    let mut svg = String::new();
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" role=\"img\">\n<style>\
         .t{{fill:#333a41}}.l{{fill:#5b646d}}.g{{stroke:#8a929a;stroke-opacity:.28}}\
         @media (prefers-color-scheme:dark){{.t{{fill:#e3e8ed}}.l{{fill:#a9b2bb}}}}</style>\n"
    );
    for (i, panel) in panels.iter().enumerate() {
        draw(&mut svg, panel, PANEL * i as f64, months);
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, panel: &Panel, y0: f64, months: f64) {
    let (low, high, ticks) = scale(panel);
    let (bottom, inner) = (y0 + PANEL - BOTTOM, PANEL - TOP - BOTTOM);
    let x = |month: f64| LEFT + month / months.max(1e-9) * (WIDTH - LEFT - RIGHT);
    let height = |v: f64| {
        let part = if panel.log { (v.max(low) / low).ln() / (high / low).ln() } else { (v - low) / (high - low) };
        bottom - part.clamp(0.0, 1.0) * inner
    };
    let _ = writeln!(
        svg,
        "<text class=\"t\" x=\"{LEFT}\" y=\"{}\" font-size=\"15\" font-weight=\"600\">{}</text>\
         <text class=\"l\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
        y0 + 22.0,
        panel.title,
        WIDTH - RIGHT,
        y0 + 22.0,
        panel.unit
    );
    for &tick in &ticks {
        let at = height(tick);
        let _ = writeln!(
            svg,
            "<line class=\"g\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text class=\"l\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0,
            number(tick)
        );
    }
    let step = [1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 60.0, 120.0].into_iter().find(|s| months / s <= 13.0).unwrap_or(240.0);
    let mut month = 0.0;
    while month <= months + 1e-6 {
        let _ = writeln!(
            svg,
            "<text class=\"l\" x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{month:.0}</text>",
            x(month),
            bottom + 17.0
        );
        month += step;
    }
    let _ = writeln!(
        svg,
        "<text class=\"l\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">month</text>",
        (LEFT + WIDTH - RIGHT) / 2.0,
        bottom + 34.0
    );
    bars(svg, panel, &x, &height, bottom);
    for line in &panel.lines {
        let points: Vec<String> = line.points.iter().map(|&(m, v)| format!("{:.1},{:.1}", x(m), height(v))).collect();
        let dash = if line.dashed { " stroke-dasharray=\"5 4\"" } else { "" };
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-linejoin=\"round\"{dash} points=\"{}\"/>",
            line.colour,
            points.join(" ")
        );
    }
    legend(svg, panel, y0 + 44.0);
}

fn bars(svg: &mut String, panel: &Panel, x: &impl Fn(f64) -> f64, height: &impl Fn(f64) -> f64, bottom: f64) {
    let stacks = panel.bars.iter().map(|b| b.stack + 1).max().unwrap_or(0);
    let width = (x(1.0) - x(0.0)) * 0.8 / stacks.max(1) as f64;
    let places = panel.bars.first().map_or(0, |b| b.values.len());
    for place in 0..places {
        let mut tops = vec![0.0; stacks];
        for bar in &panel.bars {
            let Some(&(month, value)) = bar.values.get(place) else { continue };
            // The month's own stretch of the axis ends at its number.
            let left = x(month - 0.9) + width * bar.stack as f64;
            let (from, to) = (height(tops[bar.stack]).min(bottom), height(tops[bar.stack] + value));
            tops[bar.stack] += value;
            let _ = writeln!(
                svg,
                "<rect x=\"{left:.1}\" y=\"{to:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
                (from - to).max(0.0),
                bar.colour
            );
        }
    }
}

fn legend(svg: &mut String, panel: &Panel, y: f64) {
    let lines = panel.lines.iter().map(|l| (l.name, l.colour, l.dashed));
    let entries: Vec<_> = panel.bars.iter().map(|b| (b.name, b.colour, false)).chain(lines).collect();
    if entries.len() < 2 {
        return;
    }
    let mut at = LEFT;
    for (name, colour, dashed) in entries {
        let dash = if dashed { " stroke-dasharray=\"5 4\"" } else { "" };
        let _ = writeln!(
            svg,
            "<line x1=\"{at:.0}\" x2=\"{:.0}\" y1=\"{y}\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"4\"{dash}/>\
             <text class=\"l\" x=\"{:.0}\" y=\"{}\">{name}</text>",
            at + 22.0,
            at + 28.0,
            y + 4.0
        );
        at += 48.0 + 6.6 * name.chars().count() as f64;
    }
}

/// Lower and upper end of the axis, and its ticks.
fn scale(panel: &Panel) -> (f64, f64, Vec<f64>) {
    let lines = panel.lines.iter().flat_map(|l| l.points.iter().map(|&(_, v)| v));
    let places = panel.bars.first().map_or(0, |b| b.values.len());
    let stacks = panel.bars.iter().map(|b| b.stack + 1).max().unwrap_or(0);
    let tops = (0..places).flat_map(|i| {
        (0..stacks).map(move |stack| {
            let parts = panel.bars.iter().filter(|b| b.stack == stack);
            parts.filter_map(|b| b.values.get(i)).map(|&(_, v)| v).sum::<f64>()
        })
    });
    let values: Vec<f64> = lines.chain(tops).filter(|v| v.is_finite()).collect();
    let most = values.iter().copied().fold(0.0, f64::max);
    let least = values.iter().copied().fold(f64::INFINITY, f64::min).min(most);
    if panel.log {
        let mut low = 10f64.powf(least.max(1e-6).log10().floor());
        let high = 10f64.powf(most.max(low * 1.01).log10().ceil());
        if high <= low {
            low /= 10.0;
        }
        let decades = (high / low).log10().round() as i32;
        let ticks = (0..=decades).flat_map(|d| {
            let base = low * 10f64.powi(d);
            [base, 2.0 * base, 5.0 * base]
        });
        return (low, high, ticks.filter(|&t| t <= high * 1.001).collect());
    }
    let from = if panel.zoom { least } else { least.min(0.0) };
    let span = if most > from { most - from } else { 1.0 };
    let rough = span / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|s| s * power).find(|&s| s >= rough).unwrap_or(rough);
    let low = (from / step).floor() * step;
    let high = (most / step).ceil().max(low / step + 1.0) * step;
    let count = ((high - low) / step).round() as i32;
    (low, high, (0..=count).map(|i| low + step * f64::from(i)).collect())
}

/// A tick's label: no more digits than it needs.
fn number(v: f64) -> String {
    let text = match v.abs() {
        a if a >= 100.0 || a == 0.0 => format!("{v:.0}"),
        a if a >= 1.0 => format!("{v:.2}"),
        _ => format!("{v:.4}"),
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}
