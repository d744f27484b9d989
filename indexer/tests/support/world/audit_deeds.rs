//! Audits: drawn, missed, answered and not.
use super::World;
use super::jobs_deeds::{clock_of, pool_of};
use crate::support::story::key;
use anchor_lang::prelude::Pubkey;
use indexer::Program::Jobs;
use jobs::constants::DRAW_FEE;
use jobs::events::*;
use jobs::state::{Audit, Drawn, Ending, Job};
use judge::audit::{is_drawn, seed};
use staking::SlashReason;

/// As long as it can be, newest first: `hash` is that of `slot`.
fn slot_hashes(slot: u64, hash: [u8; 32]) -> Vec<u8> {
    let newest = slot + 8;
    let count = 512.min(newest + 1);
    let mut data = count.to_le_bytes().to_vec();
    for entry in (0..count).map(|back| newest - back) {
        data.extend(entry.to_le_bytes());
        data.extend(if entry == slot { hash } else { [7; 32] });
    }
    data
}

impl World {
    /// Lets the job's draw slot pass. Two seconds are a slot.
    fn reach_draw(&mut self, job: Pubkey) {
        let due = self.ledger.live[&job].audit.draw_slot().unwrap();
        self.wait(2 * (due + 2).saturating_sub(self.story.slot));
    }

    /// The draw slot comes with a hash by which the job is `audited` or not.
    pub fn draw(&mut self, job: Pubkey, audited: bool) {
        self.reach_draw(job);
        let stamp = self.stamp(Jobs, &job);
        let answer_s = self.ledger.jobs.answer_s;
        let account = self.ledger.live.get_mut(&job).unwrap();
        let due = account.audit.draw_slot().unwrap();
        let fits =
            |hash: &[u8; 32]| is_drawn(&seed(hash, &account.commitment, &job.to_bytes()), account.audit_bps) == audited;
        let hash = (0..=255u8).map(|n| [n; 32]).find(fits).unwrap();
        let drawn = account.draw(&job, &slot_hashes(due, hash), answer_s, &clock_of(&stamp)).unwrap();
        let Drawn::Decided { slot, slot_hash, seed, certain, audited, deadline } = drawn else { panic!("missed") };
        let (caller, fee, cells) = (key(9_003), DRAW_FEE, if audited { account.audit_cells } else { 0 });
        let event = AuditDrawn { stamp, job, caller, fee, slot, slot_hash, seed, certain, audited, cells, deadline };
        self.say(Jobs, &event);
        self.done();
    }

    /// The draw slot's hash is gone.
    pub fn miss(&mut self, job: Pubkey) {
        self.reach_draw(job);
        let stamp = self.stamp(Jobs, &job);
        let account = self.ledger.live.get_mut(&job).unwrap();
        let due = account.audit.draw_slot().unwrap();
        let gone = slot_hashes(due + 600, [1; 32]);
        let drawn = account.draw(&job, &gone, 1, &clock_of(&stamp)).unwrap();
        let Drawn::Missed { missed_slot, draw_slot } = drawn else { panic!("decided") };
        let cells = account.audit_cells;
        self.say(Jobs, &AuditMissed { stamp, job, missed_slot, draw_slot, cells });
        self.done();
    }

    pub fn open_cell(&mut self, job: Pubkey, index: u8) {
        let stamp = self.stamp(Jobs, &job);
        let account = self.ledger.live.get_mut(&job).unwrap();
        account.asked(index, stamp.time).unwrap();
        let left = account.answer(index).unwrap();
        let prover = account.device;
        self.say(Jobs, &CellOpened { stamp, job, prover, index, layer: 1, row: 2, column: 3, left });
        self.done();
    }

    /// The answer did not come in time, which passes here.
    pub fn expire_audit(&mut self, job: Pubkey) {
        self.wait(u64::from(self.ledger.jobs.answer_s) + 2);
        let (Job { device, operator, reserved, audit, audit_cells, .. }, _) = self.end(&job, Ending::Faulted);
        let Audit::Open { answered, .. } = audit else { panic!("{audit:?}") };
        let left = audit_cells - answered.count_ones() as u8;
        let refund = self.refund(job);
        self.take(pool_of(&operator), reserved, 0, SlashReason::Silence);
        let stamp = self.stamp(Jobs, &job);
        let caller = key(9_004);
        self.say(Jobs, &AuditExpired { stamp, job, device, operator, caller, left, refund, slashed: reserved });
        self.done();
    }
}
