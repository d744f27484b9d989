//! Random audits of committed results.
use explorer_client::{Audit, AuditedCell, Finality, Key, Time, base58, hex};
use sqlx::{FromRow, PgPool};

/// A job's audit, as its row has it.
#[derive(Debug, FromRow)]
pub struct AuditRow {
    audit_bps: Option<i32>,
    audit_cells: Option<i16>,
    audit: Option<String>,
    draw_slot: Option<i64>,
    draws_missed: i64,
    drawn_slot: Option<String>,
    drawn_hash: Option<Vec<u8>>,
    audit_seed: Option<Vec<u8>>,
    audit_deadline: Option<i64>,
    audit_answered: i16,
    drawn_time: Option<i64>,
    drawn_signature: Option<Vec<u8>>,
}

fn words(state: Option<&str>, ended: bool) -> &'static str {
    match state {
        Some("pending" | "certain") if ended => "the job ended before it was drawn",
        Some("open") if ended => "the job ended before it was answered",
        None => "no result yet",
        Some("pending") => "to be drawn",
        Some("certain") => "certain, its cells are to be drawn",
        Some("not_drawn") => "not drawn for an audit",
        Some("open") => "waiting for answers",
        Some("passed") => "passed: all cells are right",
        Some("unanswered") => "not answered in time",
        Some(_) => "unknown",
    }
}

impl AuditRow {
    pub fn state(&self) -> Option<&str> {
        self.audit.as_deref()
    }

    /// `None` for a job that nobody has claimed. `ended`: nothing more happens to the job.
    pub fn show(self, ended: bool) -> Option<Audit> {
        let hash = |bytes: Option<Vec<u8>>| bytes.map(|bytes| hex(&bytes));
        Some(Audit {
            bps: self.audit_bps?,
            cells: self.audit_cells?,
            words: words(self.audit.as_deref(), ended).into(),
            state: self.audit,
            draw_slot: self.draw_slot,
            draws_missed: self.draws_missed,
            drawn_slot: self.drawn_slot,
            slot_hash: hash(self.drawn_hash),
            seed: hash(self.audit_seed),
            deadline: self.audit_deadline.map(Time),
            answered: self.audit_answered,
            drawn_at: self.drawn_time.map(Time),
            drawn_signature: self.drawn_signature.map(|bytes| base58(&bytes)),
        })
    }
}

#[derive(Debug, FromRow)]
pub struct CellRow {
    index: i16,
    layer: i64,
    row: i64,
    column: i64,
    prover: Vec<u8>,
    time: i64,
    signature: Vec<u8>,
    slot: i64,
}

impl CellRow {
    pub fn show(self, finalized_slot: Option<i64>) -> AuditedCell {
        AuditedCell {
            index: self.index,
            layer: self.layer,
            row: self.row,
            column: self.column,
            prover: base58(&self.prover),
            opened_at: Time(self.time),
            signature: base58(&self.signature),
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

/// A job's answered cells, in their audit's order.
pub async fn of_job(pool: &PgPool, job: Key) -> Result<Vec<CellRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT index, layer, row, \"column\", prover, time, signature, slot FROM audited_cells
         WHERE job = $1 ORDER BY index",
    )
    .bind(job.0.to_vec())
    .fetch_all(pool)
    .await
}
