//! Rewrites what the stock BPF back end cannot select: wide arithmetic, checked multiplication, signed
//! division, floats, big memory copies and traps. Runs after optimisation.

mod divide;
mod float;
mod int128;
mod memory;
mod mul_overflow;

use super::builder::Builder;
use super::ir::{Module, Type, Value, demangle};
use super::module::{reachable, strip_attributes};
use super::pool::Pool;
use anyhow::Result;
use llvm_sys::LLVMOpcode::*;
use llvm_sys::prelude::LLVMContextRef;
use std::collections::{BTreeSet, HashSet};

pub struct Lowering<'a> {
    module: Module,
    build: Builder,
    pool: &'a mut Pool,
    exports: &'a HashSet<String>,
    /// The function that is being rewritten.
    current: Value,
    /// Everything that could not be lowered, each with the Rust function it is in.
    errors: Vec<String>,
    /// Runtime functions in use, for the report.
    helpers: BTreeSet<String>,
}

/// Lowers every function that can be reached from the exports. Returns the helpers it used.
pub fn run(
    context: LLVMContextRef,
    module: Module,
    pool: &mut Pool,
    exports: &HashSet<String>,
    errors: &mut Vec<String>,
) -> Result<BTreeSet<String>> {
    let current = Value(std::ptr::null_mut());
    let build = Builder::new(context);
    let mut lowering = Lowering { module, build, pool, exports, current, errors: vec![], helpers: BTreeSet::new() };
    lowering.functions()?;
    errors.append(&mut lowering.errors);
    Ok(lowering.helpers)
}

impl Lowering<'_> {
    /// Lowering can bring in new functions, so it goes on until no reachable one is left.
    fn functions(&mut self) -> Result<()> {
        let mut done = HashSet::new();
        loop {
            let new: Vec<_> = reachable(self.module, self.exports).into_iter().filter(|f| done.insert(*f)).collect();
            if new.is_empty() {
                return Ok(());
            }
            for function in new {
                self.current = function;
                for instruction in function.instructions() {
                    self.build.position_before(instruction);
                    let Some(replacement) = self.instruction(instruction)? else {
                        continue;
                    };
                    if !instruction.ty().is_void() {
                        instruction.replace_uses_with(replacement);
                    }
                    instruction.erase();
                }
            }
        }
    }

    /// The replacement of an instruction, or `None` when it may stay.
    fn instruction(&mut self, i: Value) -> Result<Option<Value>> {
        Ok(match i.opcode() {
            LLVMMul => self.multiply(i)?,
            LLVMShl | LLVMLShr | LLVMAShr => self.variable_shift(i),
            LLVMUDiv | LLVMURem | LLVMSDiv | LLVMSRem => self.divide(i)?,
            LLVMFAdd | LLVMFSub | LLVMFMul | LLVMFDiv | LLVMFRem => self.float_arithmetic(i)?,
            LLVMFCmp => self.float_compare(i)?,
            LLVMFPToUI => self.float_to_int(i, false, false)?,
            LLVMFPToSI => self.float_to_int(i, true, false)?,
            LLVMUIToFP => self.int_to_float(i, false)?,
            LLVMSIToFP => self.int_to_float(i, true)?,
            LLVMFPExt => Some(self.builtin("__extendsfdf2", &[i.operand(0)], i.ty())?),
            LLVMFPTrunc => Some(self.builtin("__truncdfsf2", &[i.operand(0)], i.ty())?),
            LLVMCall if i.callee().is_intrinsic() => self.intrinsic(i, &i.callee().name())?,
            _ => None,
        })
    }

    fn intrinsic(&mut self, i: Value, name: &str) -> Result<Option<Value>> {
        if name.starts_with("llvm.umul.with.overflow") {
            return self.checked_multiply(i, false);
        }
        if name.starts_with("llvm.smul.with.overflow") {
            return self.checked_multiply(i, true);
        }
        if name == "llvm.fshl.i128" || name == "llvm.fshr.i128" {
            return Ok(self.funnel_shift(i, name == "llvm.fshl.i128"));
        }
        if name == "llvm.trap" || name == "llvm.ubsantrap" {
            return Ok(Some(self.syscall("abort", &[])));
        }
        if let Some(call) = self.memory_intrinsic(i, name) {
            return Ok(Some(call));
        }
        self.float_intrinsic(i, name)
    }

    /// Notes what cannot be lowered and where.
    fn refuse(&mut self, what: &str) {
        let error = format!("{what} in {}", demangle(&self.current.name()));
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    /// A function of the runtime: one that is there already, or one that a library (compiler_builtins) has.
    fn runtime_function(&mut self, name: &str) -> Result<Option<Value>> {
        self.helpers.insert(name.to_string());
        if let Some(function) = self.module.definition(name) {
            return Ok(Some(function));
        }
        self.pool.relink(self.module, name)?;
        strip_attributes(self.module);
        let function = self.module.definition(name);
        if function.is_none() {
            self.refuse(&format!("needs the runtime function {name}, which no library defines,"));
        }
        Ok(function)
    }

    /// Calls a function of rt.ll.
    fn helper(&mut self, name: &str, args: &[Value], result: Type) -> Result<Value> {
        let function = self.runtime_function(name)?;
        Ok(function.map_or(result.poison(), |function| self.build.call(function, args)))
    }

    /// Calls a function of compiler_builtins in whatever shape rustc gave it: values or pointers, result
    /// returned or written through a first pointer.
    fn builtin(&mut self, name: &str, args: &[Value], result: Type) -> Result<Value> {
        let Some(function) = self.runtime_function(name)? else {
            return Ok(result.poison());
        };
        let ty = function.value_type();
        let params = ty.params();
        let out = ty.result().is_void().then(|| self.build.stack_slot(self.current, result));
        let mut passed: Vec<Value> = out.into_iter().collect();
        if passed.len() + args.len() != params.len() {
            self.refuse(&format!("unexpected signature of the runtime function {name}"));
            return Ok(result.poison());
        }
        for &arg in args {
            let wanted = params[passed.len()];
            passed.push(if arg.ty() == wanted {
                arg
            } else if wanted == self.build.ptr {
                let slot = self.build.stack_slot(self.current, arg.ty());
                self.build.store(arg, slot);
                slot
            } else if wanted.int_width().is_some() && arg.ty().int_width().is_some() {
                self.build.resize(arg, wanted, true)
            } else {
                self.refuse(&format!("unexpected signature of the runtime function {name}"));
                return Ok(result.poison());
            });
        }
        let returned = self.build.call(function, &passed);
        if let Some(slot) = out {
            return Ok(self.build.load(result, slot));
        }
        if returned.ty() != result && result.int_width().and(returned.ty().int_width()).is_none() {
            self.refuse(&format!("unexpected signature of the runtime function {name}"));
            return Ok(result.poison());
        }
        Ok(if returned.ty() == result { returned } else { self.build.resize(returned, result, true) })
    }

    fn syscall(&self, name: &str, args: &[Value]) -> Value {
        let params: Vec<_> = args.iter().map(|v| v.ty()).collect();
        let ty = Type::function(self.build.void, &params);
        let function = self.module.function(name).unwrap_or_else(|| self.module.add_function(name, ty));
        self.build.call_as(ty, function, args)
    }
}
