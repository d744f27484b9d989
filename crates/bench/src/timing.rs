//! Medians, and the machine in words.
use std::time::Instant;

/// The middle value; of an even number, the upper one. NaN of none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Seconds that `run` takes, and what it gives.
pub fn timed<T>(run: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let out = run();
    (start.elapsed().as_secs_f64(), out)
}

/// The processor's name, as the system gives it.
pub fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| "unknown".into(), |(_, name)| name.trim().into())
}

/// Three digits are more than such figures are worth.
pub fn rounded(x: f64) -> f64 {
    let scale = 10f64.powf(2.0 - x.abs().log10().floor());
    if x.is_normal() { (x * scale).round() / scale } else { x }
}
