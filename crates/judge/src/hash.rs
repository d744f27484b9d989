//! sha256, by syscall on chain and by the `sha2` crate (SHA-NI where there is one) elsewhere.

/// A sha256 digest.
pub type Hash = [u8; 32];

/// sha256 of the concatenation of `parts`.
pub fn sha256(parts: &[&[u8]]) -> Hash {
    solana_sha256_hasher::hashv(parts).to_bytes()
}
