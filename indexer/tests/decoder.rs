mod support;

use anchor_lang::prelude::Pubkey;
use credits::events::*;
use indexer::{DecodeFault, Event, Program, decode};
use jobs::events::{self as job_events, *};
use support::event_data;
use support::story::key;

fn stamp() -> Stamp {
    Stamp { shard: 15, seq: 0x0102_0304, slot: u64::MAX, time: -1 }
}

/// Every event of both programs, with awkward values.
fn samples() -> Vec<(Program, &'static str, Vec<u8>)> {
    use Program::{Credits, Jobs};
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
            }),
        ),
        (Credits, "EarningsOpened", event_data(&EarningsOpened { stamp, owner: k })),
        (
            Credits,
            "EarningsRedeemed",
            event_data(&EarningsRedeemed {
                stamp,
                owner: k,
                iosd: 1,
                io_minted: 2,
                price: 3,
                epoch: 4,
                epoch_io_redeemed: 5,
                earnings_owed: 6,
            }),
        ),
        (Jobs, "ShardOpened", event_data(&job_events::ShardOpened { stamp })),
        (Jobs, "OperatorRegistered", event_data(&OperatorRegistered { stamp, operator: k })),
        (
            Jobs,
            "DeviceRegistered",
            event_data(&DeviceRegistered { stamp, device: k, operator: k, name: "rig \0 é".into() }),
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
            event_data(&JobClaimed { stamp, job: k, device: k, operator: k, commit_deadline: i64::MAX }),
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
                verification: Verification::Unchallenged,
                device_jobs_paid: 2,
            }),
        ),
        (Jobs, "JobCancelled", event_data(&JobCancelled { stamp, job: k, refund: 1 })),
        (Jobs, "JobExpired", event_data(&JobExpired { stamp, job: k, device: None, refund: 1 })),
        (Jobs, "JobExpired", event_data(&JobExpired { stamp, job: k, device: Some(k), refund: 1 })),
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
            }),
        ),
    ]
}

fn read(program: Program, data: &[u8]) -> Result<Event, DecodeFault> {
    decode(program, &[program.event_authority()], data).expect("the data has the event tag")
}

#[test]
fn every_event_reads_back_with_its_name_and_stamp() {
    for (program, kind, data) in samples() {
        let event = read(program, &data).unwrap();
        assert_eq!((event.program(), event.kind(), event.stamp()), (program, kind, stamp()));
    }
}

#[test]
fn one_byte_less_or_more_is_a_fault_of_every_event() {
    for (program, kind, data) in samples() {
        for length in 8..data.len() {
            let fault = read(program, &data[..length]).map(|e| e.kind()).unwrap_err();
            let expected = if length < 16 { "room for a discriminator" } else { kind };
            assert!(fault.to_string().contains(expected), "{kind} cut to {length}: {fault}");
        }
        let longer = [data.as_slice(), &[0]].concat();
        assert!(matches!(read(program, &longer), Err(DecodeFault::Body { .. })), "{kind} with a byte more");
    }
}

#[test]
fn only_the_programs_own_authority_and_no_other_account_is_believed() {
    for (program, kind, data) in samples() {
        let own = program.event_authority();
        let other = Program::ALL.into_iter().find(|p| *p != program).unwrap().event_authority();
        for accounts in [vec![], vec![other], vec![own, own], vec![[0; 32]]] {
            let fault = decode(program, &accounts, &data).unwrap().map(|e| e.kind()).unwrap_err();
            assert_eq!(fault, DecodeFault::Authority, "{kind}");
        }
    }
}

#[test]
fn one_programs_event_under_the_other_program_is_unknown() {
    for (program, kind, data) in samples() {
        let other = Program::ALL.into_iter().find(|p| *p != program).unwrap();
        // Both programs have this one, with the same bytes.
        if kind != "ShardOpened" {
            assert!(matches!(read(other, &data), Err(DecodeFault::UnknownKind(_))), "{kind}");
        }
    }
}

#[test]
fn ordinary_instructions_are_not_events() {
    assert!(decode(Program::Jobs, &[Program::Jobs.event_authority()], b"accept me").is_none());
    assert!(decode(Program::Jobs, &[], &[]).is_none());
}

#[test]
fn a_sequence_number_that_the_database_cannot_hold_is_a_fault() {
    for seq in [0, u64::MAX] {
        let data = event_data(&UserOpened { stamp: Stamp { seq, ..stamp() }, user: key(1) });
        assert!(matches!(read(Program::Jobs, &data), Err(DecodeFault::Sequence { .. })));
    }
}

#[test]
fn bodies_keep_every_digit_and_hold_no_zero_character() {
    let bodies: Vec<String> = samples().iter().map(|(p, _, data)| read(*p, data).unwrap().body().to_string()).collect();
    assert!(bodies.iter().any(|body| body.contains("\"18446744073709551615\"")));
    assert!(bodies.iter().any(|body| body.contains(&key(77).to_string())));
    assert!(bodies.iter().all(|body| !body.contains("\\u0000")), "the database refuses it");
    assert_eq!(Program::of(&credits::ID.to_bytes()), Some(Program::Credits));
    assert_eq!(Program::of(&Pubkey::default().to_bytes()), None);
}
