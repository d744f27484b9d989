//! Evidence and answers are longer than a transaction: they are written to a buffer first.
use crate::{Chain, ClientError, Keypair, Pubkey, Signer, address, jobs_ix};
use solana_instruction::Instruction;

/// Bytes in one writing transaction: what 1,232 bytes leave after one signature and the accounts.
const CHUNK: usize = 900;

/// Writes `proof` to the wallet's buffer for `job`, which is made anew; `accounts` go with the first transaction. Returns how
/// many transactions it took.
///
/// # Errors
/// The program's or node's refusal.
pub async fn upload(
    chain: &Chain,
    wallet: &Keypair,
    job: Pubkey,
    proof: &[u8],
    accounts: &[Instruction],
) -> Result<usize, ClientError> {
    let prover = wallet.pubkey();
    // A buffer left behind by an attempt that was cut off may have another size.
    let mut open = Vec::new();
    if chain.find::<jobs::state::Proof>("proof buffer", &address::proof(&job, &prover)).await?.is_some() {
        open.push(jobs_ix::close_proof(prover, job));
    }
    // More than the program takes is refused there, by name.
    open.push(jobs_ix::open_proof(prover, job, u16::try_from(proof.len()).unwrap_or(u16::MAX)));
    open.extend_from_slice(accounts);
    chain.send(&open, &[wallet]).await?;
    for (i, chunk) in proof.chunks(CHUNK).enumerate() {
        chain.send(&[jobs_ix::write_proof(prover, job, (i * CHUNK) as u16, chunk.to_vec())], &[wallet]).await?;
    }
    Ok(1 + proof.len().div_ceil(CHUNK))
}
