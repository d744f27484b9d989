//! Every event of the four programs.
use super::body::InBody;
use super::{DecodeFault, read};
use anchor_lang::Discriminator;
use credits::events::{self as credits_events, Stamp};
use governance::events as governance_events;
use jobs::events as jobs_events;
use serde_json::{Value, json};
use staking::events as staking_events;

/// The field `job` among an event's fields, wherever it stands.
macro_rules! job_of {
    ($event:ident:) => {{
        let _ = $event;
        None
    }};
    ($event:ident: job $(, $rest:ident)*) => { Some($event.job.to_bytes()) };
    ($event:ident: $other:ident $(, $rest:ident)*) => { job_of!($event: $($rest),*) };
}

/// Every event of a program with its fields; leaving a field out does not compile.
macro_rules! events {
    ($(#[$doc:meta])* $name:ident in $module:ident { $($kind:ident { $($field:ident),* })* }) => {
        $(#[$doc])*
        pub enum $name {
            $($kind($module::$kind),)*
        }

        impl $name {
            pub(super) fn decode(discriminator: &[u8; 8], body: &[u8]) -> Result<Self, DecodeFault> {
                $(if discriminator.as_slice() == <$module::$kind as Discriminator>::DISCRIMINATOR {
                    return read(stringify!($kind), body).map(Self::$kind);
                })*
                Err(DecodeFault::UnknownKind(*discriminator))
            }

            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => stringify!($kind),)*
                }
            }

            pub fn stamp(&self) -> Stamp {
                match self {
                    $(Self::$kind(event) => event.stamp,)*
                }
            }

            /// The job that it names.
            pub(super) fn job(&self) -> Option<[u8; 32]> {
                match self {
                    $(Self::$kind(event) => job_of!(event: $($field),*),)*
                }
            }

            pub(super) fn body(&self) -> Value {
                match self {
                    $(Self::$kind($module::$kind { stamp: _, $($field),* }) => {
                        json!({ $(stringify!($field): $field.in_body()),* })
                    })*
                }
            }
        }
    };
}

events! {
    /// The credits program's events.
    CreditsEvent in credits_events {
        ShardOpened {}
        PriceSubmitted { submitter, price, spot, average }
        CreditsBought { user, io_burned, iosd_minted, price, epoch, epoch_io_burned, iosd_balance }
        EscrowLocked { job, user, amount, iosd_balance }
        EscrowRefunded { job, user, amount, iosd_balance }
        EscrowSettled { job, user, supplier, price, supplier_share, retired, incentives, earnings_owed, points }
        EarningsOpened { owner }
        RedemptionRequested { owner, amount, epoch, requested, earnings_owed, epoch_requested }
        EpochClosed {
            epoch, io_burned, smoothed_burn, requested, paid, allocated, price, reserve, allocated_total, idle, stakers,
            treasury, supply
        }
        RedemptionSettled {
            owner, epoch, requested, charged, io_minted, dust, rest, joined, joined_requested, reserve, allocated_total
        }
        ScheduleMinted { purpose, to, amount, available, minted, epoch, epoch_minted }
        LoyaltyOpened { user }
        LoyaltyShared { user }
        LoyaltyRedeemed { user, points, rebate, to_stakers, points_left, rebated, pooled, iosd_balance }
        RebateMinted { user, to, amount, pooled, iosd_balance }
        ParameterSet { parameter, old, new }
        Paused { flags }
        AuthorityOffered { to }
        AuthorityAccepted { authority }
        SubmitterReplaced { old, new }
        PriceSourceSet { source }
        MinterSet { purpose, authority, total_limit, epoch_limit }
    }
}

