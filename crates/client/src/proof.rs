//! Bringing evidence before the chain's judge: it is longer than a transaction, so it goes through a buffer.
use crate::{Chain, ClientError, Confirmed, Instruction, Keypair, Pubkey, Signer, address, jobs_ix};

/// Evidence bytes in one writing transaction: what 1,232 bytes leave after one signature and the accounts.
const CHUNK: usize = 900;

impl Chain {
    /// Transactions before the judging one for evidence of so many bytes.
    pub fn uploads(evidence_bytes: usize) -> usize {
        1 + evidence_bytes.div_ceil(CHUNK)
    }

    /// Writes `evidence` about a cell of `job` to the buffer of `prover`, then sends `verdict`, which judges it. `before` goes
    /// ahead of the opening. A buffer that an attempt has left behind is replaced.
    ///
    /// # Errors
    /// If the evidence is longer than a buffer, or the node or the program refuses.
    pub async fn judge(
        &self,
        prover: &Keypair,
        job: &Pubkey,
        evidence: &[u8],
        before: &[Instruction],
        verdict: Instruction,
    ) -> Result<Confirmed, ClientError> {
        let me = prover.pubkey();
        let size = u16::try_from(evidence.len())
            .map_err(|_| ClientError::Rpc(format!("{} bytes of evidence do not fit a buffer", evidence.len())))?;
        let mut open = Vec::new();
        // It may have another size.
        if self.find::<jobs::state::Proof>("proof buffer", &address::proof(job, &me)).await?.is_some() {
            open.push(jobs_ix::close_proof(me, *job));
        }
        open.push(jobs_ix::open_proof(me, *job, size));
        open.extend_from_slice(before);
        self.send(&open, &[prover]).await?;
        for (i, chunk) in evidence.chunks(CHUNK).enumerate() {
            let write = jobs_ix::write_proof(me, *job, (i * CHUNK) as u16, chunk.to_vec());
            self.send(&[write], &[prover]).await?;
        }
        self.send(&[verdict], &[prover]).await
    }
}
