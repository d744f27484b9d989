//! Who may do what, told from accounts before and after: what must hold of a change, beside what must hold of a state. This is what a
//! swapped account would break while all the sums still fit.
use crate::invariant::stake::settled;
use crate::invariant::{Checked, holds};
use crate::state::{State, one};
use crate::vm::Meta;
use anchor_lang::prelude::Pubkey;
use client::address;
use economy::vote::Status as Ballot;
use governance::events::{PausedByGuardian, ProposalExecuted};
use governance::state::Status as Vote;
use jobs::events::{AuditExpired, DemandAnswered, DemandExpired, FaultProven};
use jobs::state::{Audit, Job, Status};
use judge::audit::MAX_CELLS;
use solana_account::ReadableAccount;
use staking::events::{StakeForfeited, StakeSlashed};
use staking::state::PoolKind;

/// What one transaction did.
pub struct Change<'a> {
    /// The accounts that it names, as they were.
    pub before: &'a State,
    /// Everything as it is now.
    pub state: &'a State,
    pub signers: &'a [Pubkey],
    pub meta: &'a Meta,
}

impl Change<'_> {
    fn signed(&self, key: &Pubkey) -> bool {
        self.signers.contains(key)
    }

    fn has<T: anchor_lang::AnchorDeserialize + anchor_lang::Discriminator>(&self, fits: impl Fn(&T) -> bool) -> bool {
        self.meta.events.iter().filter_map(|e| e.get::<T>()).any(|e| fits(&e))
    }
}

pub fn check(c: &Change) -> Checked {
    coins(c)?;
    positions(c)?;
    ledgers(c)?;
    jobs(c)?;
    demands(c)?;
    rents(c)?;
    proposals(c)?;
    authorities(c)
}

/// Nobody's coins or credits get fewer without their signature. Programs pay from their own accounts.
fn coins(c: &Change) -> Checked {
    let programs = [address::staking_authority(), address::governance_authority()];
    for (address, old) in &c.before.tokens {
        let now = c.state.tokens.get(address);
        let fewer = now.is_none_or(|t| t.amount < old.amount || t.owner != old.owner);
        let allowed = c.signed(&old.owner) || programs.contains(&old.owner);
        holds!("permissions", !fewer || allowed, "{} lost coins from {address} without signing", old.owner);
    }
    Ok(())
}

/// Nobody's stake gets less without their signature, but by a slash or a forfeit; rewards only leave to their holder.
fn positions(c: &Change) -> Checked {
    for (address, old) in &c.before.positions {
        let Some(pool_now) = c.state.pools.get(&old.pool) else { continue };
        let pool_old = c.before.pools.get(&old.pool).unwrap_or(pool_now);
        let (Some(rewards_now), Some(config)) = (one(&c.state.rewards), one(&c.state.credits)) else { continue };
        let rewards_old = one(&c.before.rewards).unwrap_or(rewards_now);
        let brought_in = |pool: &staking::state::Pool, rewards: &staking::state::Rewards| {
            let mut rules = pool.rules();
            let _ = rules.fold(&rewards.rules());
            rules
        };
        let was = settled(&brought_in(pool_old, rewards_old), old)?;
        let is = match c.state.positions.get(address) {
            Some(now) => settled(&brought_in(pool_now, rewards_now), now)?,
            None => economy::stake::Position::default(),
        };
        let all = |p: &economy::stake::Position| p.active + p.reserved + p.warming + p.cooling;
        let taken = c.has::<StakeSlashed>(|e| e.pool == old.pool) || c.has::<StakeForfeited>(|e| e.pool == old.pool);
        let allowed = all(&is) >= all(&was) || taken || c.signed(&old.holder);
        holds!("permissions", allowed, "{} had {} staked in {address} and has {}", old.holder, all(&was), all(&is));
        if is.owed < was.owed {
            let (mint, account) = match pool_now.kind {
                PoolKind::Operator => (config.io_mint, address::io_account(&old.holder)),
                PoolKind::User => (config.iosd_mint, address::iosd_account(&old.holder)),
            };
            let (had, has) = (c.before.balance(&account), c.state.balance(&account));
            let paid = has.saturating_sub(had) >= was.owed - is.owed || c.signed(&old.holder);
            holds!(
                "permissions",
                paid,
                "{} was owed {} of {mint} and got {}",
                old.holder,
                was.owed,
                has.saturating_sub(had)
            );
        }
    }
    Ok(())
}

