//! Bringing evidence on chain: a buffer account is opened and grown in one transaction, written by many at once, and read
//! by the one that has it judged, which closes it.
use crate::chain::{MAX_BYTES, size};
use crate::{Chain, ClientError, Instruction, Keypair, Pubkey, Signer, address, compute, jobs_ix};
use futures::{StreamExt, TryStreamExt, stream};
use jobs::state::Proof;
use judge::layer::MAX_POOL;
use solana_message::Message;
use std::ops::Range;

/// Evidence bytes in one writing transaction: what 1,232 bytes leave after a signature and three accounts.
pub const WRITE_BYTES: usize = 1_012;
/// Writing transactions that are under way at once.
const AT_ONCE: usize = 16;
/// How often what is missing is written before giving up.
const ROUNDS: usize = 3;

/// Compute units that judging may take for each byte of evidence: hashing takes 2, a product 4 to 10.
const UNITS_PER_BYTE: u32 = 12;
/// For each element of a pool's window, which is a byte of evidence at least.
const UNITS_PER_ELEMENT: u32 = 300;
/// And for everything else, the longest layer table, the refund and the slash after a fault included.
const UNITS_BESIDE: u32 = 150_000;

/// Puts `evidence` into the prover's buffer for `job`, however far an earlier attempt got; returns how many transactions
/// that took. `beside` goes into the first one.
///
/// # Errors
/// As [`Chain::send`]. What has been written stays: the same call goes on from there, and [`close`] returns the rent.
pub async fn upload(
    chain: &Chain,
    prover: &Keypair,
    job: Pubkey,
    evidence: &[u8],
    beside: &[Instruction],
) -> Result<usize, ClientError> {
    let me = prover.pubkey();
    let size = u32::try_from(evidence.len()).map_err(|_| ClientError::TooLarge { bytes: evidence.len() })?;
    let found = buffer(chain, &job, &me).await?;
    let (mut first, now) = match &found {
        // Evidence about another cell, which was longer: a buffer cannot shrink.
        Some(bytes) if bytes.len() > evidence.len() => (vec![jobs_ix::close_proof(me, job)], None),
        Some(bytes) => (Vec::new(), Some(bytes.len() as u32)),
        None => (Vec::new(), None),
    };
    first.extend(jobs_ix::proof_buffer(me, job, now, size));
    first.extend_from_slice(beside);
    let mut transactions = 0;
    let mut written = 0;
    if !first.is_empty() {
        written = fill(&mut first, me, job, evidence);
        chain.send(&first, &[prover]).await?;
        transactions += 1;
    }
    let mut known = if now.is_some() { found.unwrap_or_default() } else { Vec::new() };
    known.resize(evidence.len(), 0);
    known[..written].copy_from_slice(&evidence[..written]);
    // A new buffer is full of zeros, so whatever is to be zero is there already.
    for _ in 0..ROUNDS {
        let missing = differences(&known, evidence);
        if missing.is_empty() {
            return Ok(transactions);
        }
        transactions += missing.len();
        let writes = missing.into_iter().map(|range| {
            let write = jobs_ix::write_proof(me, job, range.start as u32, evidence[range].to_vec());
            async move { chain.send(&[write], &[prover]).await }
        });
        stream::iter(writes).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
        known = buffer(chain, &job, &me).await?.unwrap_or_default();
        known.resize(evidence.len(), 0);
    }
    if known == evidence { Ok(transactions) } else { Err(ClientError::Buffer { job, size }) }
}

/// Closes the prover's buffer for `job`, if there is one, and returns its rent.
///
/// # Errors
/// As [`Chain::send`].
pub async fn close(chain: &Chain, prover: &Keypair, job: Pubkey) -> Result<(), ClientError> {
    if buffer(chain, &job, &prover.pubkey()).await?.is_some() {
        chain.send(&[jobs_ix::close_proof(prover.pubkey(), job)], &[prover]).await?;
    }
    Ok(())
}

