//! 128-bit multiplication and variable shifts on pairs of 64-bit halves.

use super::Lowering;
use crate::link::ir::Value;
use anyhow::Result;
use llvm_sys::LLVMOpcode::{self, *};

impl Lowering<'_> {
    /// The 64-bit half `x` of an `i128` when the other half is known to be zero.
    fn known_small(&self, x: Value) -> Option<Value> {
        if x.is_zero_extension() {
            let source = x.operand(0);
            if source.ty().int_width().is_some_and(|width| width <= 64) {
                return Some(self.build.zext(source, self.build.i64));
            }
        }
        if x.is_constant_int() {
            let high = self.build.lshr(x, self.build.i128.constant(64));
            return high.is_zero().then(|| self.build.trunc(x, self.build.i64));
        }
        None
    }
    /// Low and high half of an `i128`; the high half is the constant zero where that is known.
    pub(super) fn halves(&self, x: Value) -> (Value, Value) {
        if let Some(low) = self.known_small(x) {
            return (low, self.build.i64.constant(0));
        }
        let high = self.build.lshr(x, self.build.i128.constant(64));
        (self.build.trunc(x, self.build.i64), self.build.trunc(high, self.build.i64))
    }
    pub(super) fn join(&self, low: Value, high: Value) -> Value {
        let b = &self.build;
        let high = b.shl(b.zext(high, b.i128), b.i128.constant(64));
        b.or(b.zext(low, b.i128), high)
    }

    /// Multiplication of 65 to 128 bits; narrower ones stay.
    pub(super) fn multiply(&mut self, i: Value) -> Result<Option<Value>> {
        let Some(width) = i.ty().int_width().filter(|&width| width > 64) else {
            return Ok(None);
        };
        if width > 128 {
            self.refuse(&format!("{width}-bit multiplication"));
            return Ok(None);
        }
        let x = self.build.resize(i.operand(0), self.build.i128, false);
        let y = self.build.resize(i.operand(1), self.build.i128, false);
        let product = self.multiply128(x, y)?;
        Ok(Some(self.build.trunc(product, i.ty())))
    }

    pub(super) fn multiply128(&mut self, x: Value, y: Value) -> Result<Value> {
        let ((x_low, x_high), (y_low, y_high)) = (self.halves(x), self.halves(y));
        let low = self.build.mul(x_low, y_low);
        let mut high = self.helper("__sbpf_mulhi", &[x_low, y_low], self.build.i64)?;
        for (a, b) in [(x_low, y_high), (x_high, y_low)] {
            if !a.is_zero() && !b.is_zero() {
                high = self.build.add(high, self.build.mul(a, b));
            }
        }
        Ok(self.join(low, high))
    }

    /// Shift of more than 64 bits by a variable amount; the back end does the constant ones.
    pub(super) fn variable_shift(&mut self, i: Value) -> Option<Value> {
        let width = i.ty().int_width().filter(|&width| width > 64)?;
        if i.operand(1).is_constant_int() {
            return None;
        }
        if width > 128 {
            self.refuse(&format!("{width}-bit shift by a variable"));
            return None;
        }
        let op = i.opcode();
        let x = self.build.resize(i.operand(0), self.build.i128, matches!(op, LLVMAShr));
        let shifted = self.shift128(op, x, i.operand(1));
        Some(self.build.trunc(shifted, i.ty()))
    }

    /// Shift of an `i128` by an amount below 128.
    fn shift128(&self, op: LLVMOpcode, x: Value, amount: Value) -> Value {
        let b = &self.build;
        let k = |value| b.i64.constant(value);
        let (low, high) = self.halves(x);
        let amount = b.trunc(amount, b.i64);
        let within = b.and(amount, k(63));
        // What crosses from one half to the other moves by 64 - within, in two steps so that 64 is never used.
        let across = b.xor(within, k(63));
        let whole_half = b.is_nonzero(b.and(amount, k(64)));
        if matches!(op, LLVMShl) {
            let carried = b.lshr(b.lshr(low, k(1)), across);
            let new_high = b.or(b.shl(high, within), carried);
            let new_low = b.shl(low, within);
            return self.join(b.select(whole_half, k(0), new_low), b.select(whole_half, new_low, new_high));
        }
        let carried = b.shl(b.shl(high, k(1)), across);
        let new_low = b.or(b.lshr(low, within), carried);
        let new_high = b.shift(op, high, within);
        let fill = if matches!(op, LLVMAShr) { b.ashr(high, k(63)) } else { k(0) };
        self.join(b.select(whole_half, new_high, new_low), b.select(whole_half, fill, new_high))
    }

    /// `fshl` / `fshr` (rotations too) of 128 bits by a variable amount.
    pub(super) fn funnel_shift(&mut self, i: Value, left: bool) -> Option<Value> {
        let (x, y, amount) = (i.operand(0), i.operand(1), i.operand(2));
        if amount.is_constant_int() {
            return None;
        }
        let b = &self.build;
        let k = |value| b.i128.constant(value);
        let amount = b.and(amount, k(127));
        let rest = b.xor(amount, k(127));
        let (x, y) = if left {
            (self.shift128(LLVMShl, x, amount), self.shift128(LLVMLShr, b.lshr(y, k(1)), rest))
        } else {
            (self.shift128(LLVMShl, b.shl(x, k(1)), rest), self.shift128(LLVMLShr, y, amount))
        };
        Some(b.or(x, y))
    }
}
