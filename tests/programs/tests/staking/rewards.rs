use crate::support::*;
use client::{address, staking_ix};
use program_tests::forge::replace;
use program_tests::net::{COMMISSION_BPS, STAKE};
use program_tests::{Net, event, key, operator, stranger};
use solana_signer::Signer;
use staking::events::*;

/// Operator 0's pool has a delegator with as much stake as the operator; an epoch's budget is collected.
fn earning() -> (Net, RewardsCollected) {
    let mut net = Net::new();
    delegated(&mut net, &key("delegator"), STAKE);
    let epoch = net.epoch();
    for past in [epoch - 2, epoch - 1] {
        net.advance(past);
    }
    let meta = net.ok(&[staking_ix::collect_rewards()], &[&stranger()]);
    check(&net);
    (net, event::first(&meta.events))
}

#[test]
fn the_whole_budget_is_collected_and_shared_by_stake() {
    let (mut net, collected) = earning();
    assert!(collected.amount > 0);
    assert_eq!(net.vm.tokens(&address::reward_vault()), collected.amount);
    let at = pool_of(&operator(0));
    let meta = net.ok(&[staking_ix::fold_pool(at)], &[&stranger()]);
    let fold: PoolFolded = event::first(&meta.events);
    // Two thirds of all weight are in this pool.
    assert!((collected.amount * 2 / 3).abs_diff(fold.reward) <= 1);
    assert_eq!(fold.commission, fold.reward * u64::from(COMMISSION_BPS) / 10_000);
    // Again there is nothing to take, and nothing happens.
    let meta = net.ok(&[staking_ix::collect_rewards()], &[&stranger()]);
    assert!(meta.events.is_empty());

    let claim = |who: &solana_keypair::Keypair| staking_ix::claim_rewards(stranger().pubkey(), at, who.pubkey());
    let (me, delegator) = (operator(0), key("delegator"));
    let before = net.io(&me);
    net.ok(&[claim(&me)], &[&stranger()]);
    net.ok(&[claim(&delegator)], &[&stranger()]);
    let share = net.io(&delegator);
    assert_eq!(net.io(&me) - before, share);
    assert!((fold.reward - fold.commission) / 2 - share <= 1);
    net.refused("NothingDue", &[claim(&delegator)], &[&stranger()]);
    let commission = staking_ix::claim_commission(stranger().pubkey(), me.pubkey());
    net.ok(std::slice::from_ref(&commission), &[&stranger()]);
    assert_eq!(net.io(&me) - before, share + fold.commission);
    net.refused("NothingDue", &[commission], &[&stranger()]);
    check(&net);
}

#[test]
fn rewards_go_to_the_holder_and_commissions_to_the_operator_whoever_pays() {
    let (mut net, _) = earning();
    let (at, delegator, thief) = (pool_of(&operator(0)), key("delegator").pubkey(), stranger().pubkey());
    let claim = staking_ix::claim_rewards(thief, at, delegator);
    let to = address::io_account(&delegator);
    net.ok(&[client::credits_ix::create_io_account(thief, thief)], &[&stranger()]);
    let forged = replace(claim.clone(), to, address::io_account(&thief));
    assert!(net.send(&[forged], &[&stranger()]).is_err());
    let forged = replace(replace(claim.clone(), to, address::io_account(&thief)), delegator, thief);
    net.refused("WrongOwner", &[forged], &[&stranger()]);
    let forged = replace(claim.clone(), address::reward_vault(), address::stake_vault());
    net.refused("WrongVault", &[forged], &[&stranger()]);
    let forged = replace(claim, at, pool_of(&operator(1)));
    net.refused("WrongOwner", &[forged], &[&stranger()]);
    let commission = staking_ix::claim_commission(thief, operator(0).pubkey());
    let forged = replace(
        replace(commission, address::io_account(&operator(0).pubkey()), address::io_account(&thief)),
        operator(0).pubkey(),
        thief,
    );
    net.refused("WrongOwner", &[forged], &[&stranger()]);
    let forged = replace(staking_ix::collect_rewards(), address::reward_vault(), address::stake_vault());
    net.refused("WrongVault", &[forged], &[&stranger()]);
}

#[test]
fn late_stake_takes_no_reward_that_was_collected_before_it_was_warm() {
    let (mut net, late) = (Net::new(), key("late"));
    let at = pool_of(&operator(0));
    fund(&mut net, &late, 100 * STAKE);
    net.ok(&[staking_ix::stake(late.pubkey(), at, 100 * STAKE)], &[&late]);
    net.next_epoch();
    net.ok(&[staking_ix::collect_rewards()], &[&stranger()]);
    net.next_epoch();
    net.ok(&[staking_ix::refresh_position(at, late.pubkey())], &[&late]);
    let claim = staking_ix::claim_rewards(late.pubkey(), at, late.pubkey());
    net.refused("NothingDue", &[claim], &[&late]);
    assert!(pool(&net, &at).index > 0);
}
