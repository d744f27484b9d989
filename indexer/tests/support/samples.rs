//! One of every event, with awkward values.
use super::event_data;
use super::story::key;
use credits::events::*;
use indexer::Program;
use jobs::Item;
use jobs::events::{self as job_events, *};

pub type Sample = (Program, &'static str, Vec<u8>);

pub fn stamp() -> Stamp {
    Stamp { shard: 15, seq: 0x0102_0304, slot: u64::MAX, time: -1 }
}

pub fn samples() -> Vec<Sample> {
    [
        credits_samples(),
        money_samples(),
        jobs_samples(),
        super::samples_of_rounds::samples(),
        super::samples_of_stake::samples(),
        super::samples_of_votes::samples(),
    ]
    .concat()
}

fn credits_samples() -> Vec<Sample> {
    use Program::Credits;
    let (k, max, stamp) = (key(77), u64::MAX, stamp());
    vec![
        (Credits, "ShardOpened", event_data(&credits::events::ShardOpened { stamp })),
        (
            Credits,
            "PriceSubmitted",
            event_data(&PriceSubmitted { stamp, submitter: k, price: max, spot: 0, average: 1 }),
        ),
        (
            Credits,
            "CreditsBought",
            event_data(&CreditsBought {
                stamp,
                user: k,
                io_burned: max,
                iosd_minted: 2,
                price: 3,
                epoch: 4,
                epoch_io_burned: max,
                iosd_balance: 6,
            }),
        ),
        (Credits, "EscrowLocked", event_data(&EscrowLocked { stamp, job: k, user: k, amount: max, iosd_balance: 0 })),
        (
            Credits,
            "EscrowRefunded",
            event_data(&EscrowRefunded { stamp, job: k, user: k, amount: max, iosd_balance: 0 }),
        ),
        (
            Credits,
            "EscrowSettled",
            event_data(&EscrowSettled {
                stamp,
                job: k,
                user: k,
                supplier: k,
                price: max,
                supplier_share: 1,
                retired: 2,
                incentives: 3,
                earnings_owed: 4,
                points: 5,
            }),
        ),
        (Credits, "EarningsOpened", event_data(&EarningsOpened { stamp, owner: k })),
    ]
}

/// Epochs, the schedule, loyalty and orders.
fn money_samples() -> Vec<Sample> {
    use credits::{Parameter, PriceSource, Purpose};
    let (k, max, stamp) = (key(77), u64::MAX, stamp());
    let of = |kind, data| (Program::Credits, kind, data);
    let requested = RedemptionRequested {
        stamp,
        owner: k,
        amount: 1,
        epoch: max,
        requested: 2,
        earnings_owed: 3,
        epoch_requested: 4,
    };
    let closed = EpochClosed {
        stamp,
        epoch: 1,
        io_burned: 2,
        smoothed_burn: 3,
        requested: 4,
        paid: 5,
        allocated: 6,
        price: 0,
        reserve: 8,
        allocated_total: 9,
        idle: 10,
        stakers: 11,
        treasury: max,
        supply: 13,
    };
    let settled = RedemptionSettled {
        stamp,
        owner: k,
        epoch: 1,
        requested: 2,
        charged: 3,
        io_minted: 4,
        dust: 5,
        rest: 6,
        joined: 7,
        joined_requested: 8,
        reserve: 9,
        allocated_total: max,
    };
    let minted = ScheduleMinted {
        stamp,
        purpose: Purpose::Treasury,
        to: k,
        amount: 1,
        available: 2,
        minted: 3,
        epoch: 4,
        epoch_minted: max,
    };
    let redeemed = LoyaltyRedeemed {
        stamp,
        user: k,
        points: 1,
        rebate: 2,
        to_stakers: 3,
        points_left: 4,
        rebated: 5,
        pooled: 6,
        iosd_balance: max,
    };
    let pyth = PriceSource::Pyth { receiver: k, account: k, feed_id: [9; 32] };
    vec![
        of("RedemptionRequested", event_data(&requested)),
        of("EpochClosed", event_data(&closed)),
        of("RedemptionSettled", event_data(&settled)),
        of("ScheduleMinted", event_data(&minted)),
        of("LoyaltyOpened", event_data(&LoyaltyOpened { stamp, user: k })),
        of("LoyaltyShared", event_data(&LoyaltyShared { stamp, user: k })),
        of("LoyaltyRedeemed", event_data(&redeemed)),
        of(
            "RebateMinted",
            event_data(&RebateMinted { stamp, user: k, to: k, amount: max, pooled: 1, iosd_balance: 2 }),
        ),
        of(
            "ParameterSet",
            event_data(&credits::events::ParameterSet { stamp, parameter: Parameter::LoyaltyBps, old: 1, new: max }),
        ),
        of("Paused", event_data(&credits::events::Paused { stamp, flags: 7 })),
        of("AuthorityOffered", event_data(&credits::events::AuthorityOffered { stamp, to: k })),
        of("AuthorityAccepted", event_data(&credits::events::AuthorityAccepted { stamp, authority: k })),
        of("SubmitterReplaced", event_data(&SubmitterReplaced { stamp, old: k, new: k })),
        of("PriceSourceSet", event_data(&PriceSourceSet { stamp, source: PriceSource::Feed })),
        of("PriceSourceSet", event_data(&PriceSourceSet { stamp, source: pyth })),
        of(
            "MinterSet",
            event_data(&MinterSet { stamp, purpose: Purpose::Idle, authority: k, total_limit: max, epoch_limit: 0 }),
        ),
    ]
}

fn jobs_samples() -> Vec<Sample> {
    use Program::Jobs;
    let (k, max, stamp) = (key(77), u64::MAX, stamp());
    vec![
        (Jobs, "ShardOpened", event_data(&job_events::ShardOpened { stamp })),
        (Jobs, "OperatorRegistered", event_data(&OperatorRegistered { stamp, operator: k })),
        (
            Jobs,
            "DeviceRegistered",
            event_data(&DeviceRegistered {
                stamp,
                device: k,
                operator: k,
                name: "rig \0 é".into(),
                class: 3,
                required_stake: max,
                since_round: max,
            }),
        ),
        (
            Jobs,
            "ModelRegistered",
            event_data(&ModelRegistered {
                stamp,
                root: [1; 32],
                publisher: k,
                name: String::new(),
                blob: [2; 32],
                layers: 255,
                input_width: u32::MAX,
                output_width: 1,
                macs_per_row: max,
            }),
        ),
        (Jobs, "UserOpened", event_data(&UserOpened { stamp, user: k })),
        (
            Jobs,
            "JobPosted",
            event_data(&JobPosted {
                stamp,
                job: k,
                user: k,
                seq: max,
                model_root: [1; 32],
                rows: 2,
                input_root: [3; 32],
                input_blob: [4; 32],
                model_blob: [7; 32],
                price: 5,
                claim_deadline: i64::MIN,
                execute_s: 6,
            }),
        ),
        (
            Jobs,
            "JobClaimed",
            event_data(&JobClaimed {
                stamp,
                job: k,
                device: k,
                operator: k,
                commit_deadline: i64::MAX,
                reserved: max,
                audit_bps: 10_000,
                audit_cells: 32,
            }),
        ),
        (
            Jobs,
            "ResultCommitted",
            event_data(&ResultCommitted {
                stamp,
                job: k,
                device: k,
                commitment: [1; 32],
                result_blob: [2; 32],
                window_end: 3,
                draw_slot: max,
            }),
        ),
        (
            Jobs,
            "AuditDrawn",
            event_data(&AuditDrawn {
                stamp,
                job: k,
                caller: k,
                fee: 1,
                slot: max,
                slot_hash: [1; 32],
                seed: [2; 32],
                certain: false,
                audited: true,
                cells: 32,
                deadline: 3,
            }),
        ),
        (Jobs, "AuditMissed", event_data(&AuditMissed { stamp, job: k, missed_slot: 1, draw_slot: max, cells: 4 })),
        (
            Jobs,
            "CellOpened",
            event_data(&CellOpened {
                stamp,
                job: k,
                prover: k,
                index: 31,
                layer: 1,
                row: u32::MAX,
                column: 3,
                left: 4,
            }),
        ),
        (
            Jobs,
            "AuditExpired",
            event_data(&AuditExpired {
                stamp,
                job: k,
                device: k,
                operator: k,
                caller: k,
                left: 1,
                refund: 2,
                slashed: max,
            }),
        ),
        (
            Jobs,
            "JobPaid",
            event_data(&JobPaid {
                stamp,
                job: k,
                device: k,
                operator: k,
                price: 1,
                verification: Verification::Audited,
                device_jobs_paid: 2,
            }),
        ),
        (Jobs, "JobCancelled", event_data(&JobCancelled { stamp, job: k, refund: 1 })),
        (Jobs, "JobExpired", event_data(&JobExpired { stamp, job: k, device: None, refund: 1, forfeited: 0 })),
        (Jobs, "JobExpired", event_data(&JobExpired { stamp, job: k, device: Some(k), refund: 1, forfeited: 2 })),
        (
            Jobs,
            "FaultProven",
            event_data(&FaultProven {
                stamp,
                job: k,
                device: k,
                operator: k,
                prover: k,
                layer: 1,
                row: 2,
                column: 3,
                expected: i32::MIN,
                committed: 4,
                refund: 5,
                slashed: 6,
            }),
        ),
        (
            Jobs,
            "DemandMade",
            event_data(&DemandMade {
                stamp,
                job: k,
                n: u16::MAX,
                demander: k,
                item: Item::Nodes { layer: 1, row: None, level: 20, index: u32::MAX, depth: 6 },
                bond: max,
                deadline: i64::MAX,
            }),
        ),
        (
            Jobs,
            "DemandMade",
            event_data(&DemandMade {
                stamp,
                job: k,
                n: 1,
                demander: k,
                item: Item::Segments { layer: 1, row: u32::MAX, first: 2, count: 8 },
                bond: 0,
                deadline: 0,
            }),
        ),
        (
            Jobs,
            "DemandAnswered",
            event_data(&DemandAnswered {
                stamp,
                job: k,
                n: 1,
                demander: k,
                prover: k,
                bond: max,
                window_end: i64::MIN,
                data: vec![255; 2_048],
            }),
        ),
        (
            Jobs,
            "DemandExpired",
            event_data(&DemandExpired {
                stamp,
                job: k,
                n: 1,
                demander: k,
                bond: max,
                device: k,
                operator: k,
                caller: k,
                refund: 1,
                slashed: 2,
            }),
        ),
        (Jobs, "DemandClosed", event_data(&DemandClosed { stamp, job: k, n: 1, demander: k, bond: 2 })),
        (Jobs, "DeviceRetired", event_data(&DeviceRetired { stamp, device: k, operator: k, required_stake: 0 })),
        (
            Jobs,
            "ParameterSet",
            event_data(&job_events::ParameterSet { stamp, parameter: jobs::Parameter::ClassStake3, old: 1, new: max }),
        ),
        (Jobs, "Paused", event_data(&job_events::Paused { stamp, flags: 7 })),
        (Jobs, "AuthorityOffered", event_data(&job_events::AuthorityOffered { stamp, to: k })),
        (Jobs, "AuthorityAccepted", event_data(&job_events::AuthorityAccepted { stamp, authority: k })),
    ]
}
