//! Points for spending, and rebates that never pass what their user paid.
use client::{address, credits_ix, jobs_ix};
use credits::events::{EscrowSettled, LoyaltyRedeemed};
use credits::state::Loyalty;
use jobs::PostArgs;
use program_tests::forge::replace;
use program_tests::net::{FEE_BPS, INCENTIVE_BPS, IOSD, LOYALTY_BPS, PRICE, claim, commit_args, post_args};
use program_tests::{ALREADY_IN_USE, Net, device, event, stranger, user, work};
use solana_instruction::Instruction;
use solana_signer::Signer;

const MONTH: i64 = 30 * 86_400;

fn spend(net: &mut Net, price: u64) -> EscrowSettled {
    let model = work::tiny();
    let (me, worker) = (user(0), device(0));
    net.submit_price(PRICE);
    let (seq, work) = net.next_job(&me, &model, 1);
    let args = PostArgs { price, ..post_args(seq, &work) };
    net.ok(&[jobs_ix::post_job(me.pubkey(), &model.root(), args)], &[&me]);
    net.ok(&[claim(0, work.job)], &[&worker]);
    net.ok(&[jobs_ix::commit_result(worker.pubkey(), work.job, commit_args(&work))], &[&worker]);
    let state = net.job(&work.job).unwrap();
    let meta = net.ok(&[jobs_ix::accept_result(me.pubkey(), work.job, &state)], &[&me]);
    event::first(&meta.events)
}

fn loyalty(net: &Net) -> Loyalty {
    net.vm.read(&address::loyalty(&user(0).pubkey())).unwrap()
}

fn redeem(points: u64) -> Instruction {
    credits_ix::redeem_loyalty(user(0).pubkey(), points)
}

#[test]
fn a_credit_earns_a_point_and_more_with_every_month_of_tenure() {
    let mut net = Net::new();
    let settled = spend(&mut net, 10 * IOSD);
    assert_eq!((loyalty(&net).points, settled.points, loyalty(&net).spent), (10 * IOSD, 10 * IOSD, 10 * IOSD));
    net.wait(MONTH);
    spend(&mut net, 10 * IOSD);
    assert_eq!(loyalty(&net).points, 20 * IOSD + IOSD / 2);
    net.wait(100 * MONTH);
    spend(&mut net, 10 * IOSD);
    assert_eq!(loyalty(&net).points, 40 * IOSD + IOSD / 2);
}

#[test]
fn points_are_redeemed_for_credits_once() {
    let mut net = Net::new();
    spend(&mut net, 100 * IOSD);
    let before = net.iosd(&user(0));
    net.refused("NothingToRedeem", &[redeem(100 * IOSD + 1)], &[&user(0)]);
    let meta = net.ok(&[redeem(100 * IOSD)], &[&user(0)]);
    let redeemed: LoyaltyRedeemed = event::first(&meta.events);
    let worth = 100 * IOSD * u64::from(LOYALTY_BPS) / 10_000;
    assert_eq!((redeemed.rebate, redeemed.to_stakers, redeemed.points_left), (worth, 0, 0));
    assert_eq!(net.iosd(&user(0)) - before, worth);
    net.refused("NothingToRedeem", &[redeem(1)], &[&user(0)]);
    net.refused("NothingToRedeem", &[redeem(0)], &[&user(0)]);
}

#[test]
fn rebates_never_pass_the_incentives_that_the_user_paid_and_other_points_are_kept() {
    let mut net = Net::new();
    spend(&mut net, IOSD);
    net.wait(100 * MONTH);
    spend(&mut net, 100 * IOSD);
    // Points are worth two percent now; the incentives' share of the fee is two percent as well: 0.05 * 0.4.
    let incentives = 101 * IOSD * u64::from(FEE_BPS) / 10_000 * u64::from(INCENTIVE_BPS) / 10_000;
    let had = loyalty(&net);
    assert_eq!((had.incentives, had.points), (incentives, 201 * IOSD));
    net.ok(&[redeem(201 * IOSD)], &[&user(0)]);
    let left = loyalty(&net);
    assert_eq!(left.rebated, 201 * IOSD / 100);
    // Trading with oneself costs money: all rebates together are less than the fees.
    assert!(left.rebated <= incentives && incentives < 101 * IOSD * u64::from(FEE_BPS) / 10_000);
}

#[test]
fn points_too_few_for_a_unit_are_not_taken() {
    let mut net = Net::new();
    spend(&mut net, 100 * IOSD);
    net.refused("NothingToRedeem", &[redeem(99)], &[&user(0)]);
    net.ok(&[redeem(199)], &[&user(0)]);
    assert_eq!((loyalty(&net).rebated, loyalty(&net).points), (1, 100 * IOSD - 100));
}

#[test]
fn anothers_points_and_forged_stakers_are_refused() {
    let mut net = Net::new();
    spend(&mut net, 100 * IOSD);
    let mine = credits_ix::redeem_loyalty(user(1).pubkey(), 100 * IOSD);
    let (own, theirs) = (address::loyalty(&user(1).pubkey()), address::loyalty(&user(0).pubkey()));
    net.refused("WrongOwner", &[replace(mine, own, theirs)], &[&user(1)]);
    let elsewhere =
        replace(redeem(100 * IOSD), address::iosd_account(&user(0).pubkey()), address::iosd_account(&user(1).pubkey()));
    net.refused("ConstraintTokenOwner", &[elsewhere], &[&user(0)]);
    // A stranger who signs as the staking program.
    let mut forged = redeem(100 * IOSD);
    forged.accounts[1].pubkey = stranger().pubkey();
    forged.accounts[1].is_signer = true;
    net.refused("NotStakingProgram", &[forged], &[&user(0), &stranger()]);
}

#[test]
fn loyalty_is_opened_once_by_anybody_and_nobody_posts_without_it() {
    let mut net = Net::new();
    let me = user(0).pubkey();
    net.refused(ALREADY_IN_USE, &[credits_ix::open_loyalty(stranger().pubkey(), me)], &[&stranger()]);
    let (seq, work) = net.next_job(&user(0), &work::tiny(), 1);
    let post = jobs_ix::post_job(me, &work::tiny().root(), post_args(seq, &work));
    let none = replace(post.clone(), address::loyalty(&me), address::loyalty(&stranger().pubkey()));
    net.refused("AccountNotInitialized", &[none], &[&user(0)]);
    let anothers = replace(post, address::loyalty(&me), address::loyalty(&user(1).pubkey()));
    net.refused("WrongOwner", &[anothers], &[&user(0)]);
}

#[test]
fn a_settlement_credits_the_user_of_the_job_and_nobody_else() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let accept = jobs_ix::accept_result(user(0).pubkey(), job.address, &net.job(&job.address).unwrap());
    let (mine, others) = (address::loyalty(&user(0).pubkey()), address::loyalty(&user(1).pubkey()));
    net.refused("WrongOwner", &[replace(accept.clone(), mine, others)], &[&user(0)]);
    net.ok(&[accept], &[&user(0)]);
}
