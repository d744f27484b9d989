//! Demands for data, and how they ended.
use super::columns::Jsonb;
use super::rows::Demand;
use super::{Inserted, Work, jobs};
use crate::decode::item;
use ::jobs::events::{DemandAnswered, DemandMade};
use anchor_lang::prelude::Pubkey;

pub fn made(work: &mut Work, row: &Inserted<'_>, e: &DemandMade) {
    work.demands.add(Demand {
        job: e.job.to_bytes(),
        n: e.n.into(),
        event_id: row.id,
        demander: e.demander.to_bytes(),
        item: Jsonb(item(&e.item).to_string()),
        bond: e.bond.into(),
        deadline: e.deadline,
        status: "open".into(),
        made_time: e.stamp.time,
        made_signature: row.signature(),
        slot: row.slot,
        ..Demand::default()
    });
}

pub fn answered(work: &mut Work, row: &Inserted<'_>, e: &DemandAnswered) {
    if let Some(demand) = end(work, row, &e.job, e.n, "answered") {
        demand.answered_by = Some(e.prover.to_bytes());
        demand.data = Some(e.data.clone());
    }
    let Some(job) = jobs::job(work, row, &e.job) else { return };
    job.window_end = Some(e.window_end);
    job.slot = row.slot;
}

/// Its last state.
pub fn end<'w>(
    work: &'w mut Work,
    row: &Inserted<'_>,
    job: &Pubkey,
    n: u16,
    status: &'static str,
) -> Option<&'w mut Demand> {
    let key = (job.to_bytes(), n.into());
    let found = work.demands.get(&key).is_some();
    work.expect(found, row);
    let demand = work.demands.change(&key)?;
    demand.status = status.into();
    demand.ended_time = Some(row.stamp().time);
    demand.ended_signature = Some(row.signature());
    demand.slot = row.slot;
    Some(demand)
}
