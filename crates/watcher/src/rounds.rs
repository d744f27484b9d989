//! Challenge rounds: every segment that a device shows holds 256 cells, of which the chain judges one. The others are computed
//! again here, from the seed alone, and a wrong one is proven.
use crate::examine::{Unchecked, on_a_thread};
use crate::report::{Cause, Event};
use crate::watcher::Shared;
use crate::worth::FEE;
use client::{ClientError, Keypair, Pubkey, Signer, address, credits_ix, evidence, rounds_ix};
use jobs::Rest;
use jobs::state::{Challenge, Device, Phase, Round};
use judge::Hash;
use judge::challenge::{self, drawn_cell};
use judge::commitment::SEGMENT;
use staking::SlashReason;
use std::collections::HashSet;
use std::sync::PoisonError;
use tracing::debug;

/// Answers that have been checked: device and round.
pub type Checked = HashSet<(Pubkey, u64)>;

/// A wrong cell in a segment that was shown.
struct Wrong {
    cell: (u32, u32),
    expected: u8,
    committed: u8,
    segment: [u8; SEGMENT],
    /// `None`: the node cannot tell all of it.
    path: Option<Vec<u8>>,
}

impl Shared {
    /// Checks what the devices that `chosen` names by their challenge's seed have shown in the present round, once they have shown
    /// all that they will, and proves what is wrong.
    ///
    /// # Errors
    /// If the node cannot be reached or the wallet cannot pay.
    pub async fn check_round(&self, chosen: impl Fn(&Pubkey) -> bool) -> Result<(), ClientError> {
        let config = self.chain.jobs_config().await?;
        let number = config.round;
        let round = self.chain.find::<Round>("round", &address::round(number)).await?;
        let Some(Round { phase: Phase::Drawn { slot_hash, answers_until }, rules, .. }) = round else { return Ok(()) };
        let now = self.chain.now().await?;
        self.checked(|checked| checked.retain(|(_, round)| *round == number));
        for (_, device) in self.chain.list::<Device>(&jobs::ID, &[]).await? {
            let Challenge { round, seed, answered, caught_by, .. } = device.challenge;
            if round != number {
                continue;
            }
            if let Some(wallet) = self.signer().filter(|wallet| caught_by == wallet.pubkey()) {
                self.punish(wallet, &device, number).await?;
            }
            let over = answered == u16::MAX || now > answers_until;
            let out = device.failed_round >= number || caught_by != Pubkey::default();
            let known = self.checked(|checked| checked.contains(&(device.key, number)));
            let penalty = economy::idle::penalty(device.required_stake, rules.slash_bps).unwrap_or(0);
            let worth = self.pays(self.share(penalty, SlashReason::WrongCell), 2 * FEE);
            if answered == 0 || !over || out || known || !worth || !chosen(&Pubkey::new_from_array(seed)) {
                continue;
            }
            match self.find_wrong(&device, &slot_hash).await {
                Ok(Some(wrong)) => self.prove_cell(&device, number, wrong).await?,
                Ok(None) => debug!(device = %device.key, number, "all shown cells are right"),
                Err(Unchecked { reason, .. }) => {
                    debug!(device = %device.key, number, reason, "not checked");
                    continue;
                }
            }
            self.checked(|checked| checked.insert((device.key, number)));
        }
        Ok(())
    }

    async fn find_wrong(&self, device: &Device, draw: &Hash) -> Result<Option<Wrong>, Unchecked> {
        let challenge = device.challenge;
        let shown = self.chain.shown(&device.key, challenge.round).await?;
        if shown.len() < challenge.answered.count_ones() as usize {
            return Err(Unchecked::new(Cause::Failed, "the node does not know all that was shown"));
        }
        let draw = *draw;
        let find = move || {
            shown.into_iter().find_map(|shown| {
                let Challenge { seed, root, rows, .. } = challenge;
                let drawn = drawn_cell(&draw, &seed, rows, shown.index);
                let cell = wrong_cell(&seed, drawn, &shown.segment)?;
                // The chain has found that every segment that was shown leads to the root.
                let judged = challenge::judge(&seed, rows, &root, cell, &shown.segment, &shown.path);
                let path = judged.is_some_and(|judged| !judged.is_right()).then_some(shown.path);
                let expected = challenge::cell(&seed, cell.0, cell.1);
                let committed = shown.segment[cell.1 as usize % SEGMENT];
                Some(Wrong { cell, expected, committed, segment: shown.segment, path })
            })
        };
        on_a_thread(find).await
    }

