//! The check that nothing was missed.
use crate::decode::{Event, Program};
use crate::derive::Inserted;
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

/// The last number seen of each shard, as it will be when the current batch is committed.
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
            let program = Program::ALL.into_iter().find(|p| p.name() == name);
            // A program that this version does not know cannot produce events here either.
            if let Some(program) = program {
                last.insert((program.name(), row.try_get(1)?), row.try_get(2)?);
            }
        }
        Ok(Self { last, changed: HashSet::new() })
    }

    /// The last number seen of a shard, 0 before the first.
    pub fn last(&self, program: Program, shard: u8) -> u64 {
        self.last.get(&(program.name(), i16::from(shard))).copied().unwrap_or(0).unsigned_abs()
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

    /// As [`take`](Self::take), for an event that comes in late: one before the last number seen breaks nothing.
    pub fn take_later(&mut self, event: &Event) -> Option<Break> {
        let known = self.last.get(&(event.program().name(), i16::from(event.stamp().shard))).copied().unwrap_or(0);
        if event.stamp().seq <= known.unsigned_abs() { None } else { self.take(event) }
    }

    /// As far as they changed since the last time.
    pub async fn save(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let changed: Vec<(Shard, i64)> = self.changed.drain().map(|shard| (shard, self.last[&shard])).collect();
        if changed.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO sequences (program, shard, last_seq)
             SELECT * FROM unnest($1::text[], $2::smallint[], $3::bigint[])
             ON CONFLICT (program, shard) DO UPDATE SET last_seq = excluded.last_seq",
        )
        .bind(changed.iter().map(|((program, _), _)| *program).collect::<Vec<_>>())
        .bind(changed.iter().map(|((_, shard), _)| *shard).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, last)| *last).collect::<Vec<_>>())
        .execute(connection)
        .await?;
        Ok(())
    }

    /// From the events that are stored, after some were taken out.
    pub async fn rebuild(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM sequences").execute(&mut *connection).await?;
        let fill = "INSERT INTO sequences (program, shard, last_seq)
                    SELECT program, shard, max(seq) FROM events GROUP BY program, shard";
        sqlx::query(fill).execute(connection).await?;
        Ok(())
    }
}

/// Records breaks and raises the alarm.
pub async fn record(connection: &mut PgConnection, faults: &[(Inserted<'_>, Break)]) -> Result<(), sqlx::Error> {
    for (row, at) in faults {
        let (program, shard) = (row.event.program().name(), row.event.stamp().shard);
        tracing::error!(
            program,
            shard,
            expected = at.expected,
            found = at.found,
            slot = row.slot,
            signature = %bs58::encode(row.signature).into_string(),
            "event sequence has a {}: the tables are not to be trusted until it is healed",
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
        .bind(row.slot)
        .bind(row.signature.as_slice())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
