//! Audits that nobody has moved on: drawing them, and ending jobs whose worker did not answer.
use crate::report::{Event, Owed};
use crate::watcher::Shared;
use client::{ClientError, Clock, Pubkey};
use jobs::state::{Audit, Job};
use user::UserError;

/// What an audit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chore {
    Draw,
    Expire,
}

impl Shared {
    /// Draws the audits of committed jobs that can be drawn, which pays more than its fee, and ends the jobs whose audits were not
    /// answered in time and that are worth it. Whoever is second has lost nothing.
    ///
    /// # Errors
    /// If the node cannot be reached or the wallet cannot pay.
    pub async fn move_audits_on(&self, jobs: &[(Pubkey, Job)]) -> Result<(), UserError> {
        let Some(wallet) = self.wallet.as_ref().filter(|_| !self.settings.dry_run) else { return Ok(()) };
        if jobs.is_empty() {
            return Ok(());
        }
        let clock = self.chain.clock().await?;
        for (address, job) in jobs {
            let done = match chore(&job.audit, &clock) {
                Some(Chore::Draw) => user::draw(&self.chain, wallet, address)
                    .await
                    .map(|confirmed| Event::Drawn { job: *address, signature: confirmed.signature }),
                Some(Chore::Expire) if self.pays(self.crank_reward(job), self.cost(job, 1).await?) => {
                    user::expire(&self.chain, wallet, address).await.map(|confirmed| Event::Silent {
                        job: *address,
                        owed: Owed::Audit,
                        earned_io: self.crank_reward(job),
                        signature: confirmed.signature,
                    })
                }
                _ => continue,
            };
            match done {
                Ok(event) => self.tell(event),
                // Somebody was first, or the chain's state is newer than ours.
                Err(UserError::Chain(ClientError::Program(_) | ClientError::Missing { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn chore(audit: &Audit, clock: &Clock) -> Option<Chore> {
    match *audit {
        Audit::Pending { draw_slot, .. } if clock.slot > draw_slot => Some(Chore::Draw),
        // The last moment is still the worker's.
        Audit::Open { deadline, .. } if clock.now > deadline => Some(Chore::Expire),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audit_is_drawn_after_its_slot_and_expired_after_its_deadline_and_never_before() {
        let clock = Clock { slot: 100, now: 1_000 };
        let pending = |draw_slot, certain| Audit::Pending { draw_slot, certain };
        let open = |deadline| Audit::Open { seed: [7; 32], answered: 1, deadline };
        assert_eq!(chore(&pending(99, false), &clock), Some(Chore::Draw));
        assert_eq!(chore(&pending(99, true), &clock), Some(Chore::Draw), "a missed draw's second one, too");
        assert_eq!(chore(&pending(100, false), &clock), None, "the slot's own hash is known only after it");
        assert_eq!(chore(&open(999), &clock), Some(Chore::Expire));
        assert_eq!(chore(&open(1_000), &clock), None);
        for over in [Audit::None, Audit::NotDrawn, Audit::Passed] {
            assert_eq!(chore(&over, &clock), None);
        }
    }
}
