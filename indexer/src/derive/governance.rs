//! Proposals and votes.
use super::{Inserted, amount, bytes, expect_row, orders};
use crate::decode::{GovernanceEvent, words};
use ::governance::events::*;
use ::governance::state::{Action, Rule, Status, Target};
use anchor_lang::prelude::Pubkey;
use sqlx::PgConnection;

pub async fn apply(tx: &mut PgConnection, row: &Inserted<'_>, event: &GovernanceEvent) -> Result<(), sqlx::Error> {
    match event {
        GovernanceEvent::ShardOpened(_) => Ok(()),
        GovernanceEvent::ProposalCreated(e) => created(tx, row, e).await,
        GovernanceEvent::VoteCast(e) => voted(tx, row, e).await,
        GovernanceEvent::ProposalFinished(e) => {
            step(tx, row, &e.proposal, e.status).await?;
            sqlx::query("UPDATE proposals SET finished_time = $2 WHERE address = $1")
                .bind(bytes(&e.proposal))
                .bind(e.stamp.time)
                .execute(tx)
                .await
                .map(drop)
        }
        GovernanceEvent::ProposalVetoed(e) => {
            step(tx, row, &e.proposal, Status::Vetoed).await?;
            sqlx::query(
                "UPDATE proposals SET vetoed_by = $2, finished_time = coalesce(finished_time, $3) WHERE address = $1",
            )
            .bind(bytes(&e.proposal))
            .bind(bytes(&e.guardian))
            .bind(e.stamp.time)
            .execute(tx)
            .await
            .map(drop)
        }
        GovernanceEvent::ProposalExecuted(e) => executed(tx, row, e).await,
        GovernanceEvent::ProposalClosed(e) => closed(tx, row, e).await,
        // The vote was counted; only its account is gone.
        GovernanceEvent::VoteClosed(_) => Ok(()),
        GovernanceEvent::GuardianOffered(e) => orders::offered(tx, row, &e.to).await,
        GovernanceEvent::GuardianAccepted(e) => orders::accepted(tx, row, &e.guardian).await,
        GovernanceEvent::PausedByGuardian(e) => paused(tx, row, e).await,
        // The target's own event says who its authority is now.
        GovernanceEvent::ProgramAuthorityAccepted(_) => Ok(()),
    }
}

async fn created(tx: &mut PgConnection, row: &Inserted<'_>, e: &ProposalCreated) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO proposals (address, event_id, number, proposer, action_kind, action, words, deposit, rules_version,
                                voting_end, eta, expires, quorum, threshold_bps, status, created_time,
                                created_signature, slot)
         VALUES ($1, $2, $3::numeric, $4, $5, $6::jsonb, $7, $8::numeric, $9, $10, $11, $12, $13::numeric, $14, 'voting',
                 $15, $16, $17)
         ON CONFLICT (address) DO NOTHING",
    )
    .bind(bytes(&e.proposal))
    .bind(row.id)
    .bind(amount(e.number))
    .bind(bytes(&e.proposer))
    .bind(words::action_kind(&e.action))
    .bind(words::action_fields(&e.action).to_string())
    .bind(words::action(&e.action))
    .bind(amount(e.deposit))
    .bind(i64::from(e.rules_version))
    .bind(e.voting_end)
    .bind(e.eta)
    .bind(e.expires)
    .bind(amount(e.quorum))
    .bind(i32::from(e.threshold_bps))
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

async fn voted(tx: &mut PgConnection, row: &Inserted<'_>, e: &VoteCast) -> Result<(), sqlx::Error> {
    let proposal = sqlx::query(
        "UPDATE proposals SET yes = $2::numeric, no = $3::numeric, abstain = $4::numeric, votes = votes + 1, slot = $5
         WHERE address = $1",
    )
    .bind(bytes(&e.proposal))
    .bind(amount(e.yes))
    .bind(amount(e.no))
    .bind(amount(e.abstain))
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    expect_row(proposal.rows_affected(), row);
    sqlx::query(
        "INSERT INTO votes (proposal, position, event_id, voter, choice, weight, time, signature, slot)
         VALUES ($1, $2, $3, $4, $5, $6::numeric, $7, $8, $9)
         ON CONFLICT (proposal, position) DO NOTHING",
    )
    .bind(bytes(&e.proposal))
    .bind(bytes(&e.position))
    .bind(row.id)
    .bind(bytes(&e.voter))
    .bind(words::choice(e.choice))
    .bind(amount(e.weight))
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

async fn step(tx: &mut PgConnection, row: &Inserted<'_>, proposal: &Pubkey, status: Status) -> Result<(), sqlx::Error> {
    let changed = sqlx::query("UPDATE proposals SET status = $2, slot = $3 WHERE address = $1")
        .bind(bytes(proposal))
        .bind(words::status(status))
        .bind(row.slot)
        .execute(tx)
        .await?;
    expect_row(changed.rows_affected(), row);
    Ok(())
}

async fn executed(tx: &mut PgConnection, row: &Inserted<'_>, e: &ProposalExecuted) -> Result<(), sqlx::Error> {
    step(tx, row, &e.proposal, Status::Executed).await?;
    sqlx::query("UPDATE proposals SET executed_time = $2, executed_signature = $3 WHERE address = $1")
        .bind(bytes(&e.proposal))
        .bind(e.stamp.time)
        .bind(row.signature.as_slice())
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE governance SET rules_version = $1, slot = $2")
        .bind(i64::from(e.rules_version))
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    // What it changed in another program is in that program's own event.
    match e.action {
        Action::Rules { rule: Rule::Paused, .. } => orders::paused(tx, row, e.paused).await,
        Action::Rules { rule, value } => orders::parameter(tx, row, &words::name(rule), e.old, value).await,
        Action::Guardian { new } => orders::accepted(tx, row, &new).await,
        _ => Ok(()),
    }
}

async fn closed(tx: &mut PgConnection, row: &Inserted<'_>, e: &ProposalClosed) -> Result<(), sqlx::Error> {
    let proposal = sqlx::query(
        "UPDATE proposals SET deposit_returned = $2::numeric, deposit_burned = $3::numeric, slot = $4 WHERE address = $1",
    )
    .bind(bytes(&e.proposal))
    .bind(amount(e.deposit_returned))
    .bind(amount(e.deposit_burned))
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    expect_row(proposal.rows_affected(), row);
    sqlx::query("UPDATE governance SET deposits_burned = $1::numeric, slot = $2")
        .bind(amount(e.deposits_burned))
        .bind(row.slot)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "UPDATE totals SET io_deposits_burned = io_deposits_burned + $1::numeric, io_supply = io_supply - $1::numeric",
    )
    .bind(amount(e.deposit_burned))
    .execute(tx)
    .await?;
    Ok(())
}

/// Another program tells of its pause itself, in the same instruction and before.
async fn paused(tx: &mut PgConnection, row: &Inserted<'_>, e: &PausedByGuardian) -> Result<(), sqlx::Error> {
    if e.target == Target::Governance {
        orders::paused(tx, row, e.flags).await?;
    }
    sqlx::query(
        "UPDATE pauses SET guardian = $2
         WHERE event_id = (SELECT event_id FROM pauses WHERE program = $1 AND signature = $3
                           ORDER BY event_id DESC LIMIT 1)",
    )
    .bind(words::target(e.target))
    .bind(bytes(&e.guardian))
    .bind(row.signature.as_slice())
    .execute(tx)
    .await?;
    Ok(())
}