/// Earnings and points are their owner's to use.
fn ledgers(c: &Change) -> Checked {
    for (address, old) in &c.before.earnings {
        let now = c.state.earnings.get(address);
        let fine = now.is_some_and(|e| e.owner == old.owner && (e.owed >= old.owed || c.signed(&old.owner)));
        holds!("permissions", fine, "{} lost earnings without signing", old.owner);
    }
    for (address, old) in &c.before.loyalty {
        let now = c.state.loyalty.get(address);
        let fine = now.is_some_and(|l| {
            let kept = l.points >= old.points && l.shared == old.shared;
            l.user == old.user && l.since >= old.since && (kept || c.signed(&old.user))
        });
        holds!("permissions", fine, "{} lost points without signing", old.user);
    }
    for (address, old) in &c.before.devices {
        let fine = c.state.devices.contains_key(address) || c.signed(&old.operator);
        holds!("permissions", fine, "the device {} was retired without its operator", old.key);
        let Some(new) = c.state.devices.get(address) else { continue };
        let offered = new.offer == old.offer || c.signed(&old.operator);
        holds!("permissions", offered, "the offer of {} was changed without its operator", old.key);
        let answered = new.challenge.root == old.challenge.root || c.signed(&old.key);
        holds!("permissions", answered, "{} answered a challenge without its key", old.key);
        let raised = new.class <= old.class || c.signed(&old.operator);
        holds!("permissions", raised, "the class of {} rose without its operator", old.key);
    }
    Ok(())
}

/// A job moves by its state machine, in time, and by whom it is for.
fn jobs(c: &Change) -> Checked {
    for (address, old) in &c.before.jobs {
        let now = c.state.now;
        match c.state.jobs.get(address) {
            None => {
                let ended = match old.status {
                    Status::Posted => c.signed(&old.user) || now > old.claim_deadline,
                    Status::Claimed => now > old.commit_deadline,
                    Status::Committed => {
                        let proven = c.has::<FaultProven>(|e| e.job == *address);
                        let silent = c.has::<DemandExpired>(|e| e.job == *address)
                            || matches!(old.audit, Audit::Open { deadline, .. } if now > deadline)
                                && c.has::<AuditExpired>(|e| e.job == *address);
                        let settled = now > old.window_end && old.audit.settled().is_ok();
                        c.signed(&old.user) || settled || proven || silent
                    }
                    Status::Paid | Status::Refunded => false,
                };
                holds!("permissions", ended, "{address} ended early: it was {:?}", old.status);
            }
            Some(new) => {
                let moved = match (old.status, new.status) {
                    (a, b) if a == b => same(old, new) && audit_moved(old, new, now) && window(c, address, old, new),
                    (Status::Posted, Status::Claimed) => c.signed(&new.device) && now <= old.claim_deadline,
                    (Status::Claimed, Status::Committed) => c.signed(&old.device) && now <= old.commit_deadline,
                    _ => false,
                };
                holds!("permissions", moved, "{address} went from {:?} to {:?}", old.status, new.status);
            }
        }
    }
    Ok(())
}

fn same(a: &Job, b: &Job) -> bool {
    let fixed = |j: &Job| (j.user, j.device, j.operator, j.price, j.reserved, j.commitment);
    fixed(a) == fixed(b)
}

/// An audit is drawn once, by a hash of its own slot, answered cell by cell in time, and never goes back.
fn audit_moved(old: &Job, new: &Job, now: i64) -> bool {
    match (old.audit, new.audit) {
        (a, b) if a == b => old.audit_cells == new.audit_cells,
        (Audit::Pending { certain, .. }, Audit::NotDrawn) => !certain,
        (Audit::Pending { .. }, Audit::Open { answered: 0, deadline, .. }) => deadline > now,
        (Audit::Pending { draw_slot, .. }, Audit::Pending { draw_slot: next, certain: true }) => {
            next > draw_slot && new.audit_cells == (2 * old.audit_cells).min(MAX_CELLS)
        }
        (Audit::Open { answered, deadline, seed }, Audit::Open { answered: more, deadline: same, seed: kept }) => {
            let one_more = (answered ^ more).count_ones() == 1 && answered & !more == 0;
            one_more && (deadline, seed) == (same, kept) && now <= deadline
        }
        (Audit::Open { deadline, .. }, Audit::Passed) => old.unanswered() == 1 && now <= deadline,
        _ => false,
    }
}

