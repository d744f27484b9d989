use client::{address, jobs_ix};
use jobs::PostArgs;
use jobs::events::JobPosted;
use jobs::state::Status;
use program_tests::forge::replace;
use program_tests::net::{CLAIM_S, IOSD, JOB_PRICE, USER_IOSD, post_args};
use program_tests::{Net, Work, event, stranger, user, work};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn next(net: &Net) -> (PostArgs, Work) {
    let (seq, work) = net.next_job(&user(0), &work::tiny(), 2);
    (post_args(seq, &work), work)
}

fn post(args: PostArgs) -> Instruction {
    jobs_ix::post_job(user(0).pubkey(), &work::tiny().root(), args)
}

#[test]
fn its_price_is_burned_into_escrow() {
    let mut net = Net::new();
    let (args, work) = next(&net);
    let meta = net.ok(&[post(args)], &[&user(0)]);
    assert_eq!(net.iosd(&user(0)), USER_IOSD - JOB_PRICE);
    let escrow: credits::state::Escrow = net.vm.read(&address::escrow(&work.job)).unwrap();
    assert_eq!((escrow.amount, escrow.user, escrow.payer), (JOB_PRICE, user(0).pubkey(), work.job));
    let job = net.job(&work.job).unwrap();
    assert_eq!((job.status, job.price, job.rows), (Status::Posted, JOB_PRICE, 2));
    assert_eq!(job.claim_deadline, net.vm.now() + i64::from(CLAIM_S));
    let posted: JobPosted = event::first(&meta.events);
    assert_eq!((posted.job, posted.input_root, posted.price), (work.job, work.input_root(), JOB_PRICE));
    let counter: jobs::state::User = net.vm.read(&address::user(&user(0).pubkey())).unwrap();
    assert_eq!(counter.next_seq, args.seq + 1);
}

#[test]
fn a_posted_sequence_cannot_be_posted_again_nor_one_be_skipped() {
    let mut net = Net::new();
    let (args, work) = next(&net);
    net.refused("WrongSequence", &[post(PostArgs { seq: args.seq + 1, ..args })], &[&user(0)]);
    net.ok(&[post(args)], &[&user(0)]);
    net.refused(program_tests::ALREADY_IN_USE, &[post(args)], &[&user(0)]);
    // Once it is closed, its address is free again, but not its number.
    let state = net.job(&work.job).unwrap();
    net.ok(&[jobs_ix::cancel_job(user(0).pubkey(), work.job, &state)], &[&user(0)]);
    net.refused("WrongSequence", &[post(args)], &[&user(0)]);
}

#[test]
fn all_of_the_users_iosd_can_be_escrowed_and_not_one_unit_more() {
    let mut net = Net::new();
    let (args, _) = next(&net);
    net.refused("InsufficientCredits", &[post(PostArgs { price: USER_IOSD + 1, ..args })], &[&user(0)]);
    net.ok(&[post(PostArgs { price: USER_IOSD, ..args })], &[&user(0)]);
    assert_eq!(net.iosd(&user(0)), 0);
}

#[test]
fn the_price_must_be_above_zero() {
    let mut net = Net::new();
    let (args, _) = next(&net);
    net.refused("ZeroPrice", &[post(PostArgs { price: 0, ..args })], &[&user(0)]);
    net.ok(&[post(PostArgs { price: 1, ..args })], &[&user(0)]);
}

#[test]
fn a_batch_has_1_to_1048576_rows() {
    let mut net = Net::new();
    let (args, _) = next(&net);
    for rows in [0, (1 << 20) + 1] {
        net.refused("BadRows", &[post(PostArgs { rows, ..args })], &[&user(0)]);
    }
    net.ok(&[post(PostArgs { rows: 1 << 20, ..args })], &[&user(0)]);
}

