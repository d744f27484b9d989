//! How far a job's result is known, in words. The one place where they are chosen: never a better label than the truth.

/// What the tables know of it.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub status: &'a str,
    pub verification: Option<&'a str>,
    /// Whether a device ever claimed the job.
    pub claimed: bool,
    /// Where its audit stands, from its commitment on.
    pub audit: Option<&'a str>,
    /// Whether a demand for its data was not answered.
    pub silent: bool,
}

pub fn words(facts: Facts<'_>) -> &'static str {
    match (facts.status, facts.verification) {
        ("posted", _) => "waiting for a device",
        ("claimed", _) => "being executed, no result yet",
        ("committed", _) => match facts.audit {
            Some("certain") => "result committed, an audit is certain",
            Some("open") => "result committed, being audited on chain",
            Some("passed") => "audited on chain, not yet accepted or settled",
            _ => "result committed, not yet accepted or settled",
        },
        ("paid", Some("accepted")) => "accepted by the user",
        ("paid", Some("unchallenged")) => "settled unchallenged",
        ("paid", Some("audited")) => "audited on chain",
        ("cancelled", _) => "cancelled, refunded",
        ("expired", _) if facts.claimed => "expired without a result, refunded",
        ("expired", _) => "expired unclaimed, refunded",
        ("refunded", _) if facts.silent => "data withheld, refunded",
        ("refunded", _) => "disputed, refunded",
        ("unanswered", _) => "no answer, refunded",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paid_job_whose_check_is_not_known_is_not_called_accepted() {
        let paid = |verification| {
            words(Facts { status: "paid", verification, claimed: true, silent: false, audit: Some("passed") })
        };
        assert_eq!(paid(None), "unknown");
        assert_eq!(paid(Some("witnessed")), "unknown");
        assert_eq!(paid(Some("audited")), "audited on chain");
        assert_eq!(paid(Some("unchallenged")), "settled unchallenged");
    }

    #[test]
    fn silence_is_not_called_a_dispute_and_an_open_audit_not_an_audited_result() {
        let of = |status, audit| words(Facts { status, verification: None, claimed: true, silent: false, audit });
        assert_eq!(of("unanswered", Some("unanswered")), "no answer, refunded");
        assert_eq!(of("refunded", Some("open")), "disputed, refunded");
        assert_eq!(of("committed", Some("open")), "result committed, being audited on chain");
        assert_eq!(of("committed", Some("not_drawn")), "result committed, not yet accepted or settled");
    }
}