/// A window only gets longer, and only when a demand is answered.
fn window(c: &Change, job: &Pubkey, old: &Job, new: &Job) -> bool {
    let answered = c.has::<DemandAnswered>(|e| e.job == *job);
    new.window_end == old.window_end || (answered && new.window_end > old.window_end)
}

/// A demand's lamports leave it for its demander; for an answer, its bond goes to whoever answered.
fn demands(c: &Change) -> Checked {
    for (address, old) in &c.before.demands {
        if c.state.demands.contains_key(address) {
            continue;
        }
        let answered = c.has::<DemandAnswered>(|e| (e.job, e.n) == (old.job, old.n) && c.signed(&e.prover));
        let now = c.state.now;
        let over = c.has::<DemandExpired>(|e| (e.job, e.n) == (old.job, old.n)) && now > old.deadline;
        let gone = !c.state.jobs.contains_key(&old.job);
        holds!("permissions", (answered && now <= old.deadline) || over || gone, "the demand {address} was taken away");
    }
    Ok(())
}

/// The rent of a closed account goes to whoever paid it.
fn rents(c: &Change) -> Checked {
    let b = c.before;
    // An escrow's goes by way of its job.
    let user = |payer: &Pubkey| b.jobs.get(payer).map_or(*payer, |j| j.user);
    let escrows = b.escrows.iter().map(|(a, e)| (a, user(&e.payer)));
    let positions = b.positions.iter().map(|(a, p)| (a, p.payer));
    let votes = b.votes.iter().map(|(a, v)| (a, v.payer));
    let epochs = b.epochs.iter().map(|(a, e)| (a, e.payer));
    let proposals = b.proposals.iter().map(|(a, p)| (a, p.proposer));
    let jobs = b.jobs.iter().map(|(a, j)| (a, j.user));
    let devices = b.devices.iter().map(|(a, d)| (a, d.operator));
    let rounds = b.rounds.iter().map(|(a, r)| (a, r.opener));
    let proofs = b.proofs.iter().map(|(a, p)| (a, p.prover));
    let demands = b.demands.iter().map(|(a, d)| (a, d.demander));
    let all =
        escrows.chain(positions).chain(votes).chain(epochs).chain(proposals).chain(jobs).chain(devices).chain(rounds);
    let closed = all.chain(proofs).chain(demands).filter(|(address, _)| !c.state.raw.contains_key(address));
    let mut due: Vec<(Pubkey, u64)> = Vec::new();
    for (address, payer) in closed.filter(|(_, payer)| !c.signed(payer)) {
        let mut rent = b.raw.get(address).map_or(0, |a| a.lamports());
        // The bond of a demand that was answered is the answerer's.
        if let Some(d) = b.demands.get(address)
            && c.has::<DemandAnswered>(|e| (e.job, e.n) == (d.job, d.n))
        {
            rent -= d.bond;
        }
        match due.iter_mut().find(|(p, _)| *p == payer) {
            Some((_, sum)) => *sum += rent,
            None => due.push((payer, rent)),
        }
    }
    for (payer, rent) in due {
        let lamports = |state: &State| state.raw.get(&payer).map_or(0, |a| a.lamports());
        let got = lamports(c.state).saturating_sub(lamports(b));
        holds!("permissions", got == rent, "{payer} paid {rent} of rent and got {got} back");
    }
    Ok(())
}

/// A proposal passes by its votes, in time, and is stopped by the guardian.
fn proposals(c: &Change) -> Checked {
    for (address, old) in &c.before.proposals {
        let now = c.state.now;
        let Some(config) = one(&c.state.governance) else { continue };
        let before = one(&c.before.governance).unwrap_or(config);
        let Some(new) = c.state.proposals.get(address) else {
            let over = !matches!(old.status, Vote::Voting);
            let expired = old.status != Vote::Passed || now > old.expires || old.rules_version != before.rules_version;
            holds!("permissions", over && expired, "{address} was put away while it was {:?}", old.status);
            continue;
        };
        let mut ballot = old.ballot();
        let fine = match (old.status, new.status) {
            (a, b) if a == b => new.action == old.action && new.deposit == old.deposit && new.eta == old.eta,
            (Vote::Voting, Vote::Passed) => ballot.finish(now) == Ok(Ballot::Passed),
            (Vote::Voting, Vote::Rejected) => ballot.finish(now) == Ok(Ballot::Rejected),
            (Vote::Voting | Vote::Passed, Vote::Vetoed) => c.signed(&before.guardian) && old.action.is_vetoable(),
            (Vote::Passed, Vote::Executed) => {
                ballot.execute(now, old.rules_version != before.rules_version).is_ok()
                    && c.has::<ProposalExecuted>(|e| e.proposal == *address)
            }
            _ => false,
        };
        holds!("permissions", fine, "{address} went from {:?} to {:?}", old.status, new.status);
    }
    Ok(())
}

