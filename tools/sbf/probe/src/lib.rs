//! A program made of what is hard to compile for Solana. The same code runs on the host, so that a test can
//! compare the two.
//!
//! The first byte of the instruction data chooses the task, the rest is its input; the answer goes back as
//! return data.

pub mod checks;
pub mod ops;
#[cfg(target_os = "solana")]
mod solana;

/// What the first byte of the instruction data says.
pub mod task {
    /// Batch of operations: see [`crate::ops`].
    pub const MATH: u8 = 0;
    /// One operation that aborts on overflow: see [`crate::checks::checked`].
    pub const CHECKED: u8 = 1;
    /// Traits, tables and many arguments: see [`crate::checks::dynamic`].
    pub const DYNAMIC: u8 = 2;
    /// Dot product of the two halves of the input.
    pub const DOT: u8 = 3;
    /// Copies, comparisons and fills: see [`crate::checks::memory`].
    pub const MEMORY: u8 = 4;
    /// Floats: see [`crate::checks::float`].
    pub const FLOAT: u8 = 5;
}

/// Does what the instruction data asks for. Panics on overflow and on input that makes no sense.
pub fn run(data: &[u8]) -> Vec<u8> {
    let (task, input) = data.split_first().expect("instruction data is empty");
    match *task {
        task::MATH => ops::batch(input),
        task::CHECKED => checks::checked(input).to_le_bytes().to_vec(),
        task::DYNAMIC => checks::dynamic(input),
        task::DOT => checks::dot(input).to_le_bytes().to_vec(),
        task::MEMORY => checks::memory(input),
        task::FLOAT => checks::float(input),
        _ => panic!("unknown task"),
    }
}

/// Takes the first `N` bytes of the input.
pub(crate) fn take<const N: usize>(input: &mut &[u8]) -> [u8; N] {
    let (first, rest) = input.split_first_chunk().expect("input is too short");
    *input = rest;
    *first
}
