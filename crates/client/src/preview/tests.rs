//! Every builder's instruction is known, and the accounts that are shown under a name are those.
use super::*;
use crate::{address, credits_ix, governance_ix, jobs_ix, models_ix, rounds_ix, staking_ix};
use ::credits::{BuyOrder, Order};
use ::governance::{Action, Choice, Target};
use ::jobs::state::{Job, Status};
use ::jobs::{CommitArgs, ModelArgs, PostArgs};
use ::staking::state::PoolKind;

fn key(byte: u8) -> Pubkey {
    Pubkey::new_from_array([byte; 32])
}

const A: u8 = 1;
const B: u8 = 2;

fn a_job() -> Job {
    Job {
        status: Status::Committed,
        user: key(5),
        seq: 0,
        model_root: [2; 32],
        rows: 8,
        input_root: [3; 32],
        input_blob: [4; 32],
        model_blob: [5; 32],
        price: 1_000,
        claim_deadline: 100,
        execute_s: 30,
        device: key(6),
        operator: key(7),
        reserved: 1,
        commit_deadline: 0,
        commitment: [0; 32],
        result_blob: [0; 32],
        window_end: 0,
        audit_bps: 0,
        audit_cells: 0,
        audit: ::jobs::state::Audit::None,
        demands: ::jobs::state::Demands::default(),
        bump: 255,
    }
}

