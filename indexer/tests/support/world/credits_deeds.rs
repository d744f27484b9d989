//! Buying, epochs, redemptions, the schedule and loyalty.
use super::{PRICE, World, pda};
use anchor_lang::prelude::Pubkey;
use credits::Purpose;
use credits::constants::{EMISSION_SEED, shard_of};
use credits::events::*;
use credits::state::{Earnings, Epoch, Escrow, Loyalty};
use economy::emission::Closing;
use indexer::Program::{self, Credits};

impl World {
    fn epoch_account(&mut self, index: u64, payer: Pubkey) -> &mut Epoch {
        let new = || Epoch {
            index,
            payer,
            io_burned: 0,
            requested: 0,
            closed: false,
            paid: 0,
            allocated: 0,
            price: 0,
            settled: 0,
            minted: 0,
            bump: 255,
        };
        self.ledger.epochs.entry(index).or_insert_with(new)
    }

    pub fn wallet(&mut self, owner: Pubkey) -> &mut u64 {
        self.ledger.wallets.entry(owner).or_insert(0)
    }

    pub fn buy(&mut self, user: Pubkey, io: u64) {
        let iosd = economy::price::iosd_for_io(io, PRICE).unwrap();
        let index = self.epoch();
        let epoch = self.epoch_account(index, user);
        epoch.burn(io).unwrap();
        let epoch_io_burned = epoch.io_burned;
        *self.wallet(user) += iosd;
        let iosd_balance = *self.wallet(user);
        self.ledger.io_supply -= io;
        self.ledger.iosd_supply += iosd;
        let totals = &mut self.ledger.totals[usize::from(shard_of(&user))];
        totals.io_burned += io;
        totals.bought += iosd;
        let event = CreditsBought {
            stamp: self.stamp(Credits, &user),
            user,
            io_burned: io,
            iosd_minted: iosd,
            price: PRICE,
            epoch: index,
            epoch_io_burned,
            iosd_balance,
        };
        self.say(Credits, &event);
        self.done();
    }

    pub fn open_loyalty(&mut self, user: Pubkey) {
        let loyalty = Loyalty {
            user,
            since: 0,
            points: 0,
            spent: 0,
            incentives: 0,
            rebated: 0,
            pooled: 0,
            shared: false,
            bump: 255,
        };
        self.ledger.loyalty.insert(user, loyalty);
        let stamp = self.stamp(Credits, &user);
        self.say(Credits, &LoyaltyOpened { stamp, user });
        self.done();
    }

    pub fn open_earnings(&mut self, owner: Pubkey) {
        let earnings = Earnings { owner, owed: 0, requested: 0, request_epoch: 0, redeemed: 0, bump: 255 };
        self.ledger.earnings.insert(owner, earnings);
        let stamp = self.stamp(Credits, &owner);
        self.say(Credits, &EarningsOpened { stamp, owner });
    }

    pub(super) fn lock(&mut self, job: Pubkey, user: Pubkey, amount: u64) {
        *self.wallet(user) -= amount;
        let iosd_balance = *self.wallet(user);
        self.ledger.iosd_supply -= amount;
        self.ledger.totals[usize::from(shard_of(&job))].locked += amount;
        let escrow = Escrow { job, user, user_iosd: user, payer: user, amount, bump: 255 };
        self.ledger.escrows.insert(job, escrow);
        let stamp = self.stamp(Credits, &job);
        self.say(Credits, &EscrowLocked { stamp, job, user, amount, iosd_balance });
    }

    pub(super) fn refund(&mut self, job: Pubkey) -> u64 {
        let Escrow { user, amount, .. } = self.ledger.escrows.remove(&job).unwrap();
        *self.wallet(user) += amount;
        let iosd_balance = *self.wallet(user);
        self.ledger.iosd_supply += amount;
        self.ledger.totals[usize::from(shard_of(&job))].refunded += amount;
        let stamp = self.stamp(Credits, &job);
        self.say(Credits, &EscrowRefunded { stamp, job, user, amount, iosd_balance });
        amount
    }

