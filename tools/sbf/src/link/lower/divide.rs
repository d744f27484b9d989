//! Division: BPF v2 divides unsigned 64-bit numbers only.

use super::Lowering;
use crate::link::ir::Value;
use anyhow::Result;
use llvm_sys::LLVMOpcode::*;

impl Lowering<'_> {
    pub(super) fn divide(&mut self, i: Value) -> Result<Option<Value>> {
        let (x, y, ty) = (i.operand(0), i.operand(1), i.ty());
        let Some(width) = ty.int_width() else {
            return Ok(None);
        };
        let signed = matches!(i.opcode(), LLVMSDiv | LLVMSRem);
        let remainder = matches!(i.opcode(), LLVMURem | LLVMSRem);
        if width > 128 {
            self.refuse(&format!("{width}-bit division"));
            return Ok(None);
        }
        if width <= 64 {
            // The back end turns a signed division by a power of two into shifts.
            if !signed || !remainder && is_positive_power_of_two(y) {
                return Ok(None);
            }
            let x = self.build.resize(x, self.build.i64, true);
            let y = self.build.resize(y, self.build.i64, true);
            let helper = if remainder { "__sbpf_srem" } else { "__sbpf_sdiv" };
            let result = self.helper(helper, &[x, y], self.build.i64)?;
            return Ok(Some(self.build.trunc(result, ty)));
        }
        let x = self.build.resize(x, self.build.i128, signed);
        let y = self.build.resize(y, self.build.i128, signed);
        let result = if signed { self.signed128(x, y, remainder)? } else { self.unsigned128(x, y, remainder)? };
        Ok(Some(self.build.trunc(result, ty)))
    }

    fn unsigned128(&mut self, x: Value, y: Value, remainder: bool) -> Result<Value> {
        let ((x_low, x_high), (y_low, y_high)) = (self.halves(x), self.halves(y));
        let b = &self.build;
        if x_high.is_zero() && y_high.is_zero() {
            let narrow = if remainder { b.urem(x_low, y_low) } else { b.udiv(x_low, y_low) };
            return Ok(b.zext(narrow, b.i128));
        }
        let out = b.stack_slot(self.current, b.i64.array(4));
        let void = b.void;
        self.helper("__sbpf_udivmod", &[out, x_low, x_high, y_low, y_high], void)?;
        let first = if remainder { 2 } else { 0 };
        Ok(self.join(self.build.load_limb(out, first), self.build.load_limb(out, first + 1)))
    }

    /// Divides the absolute values and puts the sign back; the remainder has the sign of the dividend.
    fn signed128(&mut self, x: Value, y: Value, remainder: bool) -> Result<Value> {
        let ((x, x_sign), (y, y_sign)) = (self.absolute128(x), self.absolute128(y));
        let result = self.unsigned128(x, y, remainder)?;
        let b = &self.build;
        let sign = if remainder { x_sign } else { b.xor(x_sign, y_sign) };
        Ok(b.sub(b.xor(result, sign), sign))
    }

    /// Absolute value and sign (0 or -1).
    fn absolute128(&self, x: Value) -> (Value, Value) {
        let b = &self.build;
        let sign = b.ashr(x, b.i128.constant(127));
        (b.sub(b.xor(x, sign), sign), sign)
    }
}

fn is_positive_power_of_two(x: Value) -> bool {
    let Some((value, width)) = x.constant_u64().zip(x.ty().int_width()) else {
        return false;
    };
    // The top bit alone is the most negative number.
    value.is_power_of_two() && value.trailing_zeros() + 1 < width
}
