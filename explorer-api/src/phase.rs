//! Where a proposal stands at a moment. The chain stores only what somebody did; that time has passed is told here.
use explorer_client::Phase;

/// What the tables know of it.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub status: &'a str,
    pub voting_end: i64,
    pub eta: i64,
    pub expires: i64,
    /// The voting rules have changed since it was made.
    pub voided: bool,
}

/// `now` in unix seconds by the chain's clock.
pub fn of(facts: Facts<'_>, now: i64) -> Phase {
    match facts.status {
        "voting" if now < facts.voting_end => Phase::Voting,
        "voting" => Phase::Ended,
        "passed" if facts.voided => Phase::Voided,
        "passed" if now < facts.eta => Phase::Timelocked,
        "passed" if now <= facts.expires => Phase::Executable,
        "passed" => Phase::Expired,
        "rejected" => Phase::Rejected,
        "vetoed" => Phase::Vetoed,
        "executed" => Phase::Executed,
        _ => Phase::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_alone_moves_a_proposal_on_at_the_chains_own_seconds() {
        let facts = |status, voided| Facts { status, voting_end: 100, eta: 200, expires: 300, voided };
        for (status, now, phase) in [
            ("voting", 99, Phase::Voting),
            ("voting", 100, Phase::Ended),
            ("passed", 199, Phase::Timelocked),
            ("passed", 200, Phase::Executable),
            ("passed", 300, Phase::Executable),
            ("passed", 301, Phase::Expired),
            ("executed", 301, Phase::Executed),
        ] {
            assert_eq!(of(facts(status, false), now), phase, "{status} at {now}");
        }
        assert_eq!(of(facts("passed", true), 250), Phase::Voided);
        assert_eq!(of(facts("executed", true), 250), Phase::Executed);
        assert_eq!(of(facts("won", false), 250), Phase::Unknown);
    }
}
