//! What authorities ordered, of whichever program the event is.
use super::more_rows::{Authority, ParameterChange, Pause};
use super::{Inserted, Key, Work};
use anchor_lang::prelude::Pubkey;
use sqlx::PgConnection;

pub fn parameter(work: &mut Work, row: &Inserted<'_>, parameter: String, old: u64, new: u64) {
    work.parameter_changes.push(ParameterChange {
        event_id: row.id,
        program: row.event.program().name(),
        parameter,
        old: old.into(),
        new: new.into(),
        time: row.stamp().time,
        signature: row.signature(),
        slot: row.slot,
    });
}

pub fn paused(work: &mut Work, row: &Inserted<'_>, flags: u8) {
    work.pauses.push(Pause {
        event_id: row.id,
        program: row.event.program().name(),
        flags: flags.into(),
        guardian: None,
        time: row.stamp().time,
        signature: row.signature(),
        slot: row.slot,
    });
}

/// The guardian's pause of a program is its last one in the transaction.
pub fn paused_by_guardian(work: &mut Work, row: &Inserted<'_>, program: &'static str, guardian: &Pubkey) {
    let pauses = &mut work.pauses;
    match pauses.iter_mut().rfind(|pause| pause.program == program && pause.signature == row.signature) {
        Some(pause) => pause.guardian = Some(guardian.to_bytes()),
        None => work.guardians.push((program, row.signature(), guardian.to_bytes())),
    }
}

/// Of a pause that is in the table.
pub async fn name_guardian(
    tx: &mut PgConnection,
    program: &str,
    signature: &[u8],
    guardian: &Key,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE pauses SET guardian = $2
         WHERE event_id = (SELECT event_id FROM pauses WHERE program = $1 AND signature = $3
                           ORDER BY event_id DESC LIMIT 1)",
    )
    .bind(program)
    .bind(guardian)
    .bind(signature)
    .execute(tx)
    .await?;
    Ok(())
}

/// The default key is nobody.
fn somebody(key: &Pubkey) -> Option<Key> {
    (*key != Pubkey::default()).then(|| key.to_bytes())
}

fn authority<'w>(work: &'w mut Work, row: &Inserted<'_>) -> Option<&'w mut Authority> {
    let authority = work.authorities.change(&(row.event.program().name().to_owned(),))?;
    authority.slot = Some(row.slot);
    Some(authority)
}

pub fn offered(work: &mut Work, row: &Inserted<'_>, to: &Pubkey) {
    if let Some(authority) = authority(work, row) {
        authority.pending = somebody(to);
    }
}

pub fn accepted(work: &mut Work, row: &Inserted<'_>, by: &Pubkey) {
    if let Some(authority) = authority(work, row) {
        (authority.authority, authority.pending) = (somebody(by), None);
    }
}
