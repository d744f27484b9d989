//! All accounts that an audit compares with, read at one slot.
use crate::audit::AuditError;
use crate::audit::accounts::COINS;
use crate::audit::chain::{ChainState, Reading};
use crate::audit::cut::{Cut, shards};
use crate::decode::Program;
use crate::source::SourceError;
use sqlx::PgConnection;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(200);
/// The five readings are taken again this often while the chain's slot moves between them.
const READS: u32 = 8;

/// A reading and the events that it has in it.
pub struct At {
    pub reading: Reading,
    pub cut: Cut,
}

impl At {
    fn new(reading: Reading, programs: &[Program]) -> Self {
        let cut = Cut::of(&reading, programs);
        Self { reading, cut }
    }
}

pub struct Readings {
    /// In the order of `Program::ALL`.
    pub programs: [At; Program::ALL.len()],
    /// The coins, and all programs' shards.
    pub coins: At,
}

impl Readings {
    /// At one slot if the chain lets it: the slot may move between the answers for as long as there are attempts. Each
    /// reading is of one instant in any case, and says which.
    pub async fn take(chain: &impl ChainState) -> Result<Self, SourceError> {
        let mut taken = Self::read(chain, 0).await?;
        for _ in 1..READS {
            if taken.first() == taken.last() {
                break;
            }
            match Self::read(chain, taken.last()).await {
                Ok(again) => taken = again,
                // Of several nodes behind one address, another one answered, which is not there yet.
                Err(error) => {
                    tracing::debug!(%error, "the accounts are read again");
                    tokio::time::sleep(POLL).await;
                }
            }
        }
        Ok(taken)
    }

    /// All at once, so that the slot has little time to move.
    async fn read(chain: &impl ChainState, not_before: u64) -> Result<Self, SourceError> {
        let [credits, jobs, staking, governance] = Program::ALL.map(Program::id);
        let coins: Vec<_> = COINS.iter().map(|coin| coin.address()).chain(shards()).map(|key| key.to_bytes()).collect();
        let (credits, jobs, staking, governance, coins) = tokio::try_join!(
            chain.owned_by(credits, not_before),
            chain.owned_by(jobs, not_before),
            chain.owned_by(staking, not_before),
            chain.owned_by(governance, not_before),
            chain.accounts(&coins, not_before),
        )?;
        let programs = [
            At::new(credits, &[Program::Credits]),
            At::new(jobs, &[Program::Jobs]),
            At::new(staking, &[Program::Staking]),
            At::new(governance, &[Program::Governance]),
        ];
        Ok(Self { programs, coins: At::new(coins, &Program::ALL) })
    }

    pub fn all(&self) -> impl Iterator<Item = &At> {
        self.programs.iter().chain([&self.coins])
    }

    pub fn first(&self) -> u64 {
        self.all().map(|at| at.reading.slot).min().unwrap_or(0)
    }

    pub fn last(&self) -> u64 {
        self.all().map(|at| at.reading.slot).max().unwrap_or(0)
    }

    /// Waits until the index has every event that is in the accounts. Events that do not come are left for the
    /// comparison to tell; an index that does not come as far as the slot is an error.
    pub async fn wait_for_index(&self, database: &mut PgConnection, patience: Duration) -> Result<(), AuditError> {
        let began = Instant::now();
        let slot = self.last();
        loop {
            let at: Option<i64> =
                sqlx::query_scalar("SELECT slot FROM checkpoint").fetch_optional(&mut *database).await?;
            let indexed = at.map_or(0, i64::unsigned_abs);
            let reached = at.is_some() && indexed >= slot;
            if reached && self.has_all_events(database).await? {
                return Ok(());
            }
            if began.elapsed() >= patience {
                return if reached { Ok(()) } else { Err(AuditError::Behind { indexed, slot }) };
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn has_all_events(&self, database: &mut PgConnection) -> Result<bool, sqlx::Error> {
        let rows: Vec<(String, i16, i64)> =
            sqlx::query_as("SELECT program, shard, last_seq FROM sequences").fetch_all(database).await?;
        let seq = |(name, shard, seq): (String, i16, i64)| {
            let program = Program::ALL.into_iter().find(|program| program.name() == name)?;
            Some(((program, u8::try_from(shard).ok()?), seq.unsigned_abs()))
        };
        let indexed = rows.into_iter().filter_map(seq).collect();
        Ok(self.all().all(|at| !at.cut.is_after(&indexed)))
    }
}
