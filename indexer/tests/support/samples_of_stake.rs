//! One of every event of the staking program.
use super::event_data;
use super::samples::{Sample, stamp};
use super::story::key;
use indexer::Program;
use staking::SlashReason;
use staking::events::*;
use staking::state::{PoolState, PositionState};
use staking::{Parameter, PoolKind};

pub fn samples() -> Vec<Sample> {
    [of_holders(), of_pools(), of_losses(), of_orders()].concat()
}

fn of(kind: &'static str, data: Vec<u8>) -> Sample {
    (Program::Staking, kind, data)
}

fn position() -> PositionState {
    PositionState { active: u64::MAX, reserved: 1, warming: 2, cooling: 3, owed: 4 }
}

fn pool_state() -> PoolState {
    PoolState {
        active: 1,
        reserved: 2,
        warming: 3,
        cooling: u64::MAX,
        factor: 5,
        index: u128::MAX,
        scaled_index: 7,
        commission_owed: 8,
        undistributed: 9,
    }
}

fn of_holders() -> Vec<Sample> {
    let (pool, holder, stamp) = (key(77), key(78), stamp());
    let (fold, activated, amount, position, pool_state) = (1, 2, u64::MAX, position(), pool_state());
    let added = StakeAdded { stamp, pool, holder, amount, warm_epoch: 3, fold, activated, position, pool_state };
    let started = UnstakeStarted { stamp, pool, holder, amount, cool_epoch: 4, fold, activated, position, pool_state };
    let refreshed = StakeActivated { stamp, pool, holder, fold, activated, position, pool_state };
    let withdrawn = StakeWithdrawn { stamp, pool, holder, amount, fold, activated, position, pool_state };
    let claimed = RewardsClaimed { stamp, pool, holder, amount, fold, activated, position, pool_state };
    let rebates = RebatesClaimed { stamp, pool, holder, amount, activated, position, pool_state };
    vec![
        of("StakeAdded", event_data(&added)),
        of("StakeActivated", event_data(&refreshed)),
        of("UnstakeStarted", event_data(&started)),
        of("StakeWithdrawn", event_data(&withdrawn)),
        of("PositionClosed", event_data(&PositionClosed { stamp, pool, holder, fold, pool_state })),
        of("RewardsClaimed", event_data(&claimed)),
        of("RebatesClaimed", event_data(&rebates)),
        of("PositionLocked", event_data(&PositionLocked { stamp, pool, holder, until: i64::MIN })),
    ]
}

fn of_pools() -> Vec<Sample> {
    let (pool, owner, stamp, fold, pool_state) = (key(77), key(78), stamp(), 1, pool_state());
    let opened = |kind| PoolOpened { stamp, pool, owner, kind, commission_bps: 9, rewards_index: u128::MAX };
    let collected =
        RewardsCollected { stamp, amount: 1, undistributed: 2, index: u128::MAX, weight: 3, collected: u64::MAX };
    let shared = LoyaltyShared { stamp, pool, owner, points: 1, to_user: 2, to_stakers: 3, pool_state };
    vec![
        of("ShardOpened", event_data(&ShardOpened { stamp })),
        of("PoolOpened", event_data(&opened(PoolKind::Operator))),
        of("PoolOpened", event_data(&opened(PoolKind::User))),
        of("RewardsCollected", event_data(&collected)),
        of("PoolFolded", event_data(&PoolFolded { stamp, pool, reward: 2, commission: 1, pool_state })),
        of("CommissionClaimed", event_data(&CommissionClaimed { stamp, pool, owner, amount: 1, fold, pool_state })),
        of(
            "CommissionSet",
            event_data(&CommissionSet { stamp, pool, old: 1, new: u16::MAX, epoch: 2, fold, pool_state }),
        ),
        of("LoyaltyShared", event_data(&shared)),
    ]
}

fn of_losses() -> Vec<Sample> {
    let (pool, stamp, fold, amount) = (key(77), stamp(), 1, u64::MAX);
    let (position, pool_state) = (position(), pool_state());
    let forfeited =
        StakeForfeited { stamp, pool, user: key(79), to_user: amount, released: 2, fold, position, pool_state };
    let slashed = StakeSlashed {
        stamp,
        pool,
        reason: SlashReason::Silence,
        reserved: u64::MAX,
        beyond: u64::MAX,
        to_prover: 1,
        burned: 2,
        factor: 3,
        epoch: 4,
        epoch_slashed: 5,
        slash_base: 6,
        fold,
        position,
        pool_state,
    };
    vec![
        of("StakeReserved", event_data(&StakeReserved { stamp, pool, amount, position, pool_state })),
        of("StakeReleased", event_data(&StakeReleased { stamp, pool, amount, position, pool_state })),
        of("StakeForfeited", event_data(&forfeited)),
        of("StakeSlashed", event_data(&slashed)),
    ]
}

fn of_orders() -> Vec<Sample> {
    let (to, stamp) = (key(77), stamp());
    vec![
        of("ParameterSet", event_data(&ParameterSet { stamp, parameter: Parameter::DisputeS, old: u64::MAX, new: 0 })),
        of("Paused", event_data(&Paused { stamp, flags: 7 })),
        of("AuthorityOffered", event_data(&AuthorityOffered { stamp, to })),
        of("AuthorityAccepted", event_data(&AuthorityAccepted { stamp, authority: to })),
    ]
}