/// Configs change by what was voted, by the guardian's pause, by their authority, or by whom it was offered to.
fn authorities(c: &Change) -> Checked {
    let voted = c.has::<ProposalExecuted>(|_| true) || c.has::<PausedByGuardian>(|_| true);
    let accepted = c.has::<governance::events::ProgramAuthorityAccepted>(|_| true);
    let check = |address: Pubkey, authority: Option<(Pubkey, Pubkey)>| {
        let changed = c.before.raw.get(&address).is_some_and(|old| Some(old) != c.state.raw.get(&address));
        let signed = authority.is_some_and(|(current, offered)| c.signed(&current) || c.signed(&offered));
        holds!("permissions", !changed || voted || accepted || signed, "{address} was changed by nobody who may");
        Ok(())
    };
    let b = c.before;
    check(address::credits_config(), one(&b.credits).map(|x| (x.authority, x.pending_authority)))?;
    check(address::staking_config(), one(&b.staking).map(|x| (x.authority, x.pending_authority)))?;
    if let (Some(old), Some(new)) = (one(&b.jobs_config), one(&c.state.jobs_config)) {
        // Anybody moves rounds on; the rest is the authority's.
        let ruled = |x: &jobs::state::Config| {
            let all = jobs::Parameter::ALL.map(|p| x.get(p));
            (all, x.paused, x.authority, x.pending_authority, x.authority_bump)
        };
        let signed = c.signed(&old.authority) || c.signed(&old.pending_authority);
        let fine = ruled(old) == ruled(new) || voted || accepted || signed;
        holds!("permissions", fine, "the jobs program's rules were changed by nobody who may");
    }
    if let (Some(old), Some(new)) = (one(&b.governance), one(&c.state.governance)) {
        let by_offer = c.signed(&old.pending_guardian) && new.guardian == old.pending_guardian;
        let guardian = old.guardian == new.guardian || by_offer || c.has::<ProposalExecuted>(|_| true);
        holds!("permissions", guardian, "the guardian was replaced by nobody who may");
        let rules = old.rules_version == new.rules_version || c.has::<ProposalExecuted>(|_| true);
        holds!("permissions", rules && (old.paused == new.paused || voted), "voting rules changed without a vote");
    }
    Ok(())
}

/// Every account is at the address that its contents lead to: there are no two of a kind for one.
pub fn addresses(s: &State) -> Checked {
    let at = |found: &Pubkey, expected: Pubkey| {
        holds!("addresses", *found == expected, "{found} should be at {expected}");
        Ok(())
    };
    s.epochs.iter().try_for_each(|(a, e)| at(a, address::epoch(e.index)))?;
    s.escrows.iter().try_for_each(|(a, e)| at(a, address::escrow(&e.job)))?;
    s.earnings.iter().try_for_each(|(a, e)| at(a, address::earnings(&e.owner)))?;
    s.loyalty.iter().try_for_each(|(a, l)| at(a, address::loyalty(&l.user)))?;
    s.pools.iter().try_for_each(|(a, p)| at(a, address::pool(&p.owner, p.kind)))?;
    s.positions.iter().try_for_each(|(a, p)| at(a, address::position(&p.pool, &p.holder)))?;
    s.operators.iter().try_for_each(|(a, o)| at(a, address::operator(&o.owner)))?;
    s.devices.iter().try_for_each(|(a, d)| at(a, address::device(&d.key)))?;
    s.rounds.iter().try_for_each(|(a, r)| at(a, address::round(r.number)))?;
    s.models.iter().try_for_each(|(a, m)| at(a, address::model(&m.root)))?;
    s.users.iter().try_for_each(|(a, u)| at(a, address::user(&u.owner)))?;
    s.jobs.iter().try_for_each(|(a, j)| at(a, address::job(&j.user, j.seq)))?;
    s.proofs.iter().try_for_each(|(a, p)| at(a, address::proof(&p.job, &p.prover)))?;
    s.demands.iter().try_for_each(|(a, d)| at(a, address::demand(&d.job, d.n)))?;
    s.proposals.iter().try_for_each(|(a, p)| at(a, address::proposal(p.number)))?;
    s.votes.iter().try_for_each(|(a, v)| at(a, address::vote(&v.proposal, &v.position)))
}
