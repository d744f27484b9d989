use anchor_lang::AccountSerialize;
use client::{address, jobs_ix, staking_ix};
use jobs::events::JobClaimed;
use jobs::state::{Config, Status};
use program_tests::forge::replace;
use program_tests::net::{CLAIM_S, EXECUTE_S, IO, IOSD, JOB_PRICE, PRICE, RESERVE_BPS, STAKE, claim};
use program_tests::{Net, device, event, operator, stranger, user, work};
use solana_signer::Signer;

#[test]
fn claim_at_the_deadline_succeeds_and_one_second_later_fails() {
    let mut net = Net::new();
    let (first, second) = (net.post(&user(0), &work::tiny()), net.post(&user(0), &work::tiny()));
    net.wait(i64::from(CLAIM_S));
    net.submit_price(PRICE);
    let meta = net.ok(&[claim(0, first.address)], &[&device(0)]);
    let claimed: JobClaimed = event::first(&meta.events);
    assert_eq!((claimed.device, claimed.operator), (device(0).pubkey(), operator(0).pubkey()));
    assert_eq!(claimed.commit_deadline, net.vm.now() + i64::from(EXECUTE_S));
    assert_eq!(net.job(&first.address).unwrap().status, Status::Claimed);
    net.wait(1);
    net.refused("DeadlinePassed", &[claim(1, second.address)], &[&device(1)]);
}

#[test]
fn a_claimed_job_cannot_be_claimed_again() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny()).address;
    net.refused("WrongState", &[claim(0, job)], &[&device(0)]);
    net.refused("WrongState", &[claim(1, job)], &[&device(1)]);
    net.refused("WrongState", &[claim(2, job)], &[&device(2)]);
}

#[test]
fn a_device_has_one_live_job_until_it_is_paid() {
    let mut net = Net::new();
    let second = net.post(&user(1), &work::tiny());
    let first = net.claimed(&work::tiny());
    net.refused("DeviceBusy", &[claim(0, second.address)], &[&device(0)]);
    net.commit(&first.work);
    net.refused("DeviceBusy", &[claim(0, second.address)], &[&device(0)]);
    let state = net.job(&first.address).unwrap();
    net.ok(&[jobs_ix::accept_result(user(0).pubkey(), first.address, &state)], &[&user(0)]);
    net.ok(&[claim(0, second.address)], &[&device(0)]);
}

#[test]
fn an_unregistered_device_and_anothers_device_are_refused() {
    let mut net = Net::new();
    let job = net.post(&user(0), &work::tiny()).address;
    let attempt = jobs_ix::claim_job(stranger().pubkey(), operator(0).pubkey(), address::feed(), job);
    net.refused("AccountNotInitialized", std::slice::from_ref(&attempt), &[&stranger()]);
    let forged = replace(attempt, address::device(&stranger().pubkey()), address::device(&device(0).pubkey()));
    net.refused("WrongOwner", &[forged], &[&stranger()]);
}

#[test]
fn the_device_must_sign() {
    let mut net = Net::new();
    let job = net.post(&user(0), &work::tiny()).address;
    let mut unsigned = claim(0, job);
    unsigned.accounts[0].is_signer = false;
    net.refused("AccountNotSigner", &[unsigned], &[&stranger()]);
}

#[test]
fn wrong_accounts_are_refused() {
    let mut net = Net::new();
    let job = net.post(&user(0), &work::tiny()).address;
    let index = credits::constants::shard_of(&job);
    let other = (index + 1) % 16;
    let swaps = [
        (job, address::job(&user(0).pubkey(), 99), "AccountNotInitialized"),
        (job, address::escrow(&job), "AccountOwnedByWrongProgram"),
        (job, address::user(&user(0).pubkey()), "AccountDiscriminatorMismatch"),
        (address::jobs_shard(index), address::jobs_shard(other), "WrongShard"),
        (address::jobs_shard(index), address::credits_shard(other), "AccountOwnedByWrongProgram"),
    ];
    for (right, wrong, error) in swaps {
        let forged = replace(claim(0, job), right, wrong);
        net.refused(error, &[forged], &[&device(0)]);
    }
}

#[test]
fn a_claim_reserves_the_operators_own_stake_and_payment_frees_it() {
    let mut net = Net::new();
    let owner = operator(0);
    let before = net.own_position(&owner);
    let job = net.claimed(&work::tiny());
    let reserved = JOB_PRICE / IOSD * IO * u64::from(RESERVE_BPS) / 10_000;
    let held = net.own_position(&owner);
    assert_eq!((held.reserved, held.active), (reserved, before.active - reserved));
    assert_eq!(net.job(&job.address).unwrap().reserved, reserved);
    net.commit(&job.work);
    let state = net.job(&job.address).unwrap();
    net.ok(&[jobs_ix::accept_result(user(0).pubkey(), job.address, &state)], &[&user(0)]);
    let after = net.own_position(&owner);
    assert_eq!((after.reserved, after.active), (0, before.active));
}

