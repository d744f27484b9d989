//! What jobs do to an operator's own stake.
use super::stake::Step;
use super::{Books, Reservation};
use crate::audit::finding::{Subject, compare};
use ::staking::events::*;
use ::staking::state::{PoolState, PositionState};
use anchor_lang::prelude::Pubkey;
use economy::stake as rules;

impl Books {
    /// A step of the operator's own position, which the events do not name.
    fn own<T>(
        &mut self,
        pool: Pubkey,
        rule: Box<Step<'_, T>>,
        position: &PositionState,
        state: &PoolState,
    ) -> Option<T> {
        let owner = self.staking.pool(&mut self.findings, pool)?.owner;
        let done = self.staking.step(&mut self.findings, (pool, owner), rule);
        self.staking.position_is(&mut self.findings, (pool, owner), position);
        self.staking.pool_is(&mut self.findings, pool, state);
        done
    }

    pub(super) fn stake_reserved(&mut self, e: &StakeReserved) {
        let (pool, amount) = (e.pool, e.amount);
        self.own(pool, Box::new(move |_, p, q| rules::reserve(p, q, amount)), &e.position, &e.pool_state);
        self.handed.reservation = Some(Reservation::Reserved { pool, amount });
    }

    pub(super) fn stake_released(&mut self, e: &StakeReleased) {
        let (pool, amount) = (e.pool, e.amount);
        self.own(pool, Box::new(move |_, p, q| rules::release(p, q, amount)), &e.position, &e.pool_state);
        self.handed.reservation = Some(Reservation::Released { pool, amount });
    }

    pub(super) fn stake_forfeited(&mut self, e: &StakeForfeited) {
        let reserved = e.to_user.saturating_add(e.released);
        let to_user = e.to_user;
        let rule = Box::new(move |r: &mut _, p: &mut _, q: &mut _| rules::forfeit(r, p, q, reserved, to_user));
        if let Some(fold) = self.own(e.pool, rule, &e.position, &e.pool_state) {
            self.findings.check(Subject::Pool(e.pool), "fold", fold, e.fold);
        }
        self.staking.stake_vault -= i128::from(e.to_user);
        let (pool, user, released) = (e.pool, e.user, e.released);
        self.handed.reservation = Some(Reservation::Forfeited { pool, user, to_user, released });
    }

    pub(super) fn stake_slashed(&mut self, e: &StakeSlashed) {
        let orders = &self.staking.orders;
        let mut order = rules::Slash {
            reserved: e.reserved,
            beyond: e.beyond,
            epoch: self.epoch_at(e.stamp.time),
            cap_bps: orders.bps("SlashCapBps"),
            prover_bps: e.reason.share(orders.bps("ProverBps")),
        };
        order.beyond = self.slash_asked(e, order);
        let rule = Box::new(move |r: &mut _, p: &mut _, q: &mut _| rules::slash(r, p, q, order));
        let done = self.own(e.pool, rule, &e.position, &e.pool_state);
        if let (Some(done), Some(pool)) = (done, self.staking.pools.get(&e.pool)) {
            // The pool remembers its last slash beyond reservations, which may be of an earlier epoch.
            let of_now = pool.rules.slash_epoch == order.epoch;
            let (slashed, slash_base) = if of_now { (pool.rules.slashed, pool.rules.slash_base) } else { (0, 0) };
            compare!(self.findings, Subject::Pool(e.pool), {
                slashed_reserved: done.reserved, e.reserved;
                slashed_beyond: done.beyond, e.beyond;
                to_prover: done.to_prover, e.to_prover;
                burned: done.burned, e.burned;
                fold: done.fold, e.fold;
                factor: pool.rules.factor, e.factor;
                slash_epoch: order.epoch, e.epoch;
                slashed: slashed, e.epoch_slashed;
                slash_base: slash_base, e.slash_base;
            });
        }
        self.staking.stake_vault -= i128::from(e.to_prover) + i128::from(e.burned);
        self.io(-i128::from(e.burned));
        self.handed.reservation = Some(Reservation::Slashed { pool: e.pool, reserved: e.reserved, reason: e.reason });
    }

    /// How much was to be taken beyond the reservation. Each of three buckets is rounded down, so up to two units fewer were
    /// taken, which is all that the event tells; the factor falls by the whole.
    fn slash_asked(&self, e: &StakeSlashed, order: rules::Slash) -> u64 {
        let found = self.staking.pools.get(&e.pool).and_then(|pool| {
            let position = self.staking.positions.get(&(e.pool, pool.owner))?;
            (e.beyond..=e.beyond.saturating_add(2)).find(|beyond| {
                let (mut r, mut p, mut q) = (self.staking.rewards, pool.rules, *position);
                let order = rules::Slash { beyond: *beyond, ..order };
                let done = rules::slash(&mut r, &mut p, &mut q, order);
                done.is_ok_and(|done| done.beyond == e.beyond) && p.factor == e.factor
            })
        });
        found.unwrap_or(e.beyond)
    }
}
