use super::{Accounts, Said};
use crate::audit::books::Books;
use crate::audit::chain::Reading;
use crate::audit::finding::{Subject, compare};
use crate::decode::Program;
use crate::decode::words::pool_kind;
use ::staking::Parameter;
use ::staking::state::{Config, Pool, Position, Rewards};

impl Books {
    pub(super) fn compare_staking(&mut self, reading: &Reading) {
        let Self { staking, findings, sequences, genesis_time, epoch_s, .. } = self;
        let mut accounts = Accounts::new(reading);
        let program = Program::Staking;
        if let Some(config) = accounts.take::<Config>(findings, Subject::Config(program)) {
            let said = Said {
                all: &Parameter::ALL,
                value: &|parameter| config.get(parameter),
                paused: config.paused,
                authority: config.authority,
                pending: config.pending_authority,
            };
            staking.orders.compare(findings, program, &said);
            compare!(findings, Subject::Config(program), {
                genesis_time: *genesis_time, config.genesis_time;
                epoch_s: *epoch_s, config.epoch_s;
            });
        }
        if let Some(said) = accounts.take::<Rewards>(findings, Subject::Rewards) {
            let books = &staking.rewards;
            compare!(findings, Subject::Rewards, {
                weight: books.weight, said.weight;
                staked: books.staked, said.staked;
                index: books.index.value, said.index;
                carry: books.index.carry, said.carry;
                undistributed: books.index.undistributed, said.undistributed;
                collected: books.collected, said.collected;
                claimed: books.claimed, said.claimed;
                slashed: books.slashed, said.slashed;
                burned: books.burned, said.burned;
            });
        }
        for (address, pool) in &staking.pools {
            let (subject, books) = (Subject::Pool(*address), &pool.rules);
            let Some(said) = accounts.take::<Pool>(findings, subject) else { continue };
            compare!(findings, subject, {
                owner: pool.owner, said.owner;
                kind: pool_kind(pool.kind), pool_kind(said.kind);
                active: books.active, said.active;
                reserved: books.reserved, said.reserved;
                warming: books.warming, said.warming;
                cooling: books.cooling, said.cooling;
                factor: books.factor, said.factor;
                index: books.index.value, said.index;
                scaled_index: books.scaled_index, said.scaled_index;
                carry: books.index.carry, said.carry;
                undistributed: books.index.undistributed, said.undistributed;
                rewards_index: books.rewards_index, said.rewards_index;
                commission_bps: books.commission_bps, said.commission_bps;
                commission_epoch: pool.commission_epoch, said.commission_epoch;
                commission_owed: books.commission_owed, said.commission_owed;
                slash_epoch: books.slash_epoch, said.slash_epoch;
                slash_base: books.slash_base, said.slash_base;
                slashed: books.slashed, said.slashed;
            });
        }
        for ((pool, holder), books) in &staking.positions {
            let subject = Subject::Position(*pool, *holder);
            let Some(said) = accounts.take::<Position>(findings, subject) else { continue };
            compare!(findings, subject, {
                pool: *pool, said.pool;
                holder: *holder, said.holder;
                active: books.active, said.active;
                reserved: books.reserved, said.reserved;
                warming: books.warming, said.warming;
                warm_epoch: books.warm_epoch, said.warm_epoch;
                cooling: books.cooling, said.cooling;
                cool_epoch: books.cool_epoch, said.cool_epoch;
                factor: books.factor, said.factor;
                index: books.index, said.index;
                scaled_index: books.scaled_index, said.scaled_index;
                owed: books.owed, said.owed;
                locked_until: books.locked_until, said.locked_until;
            });
        }
        accounts.no_other::<Pool>(findings);
        accounts.no_other::<Position>(findings);
        accounts.sequences(findings, sequences, program);
    }
}