#[test]
fn time_limits_hold_exactly() {
    let mut net = Net::new();
    let (args, _) = next(&net);
    for (claim_s, execute_s) in [(0, 1), (1, 0), (7 * 86_400 + 1, 1), (1, 86_401)] {
        net.refused("BadTimeLimit", &[post(PostArgs { claim_s, execute_s, ..args })], &[&user(0)]);
    }
    net.ok(&[post(PostArgs { claim_s: 7 * 86_400, execute_s: 86_400, ..args })], &[&user(0)]);
    let (args, _) = next(&net);
    net.ok(&[post(PostArgs { claim_s: 1, execute_s: 1, ..args })], &[&user(0)]);
}

#[test]
fn lamports_sent_to_its_addresses_beforehand_do_not_prevent_it() {
    let mut net = Net::new();
    let (args, work) = next(&net);
    net.vm.airdrop(&work.job, 1_000_000);
    net.vm.airdrop(&address::escrow(&work.job), 1_000_000);
    net.ok(&[post(args)], &[&user(0)]);
}

#[test]
fn an_unregistered_model_is_refused() {
    let mut net = Net::new();
    let (args, _) = next(&net);
    let unknown = jobs_ix::post_job(user(0).pubkey(), &[9; 32], args);
    net.refused("AccountNotInitialized", &[unknown], &[&user(0)]);
}

#[test]
fn a_user_without_a_counter_is_refused() {
    let mut net = Net::new();
    let (args, _) = next(&net);
    let attempt = jobs_ix::post_job(stranger().pubkey(), &work::tiny().root(), args);
    net.refused("AccountNotInitialized", &[attempt], &[&stranger()]);
}

#[test]
fn another_users_accounts_are_refused() {
    let mut net = Net::new();
    let (args, work) = next(&net);
    let (me, other) = (user(0).pubkey(), user(1).pubkey());
    let swaps = [
        (address::user(&me), address::user(&other), "WrongOwner"),
        (address::iosd_account(&me), address::iosd_account(&other), "ConstraintTokenOwner"),
        (work.job, address::job(&other, args.seq), "ConstraintSeeds"),
        (address::escrow(&work.job), address::escrow(&other), "ConstraintSeeds"),
    ];
    for (right, wrong, error) in swaps {
        net.refused(error, &[replace(post(args), right, wrong)], &[&user(0)]);
    }
}

#[test]
fn a_job_is_paid_from_the_associated_account_only() {
    let mut net = Net::new();
    let (args, _) = next(&net);
    let mine = address::iosd_account(&user(0).pubkey());
    let second = client::Pubkey::new_from_array([5; 32]);
    net.vm.set_account(second, net.vm.account(&mine).unwrap());
    net.refused("ConstraintAssociated", &[replace(post(args), mine, second)], &[&user(0)]);
}

#[test]
fn wrong_shards_mints_programs_and_authorities_are_refused() {
    let mut net = Net::new();
    let (args, work) = next(&net);
    let index = credits::constants::shard_of(&work.job);
    let other = (index + 1) % 16;
    let me = user(0).pubkey();
    let swaps = [
        (address::jobs_shard(index), address::jobs_shard(other), "WrongShard"),
        (address::credits_shard(index), address::credits_shard(other), "WrongShard"),
        (address::jobs_shard(index), address::credits_shard(other), "AccountOwnedByWrongProgram"),
        (address::iosd_mint(), address::io_mint(), "ConstraintHasOne"),
        (address::iosd_account(&me), address::io_account(&me), "ConstraintAssociatedTokenTokenProgram"),
        (anchor_spl::token_2022::ID, anchor_spl::token::ID, "InvalidProgramId"),
        (credits::ID, jobs::ID, "InvalidProgramId"),
        (address::jobs_authority(), me, "NotJobsProgram"),
        (address::jobs_config(), address::credits_config(), "AccountOwnedByWrongProgram"),
        (address::credits_config(), address::jobs_config(), "AccountOwnedByWrongProgram"),
        (address::event_authority(&credits::ID), me, "ConstraintAddress"),
        (address::event_authority(&jobs::ID), me, "ConstraintAddress"),
    ];
    for (right, wrong, error) in swaps {
        net.refused(error, &[replace(post(args), right, wrong)], &[&user(0)]);
    }
    net.ok(&[post(PostArgs { price: IOSD, ..args })], &[&user(0)]);
}
