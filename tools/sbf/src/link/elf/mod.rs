//! Turns the relocatable object of the BPF back end into a Solana SBF v0 shared object.

mod code;
mod input;
mod output;

use std::collections::BTreeMap;

/// Where the code starts: after the ELF header and four program headers. SBF v0 wants file offsets and
/// addresses to be equal.
const TEXT_ADDRESS: u64 = 64 + 4 * 56;

pub struct SharedObject {
    pub bytes: Vec<u8>,
    pub text_size: usize,
    pub rodata_size: usize,
    /// Functions in order of address.
    pub functions: Vec<Function>,
}

pub struct Function {
    pub address: u64,
    pub size: u64,
    pub name: String,
    /// Bytes of stack it uses.
    pub frame: u64,
}

/// Relocations that the loader applies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relocation {
    /// An address inside the program (`R_BPF_64_RELATIVE`).
    Relative,
    /// A call of a syscall (`R_BPF_64_32`), with the number of its dynamic symbol.
    Syscall(usize),
}

/// What goes into the file: sections placed, calls and pointers resolved.
struct Program {
    text: Vec<u8>,
    rodata: Vec<u8>,
    rodata_address: u64,
    entrypoint: u64,
    functions: Vec<Function>,
    /// By address.
    relocations: BTreeMap<u64, Relocation>,
    /// Names of syscalls, in the order of their numbers.
    syscalls: Vec<String>,
}

/// Links one object. The errors name the Rust functions they are about.
pub fn write(object: &[u8]) -> Result<SharedObject, Vec<String>> {
    let mut program = input::read(object)?;
    code::finish(&mut program)?;
    let bytes = output::serialise(&program);
    Ok(SharedObject {
        bytes,
        text_size: program.text.len(),
        rodata_size: program.rodata.len(),
        functions: program.functions,
    })
}

fn read_u32(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn read_u64(bytes: &[u8], at: usize) -> u64 {
    u64::from(read_u32(bytes, at)) | u64::from(read_u32(bytes, at + 4)) << 32
}

fn write_u32(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn pad(bytes: &mut Vec<u8>, alignment: usize) {
    bytes.resize(bytes.len().next_multiple_of(alignment), 0);
}
