//! Proof buffers that earlier attempts have left on chain.
use crate::report::Event;
use crate::watcher::Shared;
use client::{ClientError, Pubkey, Signer, evidence};
use jobs::state::Proof;

/// Where a proof account says whose it is.
const PROVER: usize = 32;

impl Shared {
    /// Closes the wallet's proof buffers for jobs that have ended: their rent comes back. Buffers for jobs that still wait are
    /// used again when the fault is found again.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn close_leftovers(&self, waits: impl Fn(&Pubkey) -> bool) -> Result<(), ClientError> {
        let Some(wallet) = self.wallet.as_ref().filter(|_| !self.settings.dry_run) else { return Ok(()) };
        let mine = self.chain.list::<Proof>(&jobs::ID, &[(PROVER, wallet.pubkey().to_bytes().to_vec())]).await?;
        for (_, buffer) in mine {
            // The list of waiting jobs may be older than the buffer.
            if waits(&buffer.job) || self.chain.bytes(&buffer.job).await?.is_some() {
                continue;
            }
            match evidence::close(&self.chain, wallet, buffer.job).await {
                Ok(()) => self.tell(Event::BufferClosed { job: buffer.job }),
                // Whoever used it has closed it meanwhile.
                Err(error) if error.program_error().is_some() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
