//! One of every event about challenge rounds, with awkward values.
use super::event_data;
use super::samples::{Sample, stamp};
use super::story::key;
use indexer::Program::Jobs;
use jobs::RoundRules;
use jobs::events::*;
use jobs::state::Failure;

pub fn samples() -> Vec<Sample> {
    let (k, max, stamp) = (key(77), u64::MAX, stamp());
    let rules = RoundRules { window_s: 1, every_s: u32::MAX, ceiling: [0, 1, max, 3], ..RoundRules::default() };
    let opened = RoundOpened {
        stamp,
        number: max,
        opener: k,
        slot_hash: [255; 32],
        hash_slot: max,
        window_end: i64::MIN,
        next_round_at: i64::MAX,
        rules,
    };
    let committed = ChallengeCommitted {
        stamp,
        number: max,
        device: k,
        class: 3,
        rows: u32::MAX,
        root: [1; 32],
        seed: [2; 32],
        seconds: 0,
        throughput: max,
    };
    let proven = WrongCellProven {
        stamp,
        number: 1,
        device: k,
        prover: k,
        row: u32::MAX,
        column: 4_095,
        expected: 255,
        committed: 0,
    };
    let failed = |reason| ChallengeFailed {
        stamp,
        number: 1,
        device: k,
        operator: k,
        reason,
        class: 0,
        device_stake: max,
        required_stake: max,
        slashed: max,
    };
    let drawn =
        CellsDrawn { stamp, number: 1, slot: max, slot_hash: [0; 32], answers_until: i64::MAX, proofs_until: i64::MAX };
    let ended = RoundEnded { stamp, number: 1, passed: u32::MAX, weight: u128::MAX, budget: max, promised: max };
    vec![
        (Jobs, "OfferSet", event_data(&OfferSet { stamp, device: k, price: max })),
        (
            Jobs,
            "ClassSet",
            event_data(&ClassSet { stamp, device: k, operator: k, class: 3, device_stake: max, required_stake: max }),
        ),
        (Jobs, "RoundOpened", event_data(&opened)),
        (Jobs, "WindowClosed", event_data(&WindowClosed { stamp, number: 1, committed: u32::MAX, draw_slot: max })),
        (Jobs, "CellsDrawn", event_data(&drawn)),
        (Jobs, "RoundEnded", event_data(&ended)),
        (Jobs, "RoundVoided", event_data(&RoundVoided { stamp, number: 1, committed: 0 })),
        (Jobs, "ChallengeCommitted", event_data(&committed)),
        (
            Jobs,
            "CellAnswered",
            event_data(&CellAnswered { stamp, number: 1, device: k, index: 15, answered: u16::MAX }),
        ),
        (
            Jobs,
            "ChallengePassed",
            event_data(&ChallengePassed { stamp, number: 1, device: k, throughput: max, weight: 0 }),
        ),
        (Jobs, "WrongCellProven", event_data(&proven)),
        (Jobs, "ChallengeFailed", event_data(&failed(Failure::Missed))),
        (Jobs, "ChallengeFailed", event_data(&failed(Failure::Unanswered))),
        (Jobs, "ChallengeFailed", event_data(&failed(Failure::WrongCell))),
        (
            Jobs,
            "IdlePayShared",
            event_data(&IdlePayShared { stamp, number: 1, device: k, operator: k, amount: max, owed: max }),
        ),
        (Jobs, "IdlePaid", event_data(&IdlePaid { stamp, operator: k, amount: max, owed: 0, promised: max })),
        (Jobs, "RoundClosed", event_data(&RoundClosed { stamp, number: 1, left: max, promised: 0 })),
    ]
}