#[test]
fn a_claim_beyond_the_operators_own_stake_is_refused_even_if_others_stake_there() {
    let mut net = Net::new();
    let owner = operator(1);
    let pool = address::operator_pool(&owner.pubkey());
    net.ok(&[staking_ix::stake(user(0).pubkey(), pool, 5_000 * IO)], &[&user(0)]);
    net.next_epoch();
    net.next_epoch();
    net.ok(&[staking_ix::refresh_position(pool, user(0).pubkey())], &[&user(0)]);
    net.ok(&[staking_ix::unstake(owner.pubkey(), pool, STAKE - 19 * IO)], &[&owner]);
    let job = net.post(&user(1), &work::tiny()).address;
    net.refused("NotEnoughStake", &[claim(2, job)], &[&device(2)]);
    net.ok(&[claim(0, job)], &[&device(0)]);
}

#[test]
fn an_operator_whose_stake_no_longer_carries_its_devices_is_not_hired() {
    let mut net = Net::new();
    let owner = operator(1);
    let pool = address::operator_pool(&owner.pubkey());
    let job = net.post(&user(0), &work::tiny()).address;
    net.ok(&[staking_ix::unstake(owner.pubkey(), pool, STAKE - 99 * IO)], &[&owner]);
    net.refused("StakeTooLow", &[claim(2, job)], &[&device(2)]);
}

#[test]
fn reserved_stake_cannot_be_taken_out_while_the_job_lives() {
    let mut net = Net::new();
    let owner = operator(0);
    let (me, pool) = (owner.pubkey(), address::operator_pool(&owner.pubkey()));
    net.claimed(&work::tiny());
    let free = net.own_position(&owner).active;
    net.refused("NotEnoughStake", &[staking_ix::unstake(me, pool, free + 1)], &[&owner]);
    net.ok(&[staking_ix::unstake(me, pool, free)], &[&owner]);
}

#[test]
fn nothing_is_claimed_at_a_stale_price_or_with_another_price_account() {
    let mut net = Net::new();
    let job = net.post(&user(0), &work::tiny()).address;
    let forged = replace(claim(0, job), address::feed(), address::credits_config());
    net.refused("WrongPriceAccount", &[forged], &[&device(0)]);
    net.wait(61);
    net.refused("PriceStale", &[claim(0, job)], &[&device(0)]);
}

#[test]
fn another_operators_stake_cannot_stand_for_a_claim() {
    let mut net = Net::new();
    let job = net.post(&user(0), &work::tiny()).address;
    let (mine, other) = (operator(0).pubkey(), operator(1).pubkey());
    let (pool, others) = (address::operator_pool(&mine), address::operator_pool(&other));
    let (position, their) = (address::position(&pool, &mine), address::position(&others, &other));
    let forged = replace(claim(0, job), pool, others);
    net.refused("WrongPool", &[forged], &[&device(0)]);
    let forged = replace(claim(0, job), position, their);
    net.refused("WrongOwner", &[forged], &[&device(0)]);
    let (theirs, wrong) = (address::operator(&other), address::operator(&mine));
    net.refused("WrongOwner", &[replace(claim(0, job), wrong, theirs)], &[&device(0)]);
}

/// As if a vote had set the share of results that are audited.
fn audit(net: &mut Net, bps: u16) {
    let address = address::jobs_config();
    let mut config: Config = net.vm.read(&address).unwrap();
    config.audit_bps = bps;
    let mut account = net.vm.account(&address).unwrap();
    config.try_serialize(&mut &mut account.data[..]).unwrap();
    net.vm.set_account(address, account);
}

#[test]
fn the_fewer_results_are_audited_the_more_stake_a_claim_needs() {
    // S = P (1 - a) / (a (1 - h)), where the prover's share h is a quarter; twice the price is reserved in any case.
    for (bps, prices) in [(10_000, 2), (5_000, 2), (1_000, 12), (100, 132)] {
        let mut net = Net::new();
        audit(&mut net, bps);
        let job = net.post(&user(0), &work::tiny()).address;
        let claimed: JobClaimed = event::first(&net.ok(&[claim(0, job)], &[&device(0)]).events);
        assert_eq!((claimed.reserved, claimed.audit_bps), (prices * JOB_PRICE / IOSD * IO, bps));
    }
    let mut net = Net::new();
    audit(&mut net, 100);
    let (owner, pool) = (operator(1), address::operator_pool(&operator(1).pubkey()));
    net.ok(&[staking_ix::unstake(owner.pubkey(), pool, STAKE - 1_319 * IO)], &[&owner]);
    let job = net.post(&user(0), &work::tiny()).address;
    net.refused("NotEnoughStake", &[claim(2, job)], &[&device(2)]);
}

#[test]
fn a_forged_staking_config_does_not_lower_what_a_claim_needs() {
    let mut net = Net::new();
    let job = net.post(&user(0), &work::tiny()).address;
    let config = address::staking_config();
    // Another account of the staking program, and a copy with a smaller share for provers that it does not own.
    let pool = address::operator_pool(&operator(1).pubkey());
    let mut copy = net.vm.account(&config).unwrap();
    let mut forged: staking::state::Config = net.vm.read(&config).unwrap();
    forged.prover_bps = 0;
    forged.try_serialize(&mut &mut copy.data[..]).unwrap();
    copy.owner = jobs::ID;
    let at = client::Pubkey::new_unique();
    net.vm.set_account(at, copy);
    for wrong in [pool, at] {
        net.refused("WrongStakingConfig", &[replace(claim(0, job), config, wrong)], &[&device(0)]);
    }
}
