//! What one batch reads, changes and adds.
use super::Inserted;
use super::columns::Key;
use super::more_rows::*;
use super::pools::position_address;
use super::rows::*;
use super::table::{self, Table};
use crate::rollup::Counted;
use anchor_lang::prelude::Pubkey;
use sqlx::PgConnection;
use std::collections::HashMap;

macro_rules! work {
    (changes { $($changing:ident: $row:ident,)* } adds { $($history:ident: $added:ident,)* }) => {
        /// Rows in memory.
        #[derive(Default)]
        pub struct Work {
            $(pub $changing: Table<$row>,)*
            $(pub $history: Vec<$added>,)*
            /// Who paused a program in a transaction whose pause is in the table already.
            pub guardians: Vec<(&'static str, Vec<u8>, Key)>,
            /// What the hourly sums are made of.
            pub counted: Vec<Counted>,
            /// Positions' addresses by pool and holder: it takes thousands of hashes to find one.
            addresses: HashMap<(Pubkey, Pubkey), Key>,
            /// Events that change a row that is missing.
            astray: Vec<(i64, &'static str, i64)>,
        }

        impl Work {
            /// Back to what was read.
            pub fn reset(&mut self) {
                $(self.$changing.reset();)*
                $(self.$history.clear();)*
                self.guardians.clear();
                self.counted.clear();
                self.astray.clear();
            }

            /// Reads every row that was asked for and was not read yet. Returns whether there was any.
            pub async fn read(&mut self, tx: &mut PgConnection) -> Result<bool, sqlx::Error> {
                let mut any = false;
                $(any |= self.$changing.read(tx).await?;)*
                Ok(any)
            }

            /// Writes everything that was changed and added.
            pub async fn write(&self, tx: &mut PgConnection) -> Result<(), sqlx::Error> {
                for (event, kind, slot) in &self.astray {
                    tracing::error!(event, kind, slot, "event changes a row that is missing");
                }
                for (program, signature, guardian) in &self.guardians {
                    super::orders::name_guardian(tx, program, signature, guardian).await?;
                }
                $(self.$changing.write(tx).await?;)*
                $(table::append(tx, &self.$history).await?;)*
                Ok(())
            }
        }
    };
}

work! {
    changes {
        jobs: Job,
        job_counts: JobCount,
        audited_cells: AuditedCell,
        demands: Demand,
        devices: Device,
        operators: Operator,
        users: User,
        models: Model,
        loyalty: Loyalty,
        epochs: Epoch,
        budgets: Budget,
        totals: Totals,
        rewards: Rewards,
        pools: Pool,
        positions: Position,
        proposals: Proposal,
        governance: Governance,
        authorities: Authority,
        rounds: Round,
        challenges: Challenge,
    }
    adds {
        price_points: PricePoint,
        redemptions: Redemption,
        schedule_mints: ScheduleMint,
        stake_events: StakeEvent,
        votes: Vote,
        parameter_changes: ParameterChange,
        pauses: Pause,
    }
}

impl Work {
    /// Says so if the row that an event changes is missing: its own creation was missed.
    pub fn expect(&mut self, found: bool, row: &Inserted<'_>) {
        if !found {
            self.astray.push((row.id, row.event.kind(), row.slot));
        }
    }

    /// The user's row, which is made if this is the first that is heard of them.
    pub fn user(&mut self, row: &Inserted<'_>, user: &Pubkey) -> Option<&mut User> {
        let key = user.to_bytes();
        if self.users.add(User { key, event_id: row.id, slot: row.slot, ..User::default() }) {
            self.totals.one().users += 1;
        }
        self.users.change(&(key,))
    }

    pub fn operator(&mut self, row: &Inserted<'_>, owner: &Pubkey) -> Option<&mut Operator> {
        let key = owner.to_bytes();
        self.operators.add(Operator { key, event_id: row.id, slot: row.slot, ..Operator::default() });
        self.operators.change(&(key,))
    }

    pub fn position_address(&mut self, pool: &Pubkey, holder: &Pubkey) -> Key {
        *self.addresses.entry((*pool, *holder)).or_insert_with(|| position_address(pool, holder).to_bytes())
    }
}
