//! What a recording holds, read without the indexer's own code: every event's place in its sequence.
use anyhow::{Context, Result, bail};
use recorded::Chain;
use solana_transaction_status_client_types::option_serializer::OptionSerializer;
use solana_transaction_status_client_types::{UiConfirmedBlock, UiInstruction};
use sqlx::{PgConnection, Row};
use std::collections::HashSet;

/// An event by self-CPI starts with this tag; then the event's own eight bytes; then its stamp: shard, sequence, slot, time.
const TAG: [u8; 8] = 0x1d9a_cb51_2ea5_45e4_u64.to_le_bytes();
const SHARD: usize = 16;
const SEQUENCE: std::ops::Range<usize> = 17..25;

/// Program, shard and sequence number: no two events share them.
pub type Stamp = (String, i16, i64);

pub struct Expected {
    stamps: HashSet<Stamp>,
}

/// What is missing in a table of events, and what is there twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    pub rows: u64,
    pub lost: u64,
    pub duplicated: u64,
}

impl Expected {
    pub fn of(chain: &Chain) -> Result<Self> {
        let programs = indexer::Program::ALL.map(|program| (bs58::encode(program.id()).into_string(), program.name()));
        let mut stamps = HashSet::new();
        for slot in chain.slots() {
            let text = chain.block(slot).context("listed slots have blocks")?;
            let block: UiConfirmedBlock = serde_json::from_slice(text)?;
            for transaction in block.transactions.into_iter().flatten() {
                let meta = transaction.meta.as_ref().context("a recorded transaction has no metadata")?;
                let OptionSerializer::Some(groups) = &meta.inner_instructions else { continue };
                if meta.err.is_some() {
                    continue;
                }
                let decoded = transaction.transaction.decode().context("a recorded transaction is unreadable")?;
                let keys = decoded.message.static_account_keys();
                for instruction in groups.iter().flat_map(|group| &group.instructions) {
                    let UiInstruction::Compiled(compiled) = instruction else { bail!("slot {slot}: parsed") };
                    let program = keys[usize::from(compiled.program_id_index)].to_string();
                    let Some((_, name)) = programs.iter().find(|(id, _)| *id == program) else { continue };
                    let data = bs58::decode(&compiled.data).into_vec()?;
                    if !data.starts_with(&TAG) {
                        continue;
                    }
                    let sequence = u64::from_le_bytes(data[SEQUENCE].try_into()?);
                    let stamp = ((*name).to_owned(), i16::from(data[SHARD]), i64::try_from(sequence)?);
                    if !stamps.insert(stamp) {
                        bail!("slot {slot}: the recording holds an event twice");
                    }
                }
            }
        }
        Ok(Expected { stamps })
    }

    pub fn count(&self) -> u64 {
        self.stamps.len() as u64
    }

    /// Compares a table that has `program`, `shard` and `seq` of each event.
    pub async fn compare(&self, connection: &mut PgConnection, table: &'static str) -> Result<Compared> {
        let query = format!("SELECT program, shard::smallint, seq::bigint FROM {table}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(connection).await?;
        let mut found: HashSet<Stamp> = HashSet::with_capacity(rows.len());
        for row in &rows {
            found.insert((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        }
        Ok(Compared {
            rows: rows.len() as u64,
            lost: self.stamps.difference(&found).count() as u64,
            duplicated: (rows.len() - found.len()) as u64,
        })
    }
}
