use client::{address, credits_ix, jobs_ix};
use credits::events::EarningsRedeemed;
use credits::state::Earnings;
use jobs::PostArgs;
use program_tests::forge::replace;
use program_tests::net::{IO, IOSD, MAX_PRICE_AGE_S, PRICE, REDEMPTION_BUDGET, commit_args, post_args};
use program_tests::{Net, device, event, operator, stranger, user, work};
use solana_instruction::Instruction;
use solana_signer::Signer;

fn redeem(net: &Net, amount: u64) -> Instruction {
    credits_ix::redeem_earnings(operator(0).pubkey(), net.epoch(), amount, 0)
}

fn ledger(net: &Net) -> Earnings {
    net.vm.read(&address::earnings(&operator(0).pubkey())).unwrap()
}

/// Operator 0 has earned 95 % of this.
fn earned(price: u64) -> Net {
    let mut net = Net::new();
    let model = work::tiny();
    let (seq, work) = net.next_job(&user(0), &model, 1);
    let args = PostArgs { price, ..post_args(seq, &work) };
    let (me, worker) = (user(0), device(0));
    net.ok(&[jobs_ix::post_job(me.pubkey(), &model.root(), args)], &[&me]);
    net.ok(&[jobs_ix::claim_job(worker.pubkey(), work.job)], &[&worker]);
    net.ok(&[jobs_ix::commit_result(worker.pubkey(), work.job, commit_args(&work))], &[&worker]);
    let state = net.job(&work.job).unwrap();
    net.ok(&[jobs_ix::accept_result(me.pubkey(), work.job, &state)], &[&me]);
    assert_eq!(ledger(&net).owed, price - price / 20);
    net
}

#[test]
fn all_that_is_owed_can_be_redeemed_and_not_one_unit_more() {
    let mut net = earned(100 * IOSD);
    let too_much = redeem(&net, 95 * IOSD + 1);
    net.refused("InsufficientEarnings", &[too_much], &[&operator(0)]);
    let all = redeem(&net, 95 * IOSD);
    let meta = net.ok(std::slice::from_ref(&all), &[&operator(0)]);
    assert_eq!((net.io(&operator(0)), ledger(&net).owed, ledger(&net).redeemed), (95 * IO, 0, 95 * IOSD));
    let redeemed: EarningsRedeemed = event::first(&meta.events);
    assert_eq!((redeemed.iosd, redeemed.io_minted, redeemed.earnings_owed), (95 * IOSD, 95 * IO, 0));
    net.refused("InsufficientEarnings", &[all], &[&operator(0)]);
}

#[test]
fn io_is_paid_at_the_higher_of_spot_and_average_rounded_down() {
    let mut net = earned(100 * IOSD);
    net.submit_price(3 * PRICE);
    let order = redeem(&net, IOSD);
    net.ok(&[order], &[&operator(0)]);
    assert_eq!(net.io(&operator(0)), IO / 3);
    net.submit_price(PRICE / 3);
    let order = redeem(&net, IOSD);
    net.ok(&[order], &[&operator(0)]);
    assert_eq!(net.io(&operator(0)), IO / 3 + IO);
}

#[test]
fn an_epochs_budget_can_be_used_up_exactly_and_the_next_epoch_has_a_new_one() {
    let mut net = earned(1_000 * IOSD);
    let budget = REDEMPTION_BUDGET / IO * IOSD;
    let too_much = redeem(&net, budget + 1);
    net.refused("RedemptionBudgetExhausted", &[too_much], &[&operator(0)]);
    let all = redeem(&net, budget);
    net.ok(&[all], &[&operator(0)]);
    assert_eq!(net.io(&operator(0)), REDEMPTION_BUDGET);
    let one_more = redeem(&net, 1);
    net.refused("RedemptionBudgetExhausted", &[one_more], &[&operator(0)]);
    net.wait(3_600);
    net.submit_price(PRICE);
    let next = redeem(&net, 1);
    net.ok(&[next], &[&operator(0)]);
}

#[test]
fn the_supply_cap_is_never_passed() {
    let mut net = earned(100 * IOSD);
    let mint = address::io_mint();
    let mut account = net.vm.account(&mint).unwrap();
    account.data[36..44].copy_from_slice(&(economy::IO_CAP - IO).to_le_bytes());
    net.vm.set_account(mint, account);
    let too_much = redeem(&net, IOSD + 1);
    net.refused("SupplyCap", &[too_much], &[&operator(0)]);
    let to_the_cap = redeem(&net, IOSD);
    net.send(&[to_the_cap], &[&operator(0)]).unwrap();
    assert_eq!(net.vm.supply(&mint), economy::IO_CAP);
}

#[test]
fn amounts_of_zero_on_either_side_are_refused() {
    let mut net = earned(100 * IOSD);
    let nothing = redeem(&net, 0);
    net.refused("ZeroAmount", &[nothing], &[&operator(0)]);
    net.submit_price(20_000 * PRICE);
    let worth_nothing = redeem(&net, 1);
    net.refused("ZeroAmount", &[worth_nothing], &[&operator(0)]);
}

#[test]
fn a_redemption_that_gives_less_than_its_limit_is_refused() {
    let mut net = earned(100 * IOSD);
    let me = operator(0).pubkey();
    let exact = economy::price::io_payout(IOSD, PRICE).unwrap();
    let order = |net: &Net, min_io| credits_ix::redeem_earnings(me, net.epoch(), IOSD, min_io);
    let above = order(&net, exact + 1);
    net.refused("SlippageExceeded", &[above], &[&operator(0)]);
    let at = order(&net, exact);
    net.ok(&[at], &[&operator(0)]);
}

#[test]
fn nothing_is_minted_at_a_stale_price() {
    let mut net = earned(100 * IOSD);
    net.wait(i64::from(MAX_PRICE_AGE_S) + 1);
    let order = redeem(&net, IOSD);
    net.refused("PriceStale", &[order], &[&operator(0)]);
}

#[test]
fn anothers_earnings_cannot_be_redeemed() {
    let mut net = earned(100 * IOSD);
    let mine = credits_ix::redeem_earnings(operator(1).pubkey(), net.epoch(), IOSD, 0);
    let forged = replace(mine, address::earnings(&operator(1).pubkey()), address::earnings(&operator(0).pubkey()));
    net.refused("WrongOwner", &[forged], &[&operator(1)]);
    let without_a_ledger = credits_ix::redeem_earnings(stranger().pubkey(), net.epoch(), IOSD, 0);
    net.refused("AccountNotInitialized", &[without_a_ledger], &[&stranger()]);
}

#[test]
fn io_goes_to_the_owners_account_of_the_right_mint() {
    let mut net = earned(100 * IOSD);
    let order = redeem(&net, IOSD);
    let mine = address::io_account(&operator(0).pubkey());
    let forged = replace(order.clone(), mine, address::io_account(&user(0).pubkey()));
    net.refused("ConstraintTokenOwner", &[forged], &[&operator(0)]);
    let forged = replace(order.clone(), address::io_mint(), address::iosd_mint());
    net.refused("AccountOwnedByWrongProgram", &[forged], &[&operator(0)]);
    let forged = replace(order, address::epoch(net.epoch()), address::epoch(net.epoch() + 1));
    net.refused("ConstraintSeeds", &[forged], &[&operator(0)]);
}