    pub(super) fn settle(&mut self, job: Pubkey, supplier: Pubkey) {
        let Escrow { user, amount: price, .. } = self.ledger.escrows.remove(&job).unwrap();
        let config = &self.ledger.credits;
        let split = economy::settle(price, config.fee_bps, config.incentive_bps).unwrap();
        let earnings = self.ledger.earnings.get_mut(&supplier).unwrap();
        earnings.owed += split.supplier;
        let earnings_owed = earnings.owed;
        let now = self.now();
        let loyalty = self.ledger.loyalty.get_mut(&user).unwrap();
        loyalty.spend(price, split.incentives, now).unwrap();
        let points = loyalty.points;
        let totals = &mut self.ledger.totals[usize::from(shard_of(&job))];
        totals.spent += price;
        totals.earned += split.supplier;
        totals.incentives += split.incentives;
        totals.retired += split.retired;
        let event = EscrowSettled {
            stamp: self.stamp(Credits, &job),
            job,
            user,
            supplier,
            price,
            supplier_share: split.supplier,
            retired: split.retired,
            incentives: split.incentives,
            earnings_owed,
            points,
        };
        self.say(Credits, &event);
    }

    pub fn request_redemption(&mut self, owner: Pubkey, amount: u64) {
        let epoch = self.epoch();
        let earnings = self.ledger.earnings.get_mut(&owner).unwrap();
        earnings.request(amount, epoch).unwrap();
        let (requested, earnings_owed) = (earnings.requested, earnings.owed);
        let account = self.epoch_account(epoch, owner);
        account.request(amount).unwrap();
        let epoch_requested = account.requested;
        let stamp = self.stamp(Credits, &owner);
        let event = RedemptionRequested { stamp, owner, amount, epoch, requested, earnings_owed, epoch_requested };
        self.say(Credits, &event);
        self.done();
    }

    pub fn close_epoch(&mut self) {
        let ledger = &mut self.ledger;
        let index = ledger.emission.next_epoch;
        let (burned, requested) = ledger.epochs.get(&index).map_or((0, 0), |e| (e.io_burned, e.requested));
        let closing = Closing {
            index,
            epoch_s: ledger.credits.epoch_s,
            burned,
            requested,
            paying_price: Some(PRICE),
            smoothed_burn: ledger.emission.smoothed_burn,
            reserve: ledger.emission.reserve,
            supply: ledger.emission.existing(burned).unwrap(),
            outstanding: ledger.emission.outstanding().unwrap(),
            redemption_cap: ledger.credits.redemption_cap,
            split: ledger.credits.split(),
        };
        let closed = economy::emission::close(&closing).unwrap();
        ledger.emission.close_epoch(&closed, burned).unwrap();
        ledger.emission.invariant().unwrap();
        if let Some(epoch) = ledger.epochs.get_mut(&index) {
            epoch.end(&closed, PRICE);
            if epoch.is_done() {
                ledger.epochs.remove(&index);
            }
        }
        let allocated_total = ledger.emission.allocated;
        let event = EpochClosed {
            stamp: self.stamp(Credits, &pda(Credits, &[EMISSION_SEED])),
            epoch: index,
            io_burned: burned,
            smoothed_burn: closed.smoothed_burn,
            requested,
            paid: closed.paid,
            allocated: closed.allocated,
            price: PRICE,
            reserve: closed.reserve,
            allocated_total,
            idle: closed.budgets.idle,
            stakers: closed.budgets.stakers,
            treasury: closed.budgets.treasury,
            supply: self.ledger.io_supply,
        };
        self.say(Credits, &event);
        self.done();
    }

    pub fn settle_redemption(&mut self, owner: Pubkey) {
        let joined = self.epoch();
        let earnings = self.ledger.earnings.get_mut(&owner).unwrap();
        let (requested, epoch) = (earnings.requested, earnings.request_epoch);
        let account = self.ledger.epochs.get_mut(&epoch).unwrap();
        let (charged, io, dust) = account.settle(requested).unwrap();
        let rest = earnings.settle(charged, joined).unwrap();
        if account.is_done() {
            self.ledger.epochs.remove(&epoch);
        }
        let open = self.epoch_account(joined, owner);
        open.request(rest).unwrap();
        let joined_requested = open.requested;
        self.ledger.emission.redeem(io, dust).unwrap();
        self.ledger.io_supply += io;
        let totals = &mut self.ledger.totals[usize::from(shard_of(&owner))];
        totals.io_redeemed += io;
        totals.redeemed += charged;
        let event = RedemptionSettled {
            stamp: self.stamp(Credits, &owner),
            owner,
            epoch,
            requested,
            charged,
            io_minted: io,
            dust,
            rest,
            joined,
            joined_requested,
            reserve: self.ledger.emission.reserve,
            allocated_total: self.ledger.emission.allocated,
        };
        self.say(Credits, &event);
        self.done();
    }