/// Instructions with the accounts that must be shown.
fn all() -> Vec<(Instruction, Vec<(&'static str, Pubkey)>)> {
    let (a, b, job) = (key(A), key(B), a_job());
    let (operator, user) = (address::operator_pool(&b), address::pool(&b, PoolKind::User));
    let own = address::pool(&a, PoolKind::User);
    let address = key(9);
    let post = PostArgs {
        seq: 3,
        rows: 8,
        input_root: [0; 32],
        input_blob: [0; 32],
        model_blob: [0; 32],
        price: 500_000,
        claim_s: 60,
        execute_s: 30,
    };
    let model = ModelArgs { root: [8; 32], blob: [0; 32], name: "m".into(), layers: Vec::new() };
    let set = Action::Credits(Order::Set { parameter: ::credits::Parameter::FeeBps, value: 450 });
    let proposal = address::proposal(4);
    let item = ::jobs::Item::LayerRoots;
    let demand = ::jobs::state::Demand { job: address, n: 3, demander: b, item, bond: 9, deadline: 7, bump: 255 };
    vec![
        (credits_ix::buy_credits(a, b, 0, BuyOrder::ExactIn { io: 1, min_iosd: 0 }), vec![("user", a)]),
        (credits_ix::open_earnings(a, b), vec![("supplier", b)]),
        (credits_ix::open_loyalty(a, b), vec![("user", b)]),
        (credits_ix::request_redemption(a, 0, 5), vec![("supplier", a)]),
        (credits_ix::advance_epoch(a, 7, b), vec![]),
        (credits_ix::settle_redemption(a, b, 0, a, 1), vec![("supplier", b)]),
        (credits_ix::redeem_loyalty(a, 5), vec![("user", a)]),
        (credits_ix::submit_price(a, 5), vec![("submitter", a)]),
        (credits_ix::administer(a, Order::Pause { flags: 1 }), vec![("authority", a)]),
        (credits_ix::accept_authority(a), vec![("authority", a)]),
        (credits_ix::open_shard(a, 3), vec![]),
        (credits_ix::create_io_account(a, b), vec![("of", b)]),
        (credits_ix::create_iosd_account(a, b), vec![("of", b)]),
        (credits_ix::transfer_io(a, b, 5)[1].clone(), vec![("from", a), ("to account", address::io_account(&b))]),
        (credits_ix::transfer_sol(a, b, 5), vec![("from", a), ("to", b)]),
        (
            jobs_ix::post_job(a, &[8; 32], post),
            vec![("user", a), ("model", address::model(&[8; 32])), ("job", address::job(&a, 3))],
        ),
        (jobs_ix::open_user(a), vec![("user", a)]),
        (jobs_ix::register_model(a, model), vec![("publisher", a)]),
        (models_ix::open_draft(a, [7; 32], 48), vec![("publisher", a)]),
        (models_ix::write_draft(a, [7; 32], 0, vec![1; 64]), vec![("publisher", a)]),
        (models_ix::close_draft(a, [7; 32]), vec![("publisher", a)]),
        (jobs_ix::register_operator(a), vec![("operator", a)]),
        (jobs_ix::register_device(a, b, "d".into(), 1), vec![("operator", a), ("device", b)]),
        (jobs_ix::retire_device(a, b), vec![("operator", a), ("device account", address::device(&b))]),
        (rounds_ix::set_offer(a, b, 7), vec![("operator", a), ("device account", address::device(&b))]),
        (rounds_ix::set_class(a, b, 2), vec![("operator", a), ("device account", address::device(&b))]),
        (rounds_ix::open_round(a, 4), vec![("opener", a)]),
        (rounds_ix::advance_round(4), vec![("round", address::round(4))]),
        (rounds_ix::commit_challenge(a, b, 4, [1; 32]), vec![("device", a), ("round", address::round(4))]),
        (
            rounds_ix::answer_cell(a, 4, 3, [0; 256], Vec::new()),
            vec![("device account", address::device(&a)), ("round", address::round(4))],
        ),
        (rounds_ix::fail_challenge(a, b), vec![("device account", address::device(&a))]),
        (
            rounds_ix::prove_cell(a, b, 4, (1, 2), [0; 256], Vec::new()),
            vec![("prover", a), ("device account", address::device(&b))],
        ),
        (rounds_ix::punish_device(a, b, key(3)), vec![("device account", address::device(&a))]),
        (
            rounds_ix::share_idle_pay(a, b, 4),
            vec![("device account", address::device(&a)), ("round", address::round(4))],
        ),
        (
            rounds_ix::claim_idle_pay(a),
            vec![("operator account", address::operator(&a)), ("to", address::io_account(&a))],
        ),
        (rounds_ix::close_round(4, a), vec![("round", address::round(4))]),
        (jobs_ix::claim_job(a, b, key(3), address), vec![("device", a), ("job", address)]),
        (
            jobs_ix::commit_result(a, address, CommitArgs { commitment: [0; 32], result_blob: [0; 32] }),
            vec![("device", a), ("job", address)],
        ),
        (jobs_ix::draw_audit(a, address), vec![("caller", a), ("job", address)]),
        (jobs_ix::open_cell(a, address, &job, 1), vec![("prover", a), ("job", address)]),
        (jobs_ix::expire_audit(a, address, &job), vec![("caller", a), ("job", address)]),
        (jobs_ix::accept_result(a, address, &job), vec![("user", a), ("job", address)]),
        (jobs_ix::settle_job(address, &job), vec![("job", address)]),
        (jobs_ix::cancel_job(a, address, &job), vec![("user", a), ("job", address)]),
        (jobs_ix::expire_unclaimed(address, &job), vec![("job", address)]),
        (jobs_ix::expire_claim(address, &job), vec![("job", address), ("user", job.user)]),
        (jobs_ix::dispute_cell(a, address, &job, (0, 1, 2)), vec![("prover", a), ("job", address)]),
        (
            jobs_ix::demand_data(a, address, &job, demand.item),
            vec![("demander", a), ("job", address), ("demand", address::demand(&address, 0))],
        ),
        (
            jobs_ix::answer_demand(a, &job, &demand),
            vec![("prover", a), ("job", address), ("demand", address::demand(&address, 3)), ("demander", b)],
        ),
        (
            jobs_ix::expire_demand(a, &job, &demand),
            vec![("caller", a), ("demand", address::demand(&address, 3)), ("demander", b), ("job", address)],
        ),
        (
            jobs_ix::close_demand(&demand),
            vec![("demand", address::demand(&address, 3)), ("job", address), ("demander", b)],
        ),
        (jobs_ix::open_proof(a, address, 5), vec![("prover", a), ("job", address)]),
        (jobs_ix::grow_proof(a, address, 5), vec![("prover", a)]),
        (jobs_ix::write_proof(a, address, 5, vec![1]), vec![("prover", a)]),
        (jobs_ix::close_proof(a, address), vec![("prover", a)]),
        (jobs_ix::administer(a, ::jobs::Order::Pause { flags: 1 }), vec![("authority", a)]),
        (jobs_ix::accept_authority(a), vec![("authority", a)]),
        (jobs_ix::open_shard(a, 3), vec![]),
        (staking_ix::stake(a, operator, 5), vec![("holder", a), ("pool", operator)]),
        (staking_ix::unstake(a, operator, 5), vec![("holder", a), ("pool", operator)]),
        (staking_ix::withdraw(a, operator), vec![("holder", a), ("pool", operator)]),
        (staking_ix::close_position(a, operator, b), vec![("holder", a), ("pool", operator)]),
        (
            staking_ix::refresh_position(operator, a),
            vec![("pool", operator), ("position", address::position(&operator, &a))],
        ),
        (staking_ix::claim_rewards(key(3), operator, a), vec![("pool", operator), ("holder", a)]),
        (staking_ix::claim_rebates(key(3), b, a), vec![("pool", user), ("holder", a)]),
        (staking_ix::claim_commission(a, b), vec![("pool", operator), ("operator", b)]),
        (staking_ix::collect_rewards(), vec![]),
        (staking_ix::fold_pool(operator), vec![("pool", operator)]),
        (staking_ix::redeem_loyalty(a, 5), vec![("user", a), ("pool", own)]),
        (staking_ix::open_pool(a, PoolKind::User, 500), vec![("owner", a), ("pool", own)]),
        (staking_ix::set_commission(a, PoolKind::User, 500), vec![("owner", a), ("pool", own)]),
        (staking_ix::administer(a, ::staking::Order::Pause { flags: 1 }), vec![("authority", a)]),
        (staking_ix::accept_authority(a), vec![("authority", a)]),
        (staking_ix::open_shard(a, 3), vec![]),
        (governance_ix::propose(a, 4, set), vec![("proposer", a), ("proposal", proposal)]),
        (
            governance_ix::vote(b, a, operator, 4, Choice::Yes),
            vec![("voter", a), ("proposal", proposal), ("position", address::position(&operator, &a))],
        ),
        (governance_ix::finish(4), vec![("proposal", proposal)]),
        (governance_ix::execute(4, &set), vec![("proposal", proposal)]),
        (governance_ix::execute_payment(a, 4, b), vec![("proposal", proposal), ("recipient", b)]),
        (governance_ix::close_proposal(a, 4, b), vec![("proposal", proposal), ("proposer", b)]),
        (governance_ix::close_vote(4, key(3), b), vec![("vote", address::vote(&proposal, &key(3))), ("to", b)]),
        (governance_ix::veto(a, 4), vec![("guardian", a), ("proposal", proposal)]),
        (governance_ix::offer_guardian(a, b), vec![("guardian", a)]),
        (governance_ix::accept_guardian(a), vec![("guardian", a)]),
        (governance_ix::guardian_pause(a, Target::Jobs, 2), vec![("guardian", a)]),
        (governance_ix::accept_program_authority(Target::Staking), vec![]),
        (governance_ix::open_shard(a, 3), vec![]),
    ]
}

#[test]
fn every_instruction_is_known_and_shows_the_accounts_that_it_names() {
    for (instruction, accounts) in all() {
        let step = step(&instruction);
        assert!(!step.instruction.contains("NOT KNOWN"), "{step:?}");
        assert_eq!(step.accounts, accounts, "{}", step.instruction);
    }
}

#[test]
fn amounts_are_shown_in_whole_coins_and_a_missing_limit_as_such() {
    let buy = |order| Preview::of(&[credits_ix::buy_credits(key(A), key(B), 0, order)], &key(A)).to_string();
    let shown = buy(BuyOrder::ExactOut { iosd: 5_000_000, max_io: u64::MAX });
    assert!(shown.contains("5.000000 IOSD") && shown.contains("whatever the price asks"), "{shown}");
    let shown = buy(BuyOrder::ExactOut { iosd: 1, max_io: 2_000_000_000 });
    assert!(shown.contains("0.000001 IOSD") && shown.contains("20.00000000 IO"), "{shown}");
}

#[test]
fn changed_bytes_and_strange_programs_are_never_shown_as_something_known() {
    let mut instruction = staking_ix::stake(key(A), key(B), 5);
    instruction.data.push(0);
    assert!(step(&instruction).instruction.contains("NOT KNOWN"), "an argument more");
    instruction.data.truncate(12);
    assert!(step(&instruction).instruction.contains("NOT KNOWN"), "an argument less");
    let mut instruction = staking_ix::stake(key(A), key(B), 5);
    instruction.program_id = key(7);
    let shown = step(&instruction);
    assert!(shown.instruction.contains("NOT KNOWN") && shown.program == key(7).to_string());
    assert!(!shown.accounts.is_empty(), "whatever it may change is listed");
}

#[test]
fn everybody_who_signs_is_named() {
    let register = jobs_ix::register_device(key(A), key(B), "d".into(), 0);
    let preview = Preview::of(&[register], &key(A));
    assert_eq!(preview.signers, [key(A), key(B)]);
    assert!(preview.to_string().contains(&format!("also signed by {}", key(B))));
}

#[test]
fn a_proposal_is_shown_by_what_it_does() {
    let action = Action::Credits(Order::Set { parameter: ::credits::Parameter::FeeBps, value: 450 });
    let shown = Preview::of(&[governance_ix::propose(key(A), 0, action)], &key(A)).to_string();
    assert!(shown.contains("set credits.fee_bps to 450 bps"), "{shown}");
    let action = Action::Jobs(::jobs::Order::Pause { flags: 3 });
    assert_eq!(words::action(&action), "pause in jobs, and nothing else there: post, claim");
}