events! {
    /// The jobs program's events.
    JobsEvent in jobs_events {
        ShardOpened {}
        OperatorRegistered { operator }
        DeviceRegistered { device, operator, name, class, required_stake, since_round }
        DeviceRetired { device, operator, required_stake }
        ModelRegistered { root, publisher, name, blob, layers, input_width, output_width, macs_per_row }
        UserOpened { user }
        JobPosted { job, user, seq, model_root, rows, input_root, input_blob, model_blob, price, claim_deadline, execute_s }
        JobClaimed { job, device, operator, commit_deadline, reserved, audit_bps, audit_cells }
        ResultCommitted { job, device, commitment, result_blob, window_end, draw_slot }
        AuditDrawn { job, caller, fee, slot, slot_hash, seed, certain, audited, cells, deadline }
        AuditMissed { job, missed_slot, draw_slot, cells }
        CellOpened { job, prover, index, layer, row, column, left }
        AuditExpired { job, device, operator, caller, left, refund, slashed }
        JobPaid { job, device, operator, price, verification, device_jobs_paid }
        JobCancelled { job, refund }
        JobExpired { job, device, refund, forfeited }
        FaultProven { job, device, operator, prover, layer, row, column, expected, committed, refund, slashed }
        DemandMade { job, n, demander, item, bond, deadline }
        DemandAnswered { job, n, demander, prover, bond, window_end, data }
        DemandExpired { job, n, demander, bond, device, operator, caller, refund, slashed }
        DemandClosed { job, n, demander, bond }
        OfferSet { device, price }
        ClassSet { device, operator, class, device_stake, required_stake }
        RoundOpened { number, opener, slot_hash, hash_slot, window_end, next_round_at, rules }
        WindowClosed { number, committed, draw_slot }
        CellsDrawn { number, slot, slot_hash, answers_until, proofs_until }
        RoundEnded { number, passed, weight, budget, promised }
        RoundVoided { number, committed }
        ChallengeCommitted { number, device, class, rows, root, seed, seconds, throughput }
        CellAnswered { number, device, index, answered }
        ChallengePassed { number, device, throughput, weight }
        WrongCellProven { number, device, prover, row, column, expected, committed }
        ChallengeFailed { number, device, operator, reason, class, device_stake, required_stake, slashed }
        IdlePayShared { number, device, operator, amount, owed }
        IdlePaid { operator, amount, owed, promised }
        RoundClosed { number, left, promised }
        ParameterSet { parameter, old, new }
        Paused { flags }
        AuthorityOffered { to }
        AuthorityAccepted { authority }
    }
}

events! {
    /// The staking program's events.
    StakingEvent in staking_events {
        ShardOpened {}
        PoolOpened { pool, owner, kind, commission_bps, rewards_index }
        StakeAdded { pool, holder, amount, warm_epoch, fold, activated, position, pool_state }
        StakeActivated { pool, holder, fold, activated, position, pool_state }
        UnstakeStarted { pool, holder, amount, cool_epoch, fold, activated, position, pool_state }
        StakeWithdrawn { pool, holder, amount, fold, activated, position, pool_state }
        PositionClosed { pool, holder, fold, pool_state }
        RewardsCollected { amount, undistributed, index, weight, collected }
        PoolFolded { pool, reward, commission, pool_state }
        RewardsClaimed { pool, holder, amount, fold, activated, position, pool_state }
        RebatesClaimed { pool, holder, amount, activated, position, pool_state }
        CommissionClaimed { pool, owner, amount, fold, pool_state }
        CommissionSet { pool, old, new, epoch, fold, pool_state }
        LoyaltyShared { pool, owner, points, to_user, to_stakers, pool_state }
        StakeReserved { pool, amount, position, pool_state }
        StakeReleased { pool, amount, position, pool_state }
        StakeForfeited { pool, user, to_user, released, fold, position, pool_state }
        StakeSlashed {
            pool, reason, reserved, beyond, to_prover, burned, factor, epoch, epoch_slashed, slash_base, fold, position, pool_state
        }
        PositionLocked { pool, holder, until }
        ParameterSet { parameter, old, new }
        Paused { flags }
        AuthorityOffered { to }
        AuthorityAccepted { authority }
    }
}

events! {
    /// The governance program's events.
    GovernanceEvent in governance_events {
        ShardOpened {}
        ProposalCreated {
            proposal, number, proposer, action, deposit, rules_version, voting_end, eta, expires, quorum, threshold_bps
        }
        VoteCast { proposal, position, voter, choice, weight, yes, no, abstain }
        ProposalFinished { proposal, status, quorum, yes, no, abstain }
        ProposalVetoed { proposal, guardian }
        ProposalExecuted { proposal, number, action, old, rules_version, guardian, paused }
        ProposalClosed { proposal, number, proposer, status, deposit_returned, deposit_burned, deposits_burned }
        VoteClosed { proposal, position }
        GuardianOffered { to }
        GuardianAccepted { guardian }
        PausedByGuardian { guardian, target, flags }
        ProgramAuthorityAccepted { target }
    }
}
