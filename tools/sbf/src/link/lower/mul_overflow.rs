//! `llvm.{u,s}mul.with.overflow` of every width up to 64 and of 128 bits.

use super::Lowering;
use crate::link::ir::{Type, Value};
use anyhow::Result;
use llvm_sys::LLVMIntPredicate::*;

impl Lowering<'_> {
    pub(super) fn checked_multiply(&mut self, i: Value, signed: bool) -> Result<Option<Value>> {
        let (x, y, pair) = (i.operand(0), i.operand(1), i.ty());
        let (value, overflow) = match (x.ty().int_width(), signed) {
            (Some(1..=32), _) => self.checked_narrow(x, y, signed),
            (Some(64), false) => self.checked_u64(x, y),
            (Some(64), true) => self.checked_i64(x, y)?,
            (Some(128), false) => self.checked_u128(x, y)?,
            (Some(128), true) => self.checked_i128(x, y)?,
            (Some(width), _) => {
                self.refuse(&format!("{width}-bit checked multiplication"));
                return Ok(None);
            }
            (None, _) => {
                self.refuse("checked multiplication of vectors");
                return Ok(None);
            }
        };
        Ok(Some(self.build.with_flag(pair, value, overflow)))
    }

    /// Up to 32 bits the exact product fits 64: it overflows when truncating changes it.
    fn checked_narrow(&self, x: Value, y: Value, signed: bool) -> (Value, Value) {
        let b = &self.build;
        let ty: Type = x.ty();
        let product = b.mul(b.resize(x, b.i64, signed), b.resize(y, b.i64, signed));
        let value = b.trunc(product, ty);
        let overflow = b.compare(LLVMIntNE, b.resize(value, b.i64, signed), product);
        (value, overflow)
    }

    /// Overflows when `x != 0 && x * y / x != y`; a constant operand takes a single comparison.
    fn checked_u64(&self, x: Value, y: Value) -> (Value, Value) {
        let b = &self.build;
        let (x, y) = if y.is_constant_int() { (y, x) } else { (x, y) };
        if let Some(factor) = x.constant_u64().filter(|&factor| factor != 0) {
            let limit = b.i64.constant(u64::MAX / factor);
            return (b.mul(x, y), b.compare(LLVMIntUGT, y, limit));
        }
        let product = b.mul(x, y);
        let x = b.freeze(x);
        let zero = b.compare(LLVMIntEQ, x, b.i64.constant(0));
        let divisor = b.select(zero, b.i64.constant(1), x);
        let differs = b.compare(LLVMIntNE, b.udiv(product, divisor), y);
        (product, b.and(differs, b.not(zero)))
    }

    fn checked_i64(&mut self, x: Value, y: Value) -> Result<(Value, Value)> {
        let flag = self.helper("__sbpf_smulo", &[x, y], self.build.i64)?;
        Ok((self.build.mul(x, y), self.build.is_nonzero(flag)))
    }

    fn checked_u128(&mut self, x: Value, y: Value) -> Result<(Value, Value)> {
        let ((x_low, x_high), (y_low, y_high)) = (self.halves(x), self.halves(y));
        if x_high.is_zero() && y_high.is_zero() {
            return Ok((self.multiply128(x, y)?, self.build.i1.constant(0)));
        }
        let out = self.build.stack_slot(self.current, self.build.i64.array(3));
        let void = self.build.void;
        self.helper("__sbpf_umulo128", &[out, x_low, x_high, y_low, y_high], void)?;
        let product = self.join(self.build.load_limb(out, 0), self.build.load_limb(out, 1));
        Ok((product, self.build.is_nonzero(self.build.load_limb(out, 2))))
    }

    fn checked_i128(&mut self, x: Value, y: Value) -> Result<(Value, Value)> {
        let flag = self.build.stack_slot(self.current, self.build.i32);
        let product = self.builtin("__rust_i128_mulo", &[x, y, flag], x.ty())?;
        let flag = self.build.load(self.build.i32, flag);
        Ok((product, self.build.is_nonzero(flag)))
    }
}
