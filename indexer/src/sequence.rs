//! The check that nothing was missed.
use crate::decode::Event;
use sqlx::{PgConnection, Row};
use std::collections::{HashMap, HashSet};

/// Where an event breaks its shard's sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    pub kind: BreakKind,
    pub expected: i64,
    pub found: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakKind {
    /// Events before this one were missed.
    Hole,
    /// A number that was seen already.
    Repeat,
}

impl BreakKind {
    fn word(self) -> &'static str {
        match self {
            Self::Hole => "hole",
            Self::Repeat => "repeat",
        }
    }
}

type Shard = (&'static str, i16);

/// The last number seen of each shard, as it will be when the current slot is committed.
pub struct Sequences {
    last: HashMap<Shard, i64>,
    changed: HashSet<Shard>,
}

impl Sequences {
    pub async fn load(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let rows = sqlx::query("SELECT program, shard, last_seq FROM sequences").fetch_all(connection).await?;
        let mut last = HashMap::new();
        for row in rows {
            let name: String = row.try_get(0)?;
            let program = crate::Program::ALL.into_iter().find(|p| p.name() == name);
            // A program that this version does not know cannot produce events here either.
            if let Some(program) = program {
                last.insert((program.name(), row.try_get(1)?), row.try_get(2)?);
            }
        }
        Ok(Self { last, changed: HashSet::new() })
    }

    /// Takes the next event. Sequences start at 1.
    pub fn take(&mut self, event: &Event) -> Option<Break> {
        let stamp = event.stamp();
        let shard = (event.program().name(), i16::from(stamp.shard));
        // The decoder refuses what does not fit.
        let found = i64::try_from(stamp.seq).unwrap_or(i64::MAX);
        let last = self.last.entry(shard).or_insert(0);
        let expected = last.saturating_add(1);
        if found > *last {
            *last = found;
            self.changed.insert(shard);
        }
        match found.cmp(&expected) {
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(Break { kind: BreakKind::Hole, expected, found }),
            std::cmp::Ordering::Less => Some(Break { kind: BreakKind::Repeat, expected, found }),
        }
    }

    pub async fn save(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        for (program, shard) in &self.changed {
            sqlx::query(
                "INSERT INTO sequences (program, shard, last_seq) VALUES ($1, $2, $3)
                 ON CONFLICT (program, shard) DO UPDATE SET last_seq = $3",
            )
            .bind(program)
            .bind(shard)
            .bind(self.last[&(*program, *shard)])
            .execute(&mut *connection)
            .await?;
        }
        Ok(())
    }
}

/// Records a break and raises the alarm.
pub async fn record(
    connection: &mut PgConnection,
    event: &Event,
    at: Break,
    slot: i64,
    signature: &[u8; 64],
) -> Result<(), sqlx::Error> {
    let (program, shard) = (event.program().name(), event.stamp().shard);
    tracing::error!(
        program,
        shard,
        expected = at.expected,
        found = at.found,
        slot,
        signature = %bs58::encode(signature).into_string(),
        "event sequence has a {}: the tables can no longer be trusted to be complete",
        at.kind.word(),
    );
    sqlx::query(
        "INSERT INTO sequence_faults (program, shard, kind, expected, found, slot, signature)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(program)
    .bind(i16::from(shard))
    .bind(at.kind.word())
    .bind(at.expected)
    .bind(at.found)
    .bind(slot)
    .bind(signature.as_slice())
    .execute(connection)
    .await?;
    Ok(())
}
