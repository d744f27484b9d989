//! Walks the machine code: encodes indirect calls for SBF v0 and measures stack frames.

use super::{Program, TEXT_ADDRESS, read_u32, write_u32};
use crate::link::ir::demangle;

/// The machine gives every call this much stack.
pub const FRAME_LIMIT: u64 = 4096;

const LDDW: u8 = 0x18;
const CALLX: u8 = 0x8d;
const MOV64_REG: u8 = 0xbf;
const ADD64_IMM: u8 = 0x07;
/// Instruction classes, in the low three bits of the opcode.
const CLASS_LDX: u8 = 1;
const CLASS_ST: u8 = 2;
const CLASS_STX: u8 = 3;
const FRAME_POINTER: u8 = 10;

pub(super) fn finish(program: &mut Program) -> Result<(), Vec<String>> {
    let mut at = 0;
    while at + 8 <= program.text.len() {
        if program.text[at] == CALLX {
            // SBF v0 reads the register from the immediate, LLVM writes it to the destination field.
            let register = program.text[at + 1] & 0xf;
            program.text[at + 1] = 0;
            write_u32(&mut program.text, at + 4, register.into());
        }
        note_frame(program, at);
        at += if program.text[at] == LDDW { 16 } else { 8 };
    }
    let too_big = program.functions.iter().filter(|f| f.frame > FRAME_LIMIT);
    let errors: Vec<_> = too_big
        .map(|f| format!("stack frame of {} is {} bytes (limit {FRAME_LIMIT})", demangle(&f.name), f.frame))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Counts what an instruction reaches below the frame pointer.
fn note_frame(program: &mut Program, at: usize) {
    let text = &program.text;
    let (opcode, destination, source) = (text[at], text[at + 1] & 0xf, text[at + 1] >> 4);
    let offset = i64::from(i16::from_le_bytes([text[at + 2], text[at + 3]]));
    let next_adds = text.len() >= at + 16 && text[at + 8] == ADD64_IMM && text[at + 9] & 0xf == destination;
    let below = match opcode & 7 {
        CLASS_LDX if source == FRAME_POINTER => offset,
        CLASS_ST | CLASS_STX if destination == FRAME_POINTER => offset,
        // An address on the stack: rX = r10; rX += immediate.
        _ if opcode == MOV64_REG && source == FRAME_POINTER && next_adds => i64::from(read_u32(text, at + 12) as i32),
        _ => 0,
    };
    let address = TEXT_ADDRESS + at as u64;
    let after = program.functions.partition_point(|f| f.address <= address);
    if below < 0 && after > 0 {
        let function = &mut program.functions[after - 1];
        function.frame = function.frame.max(below.unsigned_abs());
    }
}
