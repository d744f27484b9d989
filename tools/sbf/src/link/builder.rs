//! The instruction builder with the types that the lowering needs. The rule of `ir` holds here too.

use super::ir::{Type, Value};
use llvm_sys::core::*;
use llvm_sys::prelude::*;
use llvm_sys::{LLVMIntPredicate, LLVMOpcode};
use std::ffi::c_char;

const NO_NAME: *const c_char = c"".as_ptr();

pub struct Builder {
    raw: LLVMBuilderRef,
    context: LLVMContextRef,
    pub void: Type,
    pub i1: Type,
    pub i32: Type,
    pub i64: Type,
    pub i128: Type,
    pub ptr: Type,
}

impl Drop for Builder {
    fn drop(&mut self) {
        unsafe { LLVMDisposeBuilder(self.raw) }
    }
}

macro_rules! binary {
    ($($name:ident $build:ident),* $(,)?) => {
        $(pub fn $name(&self, x: Value, y: Value) -> Value {
            Value(unsafe { $build(self.raw, x.0, y.0, NO_NAME) })
        })*
    };
}

impl Builder {
    pub fn new(context: LLVMContextRef) -> Self {
        let int = |width| Type(unsafe { LLVMIntTypeInContext(context, width) });
        Builder {
            raw: unsafe { LLVMCreateBuilderInContext(context) },
            context,
            void: Type(unsafe { LLVMVoidTypeInContext(context) }),
            i1: int(1),
            i32: int(32),
            i64: int(64),
            i128: int(128),
            ptr: Type(unsafe { LLVMPointerTypeInContext(context, 0) }),
        }
    }

    pub fn position_before(&self, instruction: Value) {
        unsafe { LLVMPositionBuilderBefore(self.raw, instruction.0) }
    }
    pub fn position_at_entry(&self, function: Value) {
        unsafe {
            let entry = LLVMGetEntryBasicBlock(function.0);
            LLVMPositionBuilder(self.raw, entry, LLVMGetFirstInstruction(entry));
        }
    }

    pub fn struct_type(&self, fields: &[Type]) -> Type {
        let mut raw: Vec<_> = fields.iter().map(|t| t.0).collect();
        Type(unsafe { LLVMStructTypeInContext(self.context, raw.as_mut_ptr(), raw.len() as u32, 0) })
    }

    binary! {
        add LLVMBuildAdd, sub LLVMBuildSub, mul LLVMBuildMul, udiv LLVMBuildUDiv, urem LLVMBuildURem,
        and LLVMBuildAnd, or LLVMBuildOr, xor LLVMBuildXor,
        shl LLVMBuildShl, lshr LLVMBuildLShr, ashr LLVMBuildAShr,
    }
    /// `shl`, `lshr` or `ashr` by opcode.
    pub fn shift(&self, op: LLVMOpcode, x: Value, y: Value) -> Value {
        match op {
            LLVMOpcode::LLVMShl => self.shl(x, y),
            LLVMOpcode::LLVMAShr => self.ashr(x, y),
            _ => self.lshr(x, y),
        }
    }
    pub fn not(&self, x: Value) -> Value {
        Value(unsafe { LLVMBuildNot(self.raw, x.0, NO_NAME) })
    }
    pub fn freeze(&self, x: Value) -> Value {
        Value(unsafe { LLVMBuildFreeze(self.raw, x.0, NO_NAME) })
    }
    pub fn trunc(&self, x: Value, to: Type) -> Value {
        Value(unsafe { LLVMBuildTrunc(self.raw, x.0, to.0, NO_NAME) })
    }
    pub fn zext(&self, x: Value, to: Type) -> Value {
        Value(unsafe { LLVMBuildZExt(self.raw, x.0, to.0, NO_NAME) })
    }
    /// Extends or truncates as needed.
    pub fn resize(&self, x: Value, to: Type, signed: bool) -> Value {
        Value(unsafe { LLVMBuildIntCast2(self.raw, x.0, to.0, signed as i32, NO_NAME) })
    }
    pub fn compare(&self, predicate: LLVMIntPredicate, x: Value, y: Value) -> Value {
        Value(unsafe { LLVMBuildICmp(self.raw, predicate, x.0, y.0, NO_NAME) })
    }
    pub fn is_nonzero(&self, x: Value) -> Value {
        self.compare(LLVMIntPredicate::LLVMIntNE, x, x.ty().constant(0))
    }
    pub fn select(&self, condition: Value, yes: Value, no: Value) -> Value {
        Value(unsafe { LLVMBuildSelect(self.raw, condition.0, yes.0, no.0, NO_NAME) })
    }
    /// The `{value, flag}` result of an overflow intrinsic.
    pub fn with_flag(&self, ty: Type, value: Value, flag: Value) -> Value {
        unsafe {
            let half = LLVMBuildInsertValue(self.raw, ty.poison().0, value.0, 0, NO_NAME);
            Value(LLVMBuildInsertValue(self.raw, half, flag.0, 1, NO_NAME))
        }
    }

    pub fn load(&self, ty: Type, from: Value) -> Value {
        Value(unsafe { LLVMBuildLoad2(self.raw, ty.0, from.0, NO_NAME) })
    }
    pub fn store(&self, value: Value, to: Value) {
        unsafe { LLVMBuildStore(self.raw, value.0, to.0) };
    }
    /// Loads element `index` of an array of `i64`.
    pub fn load_limb(&self, array: Value, index: u64) -> Value {
        let mut at = [self.i64.constant(index).0];
        let place = unsafe { LLVMBuildGEP2(self.raw, self.i64.0, array.0, at.as_mut_ptr(), 1, NO_NAME) };
        self.load(self.i64, Value(place))
    }
    pub fn field(&self, ty: Type, base: Value, index: u32) -> Value {
        Value(unsafe { LLVMBuildStructGEP2(self.raw, ty.0, base.0, index, NO_NAME) })
    }
    /// A stack slot at the start of `function`; leaves this builder where it is.
    pub fn stack_slot(&self, function: Value, ty: Type) -> Value {
        let start = Builder::new(self.context);
        start.position_at_entry(function);
        unsafe {
            let slot = LLVMBuildAlloca(start.raw, ty.0, NO_NAME);
            LLVMSetAlignment(slot, 16);
            Value(slot)
        }
    }

    pub fn call(&self, function: Value, args: &[Value]) -> Value {
        self.call_as(function.value_type(), function, args)
    }
    /// Calls `callee`, which may be a pointer, as a function of type `ty`.
    pub fn call_as(&self, ty: Type, callee: Value, args: &[Value]) -> Value {
        let mut raw: Vec<_> = args.iter().map(|v| v.0).collect();
        Value(unsafe { LLVMBuildCall2(self.raw, ty.0, callee.0, raw.as_mut_ptr(), raw.len() as u32, NO_NAME) })
    }
    pub fn return_void(&self) {
        unsafe { LLVMBuildRetVoid(self.raw) };
    }
}
