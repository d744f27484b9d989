//! How far a job's result is known, in words. The one place where they are chosen: never a better label than the truth.

/// What the tables know of it.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub status: &'a str,
    pub verification: Option<&'a str>,
    /// Whether a device ever claimed the job.
    pub claimed: bool,
    /// Whether a demand for its data was not answered.
    pub silent: bool,
}

pub fn words(facts: Facts<'_>) -> &'static str {
    match (facts.status, facts.verification) {
        ("posted", _) => "waiting for a device",
        ("claimed", _) => "being executed, no result yet",
        ("committed", _) => "result committed, not yet accepted or settled",
        ("paid", Some("accepted")) => "accepted by the user",
        ("paid", Some("unchallenged")) => "settled unchallenged",
        ("cancelled", _) => "cancelled, refunded",
        ("expired", _) if facts.claimed => "expired without a result, refunded",
        ("expired", _) => "expired unclaimed, refunded",
        ("refunded", _) if facts.silent => "data withheld, refunded",
        ("refunded", _) => "disputed, refunded",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paid_job_whose_check_is_not_known_is_not_called_accepted() {
        assert_eq!(words(Facts { status: "paid", verification: None, claimed: true, silent: false }), "unknown");
        assert_eq!(
            words(Facts { status: "paid", verification: Some("audited"), claimed: true, silent: false }),
            "unknown"
        );
    }
}
