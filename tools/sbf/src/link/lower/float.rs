//! Floats, by the soft-float functions of compiler_builtins.

use super::Lowering;
use crate::link::ir::{Type, Value};
use anyhow::Result;
use llvm_sys::LLVMIntPredicate::{self, *};
use llvm_sys::LLVMOpcode::*;
use llvm_sys::LLVMRealPredicate::*;
use llvm_sys::{LLVMRealPredicate, LLVMTypeKind};

/// Intrinsics which are a function of libm by name.
const LIBM: [(&str, &str); 17] = [
    ("floor", "floor"),
    ("ceil", "ceil"),
    ("trunc", "trunc"),
    ("rint", "rint"),
    ("round", "round"),
    ("roundeven", "roundeven"),
    ("sqrt", "sqrt"),
    ("fma", "fma"),
    ("minnum", "fmin"),
    ("maxnum", "fmax"),
    ("minimumnum", "fmin"),
    ("maximumnum", "fmax"),
    ("pow", "pow"),
    ("exp", "exp"),
    ("log", "log"),
    ("sin", "sin"),
    ("cos", "cos"),
];

/// How compiler_builtins names the type in its functions.
fn suffix(ty: Type) -> Option<&'static str> {
    match ty.kind() {
        LLVMTypeKind::LLVMDoubleTypeKind => Some("df"),
        LLVMTypeKind::LLVMFloatTypeKind => Some("sf"),
        _ => None,
    }
}

/// libm's name of a function for this type.
fn libm_name(name: &str, suffix: &str) -> String {
    if suffix == "sf" { format!("{name}f") } else { name.to_string() }
}

