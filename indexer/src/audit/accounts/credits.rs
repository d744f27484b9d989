use super::{Accounts, Said};
use crate::audit::books::Books;
use crate::audit::chain::Reading;
use crate::audit::finding::{Subject, compare};
use crate::audit::launch::CREDITS_PARAMETERS;
use crate::decode::Program;
use ::credits::constants::SHARDS;
use ::credits::state::{Config, Earnings, Emission, Epoch, Escrow, Loyalty, Shard};
use anchor_lang::AccountDeserialize;

impl Books {
    pub(super) fn compare_credits(&mut self, reading: &Reading) {
        let Self { credits, findings, sequences, .. } = self;
        let mut accounts = Accounts::new(reading);
        let program = Program::Credits;
        if let Some(config) = accounts.take::<Config>(findings, Subject::Config(program)) {
            let said = Said {
                all: &CREDITS_PARAMETERS,
                value: &|parameter| config.get(parameter),
                paused: config.paused,
                authority: config.authority,
                pending: config.pending_authority,
            };
            credits.orders.compare(findings, program, &said);
        }
        if let Some(said) = accounts.take::<Emission>(findings, Subject::Emission) {
            let books = &credits.emission;
            compare!(findings, Subject::Emission, {
                genesis: books.genesis, said.genesis;
                next_epoch: books.next_epoch, said.next_epoch;
                smoothed_burn: books.smoothed_burn, said.smoothed_burn;
                reserve: books.reserve, said.reserve;
                allocated: books.allocated, said.allocated;
                redeemed: books.redeemed, said.redeemed;
                burned: books.burned, said.burned;
                funded: books.funded, said.funded;
                scheduled: books.scheduled, said.scheduled;
            });
            for (books, said) in books.budgets.iter().zip(&said.budgets) {
                compare!(findings, Subject::Emission, {
                    available: books.available, said.available;
                    minted: books.minted, said.minted;
                    epoch: books.epoch, said.epoch;
                    epoch_minted: books.epoch_minted, said.epoch_minted;
                });
                let Some((authority, total, in_epoch)) = books.limits else { continue };
                compare!(findings, Subject::Emission, {
                    minter: authority, said.authority;
                    total_limit: total, said.total_limit;
                    epoch_limit: in_epoch, said.epoch_limit;
                });
            }
        }
        for (index, books) in &credits.emission.epochs {
            let subject = Subject::Epoch(*index);
            let Some(said) = accounts.take::<Epoch>(findings, subject) else { continue };
            compare!(findings, subject, {
                index: *index, said.index;
                io_burned: books.io_burned, said.io_burned;
                requested: books.requested, said.requested;
                closed: books.closed, said.closed;
                paid: books.paid, said.paid;
                allocated: books.allocated, said.allocated;
                price: books.price, said.price;
                settled: books.settled, said.settled;
                minted: books.minted, said.minted;
            });
        }
        for (job, (user, amount)) in &credits.escrows {
            let subject = Subject::Escrow(*job);
            let Some(said) = accounts.take::<Escrow>(findings, subject) else { continue };
            compare!(findings, subject, { user: *user, said.user; amount: *amount, said.amount; });
        }
        for (owner, books) in &credits.earnings {
            let subject = Subject::Earnings(*owner);
            let Some(said) = accounts.take::<Earnings>(findings, subject) else { continue };
            compare!(findings, subject, {
                owed: books.owed, said.owed;
                requested: books.requested, said.requested;
                request_epoch: books.request_epoch, said.request_epoch;
                redeemed: books.redeemed, said.redeemed;
            });
        }
        for (user, books) in &credits.loyalty {
            let subject = Subject::Loyalty(*user);
            let Some(said) = accounts.take::<Loyalty>(findings, subject) else { continue };
            compare!(findings, subject, {
                since: books.since, said.since;
                points: books.points, said.points;
                spent: books.spent, said.spent;
                incentives: books.incentives, said.incentives;
                rebated: books.rebated, said.rebated;
                pooled: books.pooled, said.pooled;
                shared: books.shared, said.shared;
            });
        }
        accounts.no_other::<Epoch>(findings);
        accounts.no_other::<Escrow>(findings);
        accounts.no_other::<Earnings>(findings);
        accounts.no_other::<Loyalty>(findings);

        accounts.sequences(findings, sequences, program);
        for index in 0..SHARDS {
            let subject = Subject::Shard(program, index);
            let books = credits.totals.get(&index).copied().unwrap_or_default();
            let data = reading.accounts.get(&subject.address().to_bytes());
            let said = data.and_then(|data| Shard::try_deserialize(&mut data.as_slice()).ok());
            let said = said.map(|shard| shard.totals).unwrap_or_default();
            compare!(findings, subject, {
                io_burned: books.io_burned, said.io_burned;
                io_redeemed: books.io_redeemed, said.io_redeemed;
                bought: books.bought, said.bought;
                locked: books.locked, said.locked;
                refunded: books.refunded, said.refunded;
                spent: books.spent, said.spent;
                earned: books.earned, said.earned;
                redeemed: books.redeemed, said.redeemed;
                incentives: books.incentives, said.incentives;
                retired: books.retired, said.retired;
                rebated: books.rebated, said.rebated;
                rebates_minted: books.rebates_minted, said.rebates_minted;
                io_scheduled: books.io_scheduled, said.io_scheduled;
            });
        }
    }
}