    pub(super) fn mint_scheduled(&mut self, purpose: Purpose, to: Pubkey, amount: u64) {
        let epoch = self.epoch();
        let emission = pda(Credits, &[EMISSION_SEED]);
        let budget = &mut self.ledger.emission.budgets[purpose as usize];
        budget.mint(amount, epoch).unwrap();
        let budget = *budget;
        self.ledger.emission.invariant().unwrap();
        self.ledger.io_supply += amount;
        self.ledger.totals[usize::from(shard_of(&emission))].io_scheduled += amount;
        let event = ScheduleMinted {
            stamp: self.stamp(Credits, &emission),
            purpose,
            to,
            amount,
            available: budget.available,
            minted: budget.minted,
            epoch,
            epoch_minted: budget.epoch_minted,
        };
        self.say(Credits, &event);
    }

    /// As if the treasury's minter were somebody who mints alone.
    pub fn pay_treasury_directly(&mut self, to: Pubkey, amount: u64) {
        self.mint_scheduled(Purpose::Treasury, to, amount);
        self.done();
    }

    /// Returns points taken, the user's and the stakers' part.
    pub(super) fn redeem_points(&mut self, user: Pubkey, points: u64, stakers_bps: u16) -> (u64, u64, u64) {
        let rate = self.ledger.credits.loyalty_bps;
        let loyalty = self.ledger.loyalty.get_mut(&user).unwrap();
        let (points, rebate) = loyalty.redeem(points, rate).unwrap();
        let to_stakers = economy::mul_div_ceil(rebate, u64::from(stakers_bps), economy::BPS).unwrap();
        loyalty.pooled += to_stakers;
        loyalty.invariant().unwrap();
        let (points_left, rebated, pooled) = (loyalty.points, loyalty.rebated, loyalty.pooled);
        let to_user = rebate - to_stakers;
        *self.wallet(user) += to_user;
        let iosd_balance = *self.wallet(user);
        self.ledger.iosd_supply += to_user;
        let totals = &mut self.ledger.totals[usize::from(shard_of(&user))];
        totals.rebated += rebate;
        totals.rebates_minted += to_user;
        let stamp = self.stamp(Credits, &user);
        let event =
            LoyaltyRedeemed { stamp, user, points, rebate, to_stakers, points_left, rebated, pooled, iosd_balance };
        self.say(Credits, &event);
        (points, to_user, to_stakers)
    }

    pub(super) fn share_loyalty(&mut self, user: Pubkey) {
        self.ledger.loyalty.get_mut(&user).unwrap().shared = true;
        let stamp = self.stamp(Credits, &user);
        self.say(Credits, &LoyaltyShared { stamp, user });
    }

    pub(super) fn mint_rebate(&mut self, user: Pubkey, holder: Pubkey, amount: u64) {
        let loyalty = self.ledger.loyalty.get_mut(&user).unwrap();
        loyalty.pooled -= amount;
        let pooled = loyalty.pooled;
        *self.wallet(holder) += amount;
        let iosd_balance = *self.wallet(holder);
        self.ledger.iosd_supply += amount;
        self.ledger.totals[usize::from(shard_of(&user))].rebates_minted += amount;
        let stamp = self.stamp(Credits, &user);
        self.say(Credits, &RebateMinted { stamp, user, to: holder, amount, pooled, iosd_balance });
    }

    /// An order that the authority gives by itself.
    pub(super) fn order_credits(&mut self, order: credits::Order) {
        let config = pda(Program::Credits, &[credits::constants::CONFIG_SEED]);
        let stamp = self.stamp(Credits, &config);
        match order {
            credits::Order::Set { parameter, value } => {
                let old = self.ledger.credits.set(parameter, value).unwrap();
                self.say(Credits, &ParameterSet { stamp, parameter, old, new: value });
            }
            credits::Order::Pause { flags } => {
                self.ledger.credits.paused = flags;
                self.say(Credits, &Paused { stamp, flags });
            }
            credits::Order::OfferAuthority { to } => {
                self.ledger.credits.pending_authority = to;
                self.say(Credits, &AuthorityOffered { stamp, to });
            }
            credits::Order::SetMinter { purpose, authority, total_limit, epoch_limit } => {
                let budget = &mut self.ledger.emission.budgets[purpose as usize];
                (budget.authority, budget.total_limit, budget.epoch_limit) = (authority, total_limit, epoch_limit);
                self.say(Credits, &MinterSet { stamp, purpose, authority, total_limit, epoch_limit });
            }
            other => panic!("not played here: {other:?}"),
        }
    }
}
