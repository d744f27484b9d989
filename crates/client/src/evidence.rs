//! Evidence and answers are longer than a transaction: they are written to a buffer first.
use crate::{Chain, ClientError, Keypair, Pubkey, Signer, address, jobs_ix};
use futures::future::try_join_all;
use jobs::state::Proof;
use solana_instruction::Instruction;

/// Bytes in one writing transaction: what 1,232 bytes leave after one signature and the accounts.
pub const CHUNK: usize = 900;
/// Writing transactions under way at a time.
const AT_ONCE: usize = 4;

/// Writes `proof` to the wallet's buffer for `job`; `accounts` go with the first transaction. What an attempt that was cut off has
/// left there is used again, so a retry pays only for the rest. Returns how many transactions it took.
///
/// # Errors
/// [`ClientError::Missing`] if the job ends meanwhile: nothing more is paid for it then. Otherwise the program's or node's refusal.
pub async fn upload(
    chain: &Chain,
    wallet: &Keypair,
    job: Pubkey,
    proof: &[u8],
    accounts: &[Instruction],
) -> Result<usize, ClientError> {
    let prover = wallet.pubkey();
    let left = chain.bytes(&address::proof(&job, &prover)).await?;
    let mut first = Vec::new();
    let written = match left {
        Some(data) if data.len() == Proof::HEADER + proof.len() => data[Proof::HEADER..].to_vec(),
        left => {
            first.extend(left.map(|_| jobs_ix::close_proof(prover, job)));
            // More than the program takes is refused there, by name.
            first.push(jobs_ix::open_proof(prover, job, u16::try_from(proof.len()).unwrap_or(u16::MAX)));
            Vec::new()
        }
    };
    first.extend_from_slice(accounts);
    let mut sent = 0;
    if !first.is_empty() {
        chain.send(&first, &[wallet]).await?;
        sent += 1;
    }
    let parts = proof.chunks(CHUNK).enumerate().map(|(i, part)| (i * CHUNK, part));
    let missing: Vec<_> = parts.filter(|(at, part)| written.get(*at..at + part.len()) != Some(*part)).collect();
    for some in missing.chunks(AT_ONCE) {
        try_join_all(some.iter().map(|(at, part)| write(chain, wallet, job, *at, part))).await?;
    }
    Ok(sent + missing.len())
}

async fn write(chain: &Chain, wallet: &Keypair, job: Pubkey, at: usize, part: &[u8]) -> Result<(), ClientError> {
    if chain.bytes(&job).await?.is_none() {
        return Err(ClientError::Missing { what: "job", address: job, hint: "it has ended meanwhile" });
    }
    let write = jobs_ix::write_proof(wallet.pubkey(), job, at as u16, part.to_vec());
    chain.send(&[write], &[wallet]).await?;
    Ok(())
}

/// Closes the wallet's buffer for a job and gets its rent back. `false` if there is none.
///
/// # Errors
/// The program's or node's refusal.
pub async fn close(chain: &Chain, wallet: &Keypair, job: &Pubkey) -> Result<bool, ClientError> {
    let prover = wallet.pubkey();
    if chain.bytes(&address::proof(job, &prover)).await?.is_none() {
        return Ok(false);
    }
    chain.send(&[jobs_ix::close_proof(prover, *job)], &[wallet]).await?;
    Ok(true)
}
