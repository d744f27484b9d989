//! Copies: short ones become loads and stores in the back end, long ones and those of unknown length syscalls.

use super::Lowering;
use crate::link::ir::Value;

/// A syscall costs about as much as copying this many bytes word by word.
const INLINE_COPY: u64 = 64;
const INLINE_FILL: u64 = 128;

impl Lowering<'_> {
    pub(super) fn memory_intrinsic(&mut self, i: Value, name: &str) -> Option<Value> {
        let (syscall, inline) = match name.split('.').nth(1)? {
            "memcpy" => ("sol_memcpy_", INLINE_COPY),
            "memmove" => ("sol_memmove_", INLINE_COPY),
            "memset" => ("sol_memset_", INLINE_FILL),
            _ => return None,
        };
        let len = i.operand(2);
        if name.contains(".inline") || len.constant_u64().is_some_and(|len| len <= inline) {
            return None;
        }
        let len = self.build.resize(len, self.build.i64, false);
        Some(self.syscall(syscall, &[i.operand(0), i.operand(1), len]))
    }
}
