mod support;

use anchor_lang::prelude::Pubkey;
use credits::events::Stamp;
use indexer::{DecodeFault, Event, Program, decode};
use jobs::events::UserOpened;
use std::collections::HashSet;
use support::event_data;
use support::samples::{samples, stamp};
use support::story::key;

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
fn one_programs_event_under_another_program_is_unknown_unless_both_have_it() {
    let known: HashSet<(Program, &str)> = samples().iter().map(|(program, kind, _)| (*program, *kind)).collect();
    for (program, kind, data) in samples() {
        for other in Program::ALL.into_iter().filter(|p| *p != program) {
            let unknown = matches!(read(other, &data), Err(DecodeFault::UnknownKind(_)));
            assert_eq!(unknown, !known.contains(&(other, kind)), "{kind} of {program:?} as {other:?}");
        }
    }
}

#[test]
fn every_event_has_a_sample() {
    let kinds: HashSet<(Program, &str)> = samples().iter().map(|(program, kind, _)| (*program, *kind)).collect();
    let count = |program| kinds.iter().filter(|(of, _)| *of == program).count();
    // An event that is added to a program must be added to the decoder and to the samples.
    for (program, source) in [
        (Program::Credits, include_str!("../../programs/credits/src/events.rs")),
        (Program::Jobs, include_str!("../../programs/jobs/src/events.rs")),
        (Program::Staking, include_str!("../../programs/staking/src/events.rs")),
        (Program::Governance, include_str!("../../programs/governance/src/events.rs")),
    ] {
        assert_eq!(count(program), source.matches("#[event]").count(), "{program:?}");
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
fn every_event_that_names_a_job_belongs_to_its_history() {
    let mut named = HashSet::new();
    for (program, kind, data) in samples() {
        let event = read(program, &data).unwrap();
        let job = event.job().map(|job| Pubkey::from(job).to_string());
        assert_eq!(event.body().get("job").map(|job| job.as_str().unwrap().to_owned()), job, "{kind}");
        if job.is_some() {
            named.insert(kind);
        }
    }
    for kind in ["EscrowLocked", "JobPosted", "AuditDrawn", "AuditMissed", "CellOpened", "AuditExpired", "DemandMade"] {
        assert!(named.contains(kind), "{kind}");
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