/// `instruction`, which judges `evidence_bytes` of evidence, with leave for the compute units that it needs where those are
/// more than a transaction has anyway.
pub fn judged(instruction: Instruction, evidence_bytes: usize) -> Vec<Instruction> {
    let bytes = u32::try_from(evidence_bytes).unwrap_or(u32::MAX);
    let elements = bytes.min(MAX_POOL as u32);
    let units = UNITS_PER_BYTE.saturating_mul(bytes).saturating_add(UNITS_PER_ELEMENT * elements + UNITS_BESIDE);
    let leave = (units > compute::DEFAULT_UNITS).then(|| compute::limit(units));
    leave.into_iter().chain([instruction]).collect()
}

/// How many transactions evidence of `bytes` takes in a buffer that is not there yet, without the one that judges it.
pub fn transactions(bytes: usize, prover: Pubkey, job: Pubkey, beside: &[Instruction]) -> usize {
    let mut first = jobs_ix::proof_buffer(prover, job, None, bytes as u32);
    first.extend_from_slice(beside);
    let evidence = vec![1; bytes];
    let written = fill(&mut first, prover, job, &evidence);
    1 + (bytes - written).div_ceil(WRITE_BYTES)
}

/// Adds a write of the evidence's beginning to a transaction that has room; returns how much of it.
fn fill(first: &mut Vec<Instruction>, prover: Pubkey, job: Pubkey, evidence: &[u8]) -> usize {
    first.push(jobs_ix::write_proof(prover, job, 0, Vec::new()));
    // Lengths from 128 on take a byte more.
    let room = (MAX_BYTES - 1).saturating_sub(size(&Message::new(first, Some(&prover))));
    first.pop();
    let part = &evidence[..room.min(evidence.len())];
    if !part.is_empty() {
        first.push(jobs_ix::write_proof(prover, job, 0, part.to_vec()));
    }
    part.len()
}

/// Where `known` differs from `evidence`, in pieces that one transaction can write.
fn differences(known: &[u8], evidence: &[u8]) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(next) = known[at..].iter().zip(&evidence[at..]).position(|(a, b)| a != b) {
        let end = evidence.len().min(at + next + WRITE_BYTES);
        pieces.push(at + next..end);
        at = end;
    }
    pieces
}

/// The evidence in a prover's buffer; `None` if there is no buffer.
async fn buffer(chain: &Chain, job: &Pubkey, prover: &Pubkey) -> Result<Option<Vec<u8>>, ClientError> {
    let bytes = chain.bytes(&address::proof(job, prover)).await?;
    Ok(bytes.and_then(|bytes| bytes.get(Proof::HEADER..).map(<[u8]>::to_vec)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_of_the_most_bytes_fits_a_packet_and_one_more_does_not() {
        let (me, job) = (Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32]));
        let bytes = |length| {
            let write = jobs_ix::write_proof(me, job, 0, vec![1; length]);
            size(&Message::new(&[write], Some(&me)))
        };
        assert!(bytes(WRITE_BYTES) <= MAX_BYTES && bytes(WRITE_BYTES + 1) > MAX_BYTES, "{}", bytes(WRITE_BYTES));
    }

    #[test]
    fn the_first_transaction_is_filled_to_the_brim() {
        let (me, job) = (Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32]));
        for evidence in [vec![1; 10], vec![1; 3_000], vec![1; 140_000]] {
            let mut first = jobs_ix::proof_buffer(me, job, None, evidence.len() as u32);
            let written = fill(&mut first, me, job, &evidence);
            let bytes = size(&Message::new(&first, Some(&me)));
            assert!(bytes <= MAX_BYTES, "{bytes}");
            assert!(written == evidence.len() || bytes >= MAX_BYTES - 2, "{written} in {bytes}");
        }
    }

    #[test]
    fn only_what_differs_is_written_again() {
        let evidence: Vec<u8> = (0..5_000).map(|i| (i % 251) as u8 + 1).collect();
        assert!(differences(&evidence, &evidence).is_empty());
        let mut known = evidence.clone();
        known[1_700] ^= 1;
        known[4_999] ^= 1;
        assert_eq!(differences(&known, &evidence), [1_700..1_700 + WRITE_BYTES, 4_999..5_000]);
        let all = differences(&vec![0; 5_000], &evidence);
        assert_eq!(all.len(), 5_000usize.div_ceil(WRITE_BYTES));
        for piece in all {
            known[piece.clone()].copy_from_slice(&evidence[piece]);
        }
        assert_eq!(known, evidence);
    }
}
