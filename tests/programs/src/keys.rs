//! Keypairs by name and role.
use solana_keypair::Keypair;

/// The keypair of `name`: always the same one.
pub fn key(name: &str) -> Keypair {
    Keypair::new_from_array(judge::sha256(&[b"program-tests", name.as_bytes()]))
}

/// Upgrade authority of all programs; initialises them, hands them over, and holds the genesis supply.
pub fn authority() -> Keypair {
    key("authority")
}

/// Permitted price submitters, 0 to 2.
pub fn submitter(index: usize) -> Keypair {
    key(&format!("submitter {index}"))
}

/// Users with IO, IOSD and an open job counter, 0 to 2.
pub fn user(index: usize) -> Keypair {
    key(&format!("user {index}"))
}

/// Registered operators, 0 and 1.
pub fn operator(index: usize) -> Keypair {
    key(&format!("operator {index}"))
}

/// Registered devices: 0 and 1 are operator 0's, 2 is operator 1's.
pub fn device(index: usize) -> Keypair {
    key(&format!("device {index}"))
}

/// May stop proposals and pause.
pub fn guardian() -> Keypair {
    key("guardian")
}

/// Has lamports and nothing else.
pub fn stranger() -> Keypair {
    key("stranger")
}