    async fn prove_cell(&self, device: &Device, round: u64, wrong: Wrong) -> Result<(), ClientError> {
        let Wrong { cell: (row, column), expected, committed, segment, path } = wrong;
        self.tell(Event::WrongCell { device: device.key, round, row, column, expected, committed });
        let (Some(wallet), Some(path)) = (self.signer(), path) else { return Ok(()) };
        match self.send_proof(wallet, device, round, (row, column), segment, &path).await {
            Ok(()) => self.punish(wallet, device, round).await,
            Err(error) => refused(error),
        }
    }

    /// What of the path does not fit the transaction goes into a buffer, which is closed again however it ends.
    async fn send_proof(
        &self,
        wallet: &Keypair,
        device: &Device,
        round: u64,
        cell: (u32, u32),
        segment: [u8; SEGMENT],
        path: &[u8],
    ) -> Result<(), ClientError> {
        let (me, account) = (wallet.pubkey(), address::device(&device.key));
        let (path, rest) = rounds_ix::split(path);
        if !rest.is_empty() {
            evidence::upload(&self.chain, wallet, account, rest, &[]).await?;
        }
        let bytes = rest.len() as u16;
        let place = (bytes > 0).then(|| (address::proof(&account, &me), Rest { offset: 0, bytes }));
        let prove = rounds_ix::prove_cell_from(me, device.key, round, cell, segment, path.to_vec(), place);
        let sent = self.chain.send(&[prove], &[wallet]).await;
        if !rest.is_empty() {
            evidence::close(&self.chain, wallet, account).await?;
        }
        sent.map(|_| ())
    }

    /// Has the stake slashed of a device that this watcher has caught.
    async fn punish(&self, wallet: &Keypair, device: &Device, round: u64) -> Result<(), ClientError> {
        let me = wallet.pubkey();
        let account = credits_ix::create_io_account(me, me);
        let punish = rounds_ix::punish_device(device.key, device.operator, me);
        match self.chain.send(&[account, punish], &[wallet]).await {
            Ok(confirmed) => {
                self.tell(Event::Punished { device: device.key, round, signature: confirmed.signature });
                Ok(())
            }
            Err(error) => refused(error),
        }
    }

    fn checked<T>(&self, change: impl FnOnce(&mut Checked) -> T) -> T {
        change(&mut self.checked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Somebody else was first, or the round is over.
fn refused(error: ClientError) -> Result<(), ClientError> {
    debug!(%error, "a wrong cell of a challenge");
    if error.program_error().is_some() { Ok(()) } else { Err(error) }
}

/// The first wrong cell of the segment that `drawn` lies in.
fn wrong_cell(seed: &Hash, (row, column): (u32, u32), segment: &[u8; SEGMENT]) -> Option<(u32, u32)> {
    let first = column / SEGMENT as u32 * SEGMENT as u32;
    let wrong = (first..).zip(segment).find(|(column, shown)| challenge::cell(seed, row, *column) != **shown);
    wrong.map(|(column, _)| (row, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_a_shown_segment_is_checked_and_not_only_the_one_that_was_drawn() {
        let (seed, row, first) = ([7; 32], 5, 512);
        let right: [u8; SEGMENT] = std::array::from_fn(|i| challenge::cell(&seed, row, first + i as u32));
        assert_eq!(wrong_cell(&seed, (row, 600), &right), None);
        for at in [0, 100, 255] {
            let mut shown = right;
            shown[at] ^= 1;
            assert_eq!(wrong_cell(&seed, (row, 600), &shown), Some((row, first + at as u32)));
        }
    }
}