impl Lowering<'_> {
    /// The suffix of a scalar `f32` or `f64`; everything else is refused.
    fn float_suffix(&mut self, ty: Type) -> Option<&'static str> {
        let found = suffix(ty);
        if found.is_none() {
            self.refuse("float arithmetic on vectors or on types other than f32 and f64");
        }
        found
    }

    pub(super) fn float_arithmetic(&mut self, i: Value) -> Result<Option<Value>> {
        let Some(suffix) = self.float_suffix(i.ty()) else {
            return Ok(None);
        };
        let name = match i.opcode() {
            LLVMFAdd => format!("__add{suffix}3"),
            LLVMFSub => format!("__sub{suffix}3"),
            LLVMFMul => format!("__mul{suffix}3"),
            LLVMFDiv => format!("__div{suffix}3"),
            _ => libm_name("fmod", suffix),
        };
        Ok(Some(self.builtin(&name, &[i.operand(0), i.operand(1)], i.ty())?))
    }

    pub(super) fn float_compare(&mut self, i: Value) -> Result<Option<Value>> {
        let predicate = unsafe { llvm_sys::core::LLVMGetFCmpPredicate(i.0) };
        let (x, y) = (i.operand(0), i.operand(1));
        let Some(suffix) = self.float_suffix(x.ty()) else {
            return Ok(None);
        };
        let mut test = |name: &str, against_zero: LLVMIntPredicate| -> Result<Value> {
            let order = self.builtin(&format!("__{name}{suffix}2"), &[x, y], self.build.i32)?;
            Ok(self.build.compare(against_zero, order, order.ty().constant(0)))
        };
        Ok(Some(match predicate {
            LLVMRealPredicateFalse => self.build.i1.constant(0),
            LLVMRealPredicateTrue => self.build.i1.constant(1),
            LLVMRealUEQ => {
                let (equal, unordered) = (test("eq", LLVMIntEQ)?, test("unord", LLVMIntNE)?);
                self.build.or(equal, unordered)
            }
            LLVMRealONE => {
                let (differ, ordered) = (test("eq", LLVMIntNE)?, test("unord", LLVMIntEQ)?);
                self.build.and(differ, ordered)
            }
            single => {
                let (name, against_zero) = single_test(single);
                test(name, against_zero)?
            }
        }))
    }

    /// compiler_builtins saturates, which is one of the results that the plain conversion may give.
    pub(super) fn float_to_int(&mut self, i: Value, signed: bool, saturate: bool) -> Result<Option<Value>> {
        let x = i.operand(0);
        let Some(suffix) = self.float_suffix(x.ty()) else {
            return Ok(None);
        };
        let Some(width) = i.ty().int_width() else {
            return Ok(None);
        };
        let (size, wide) = self.wide_int(width);
        let sign = if signed { "" } else { "uns" };
        let mut result = self.builtin(&format!("__fix{sign}{suffix}{size}"), &[x], wide)?;
        if saturate && width < 64 {
            let b = &self.build;
            let (min, max, less, greater) = if signed {
                (-(1i64 << (width - 1)), (1i64 << (width - 1)) - 1, LLVMIntSLT, LLVMIntSGT)
            } else {
                (0, ((1u64 << width) - 1) as i64, LLVMIntULT, LLVMIntUGT)
            };
            for (beyond, limit) in [(less, min), (greater, max)] {
                let limit = b.i64.constant(limit as u64);
                result = b.select(b.compare(beyond, result, limit), limit, result);
            }
        }
        Ok(Some(self.build.trunc(result, i.ty())))
    }

    pub(super) fn int_to_float(&mut self, i: Value, signed: bool) -> Result<Option<Value>> {
        let x = i.operand(0);
        let Some(suffix) = self.float_suffix(i.ty()) else {
            return Ok(None);
        };
        let Some(width) = x.ty().int_width() else {
            return Ok(None);
        };
        let (size, wide) = self.wide_int(width);
        let x = self.build.resize(x, wide, signed);
        let sign = if signed { "" } else { "un" };
        Ok(Some(self.builtin(&format!("__float{sign}{size}{suffix}"), &[x], i.ty())?))
    }

    fn wide_int(&self, width: u32) -> (&'static str, Type) {
        if width > 64 { ("ti", self.build.i128) } else { ("di", self.build.i64) }
    }

    pub(super) fn float_intrinsic(&mut self, i: Value, name: &str) -> Result<Option<Value>> {
        if name.starts_with("llvm.fptoui.sat") {
            return self.float_to_int(i, false, true);
        }
        if name.starts_with("llvm.fptosi.sat") {
            return self.float_to_int(i, true, true);
        }
        let stem = name.split('.').nth(1).unwrap_or_default();
        if stem == "fmuladd" {
            let Some(suffix) = self.float_suffix(i.ty()) else {
                return Ok(None);
            };
            let product = self.builtin(&format!("__mul{suffix}3"), &[i.operand(0), i.operand(1)], i.ty())?;
            return Ok(Some(self.builtin(&format!("__add{suffix}3"), &[product, i.operand(2)], i.ty())?));
        }
        let Some((_, function)) = LIBM.iter().find(|(intrinsic, _)| *intrinsic == stem) else {
            return Ok(None);
        };
        let Some(suffix) = self.float_suffix(i.ty()) else {
            return Ok(None);
        };
        Ok(Some(self.builtin(&libm_name(function, suffix), &i.arguments(), i.ty())?))
    }
}

/// The comparison function and how its result relates to zero. Unordered predicates are the negation of the
/// opposite ordered one: the functions answer "not less" and so on for NaN.
fn single_test(predicate: LLVMRealPredicate) -> (&'static str, LLVMIntPredicate) {
    match predicate {
        LLVMRealOEQ => ("eq", LLVMIntEQ),
        LLVMRealUNE => ("ne", LLVMIntNE),
        LLVMRealOLT => ("lt", LLVMIntSLT),
        LLVMRealOLE => ("le", LLVMIntSLE),
        LLVMRealOGT => ("gt", LLVMIntSGT),
        LLVMRealOGE => ("ge", LLVMIntSGE),
        LLVMRealUGE => ("lt", LLVMIntSGE),
        LLVMRealUGT => ("le", LLVMIntSGT),
        LLVMRealULE => ("gt", LLVMIntSLE),
        LLVMRealULT => ("ge", LLVMIntSLT),
        LLVMRealORD => ("unord", LLVMIntEQ),
        _ => ("unord", LLVMIntNE),
    }
}
