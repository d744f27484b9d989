//! How long the stages of a run took.
use std::time::Instant;

/// A stop watch with named laps, in order.
pub struct Stages {
    last: Instant,
    laps: serde_json::Map<String, serde_json::Value>,
}

impl Stages {
    pub fn start() -> Self {
        Stages { last: Instant::now(), laps: serde_json::Map::new() }
    }

    /// Ends the stage that began with the last call.
    pub fn lap(&mut self, name: &str) {
        self.put(name, self.last.elapsed().as_secs_f64());
        self.last = Instant::now();
    }

    /// Notes a time that was measured elsewhere, seconds.
    pub fn put(&mut self, name: &str, seconds: f64) {
        self.laps.insert(name.into(), ((seconds * 1e6).round() / 1e6).into());
    }

    pub fn laps(self) -> serde_json::Map<String, serde_json::Value> {
        self.laps
    }
}
