//! Solana's calling convention on the stock back end: at most five argument registers and a result of at
//! most 64 bits. What is beyond goes through the caller's stack. The rule depends on the function type
//! alone, so calls through pointers and vtables follow it without knowing the callee.

use super::builder::Builder;
use super::ir::{Module, Type, Value, demangle};
use llvm_sys::LLVMOpcode::LLVMRet;
use llvm_sys::LLVMTypeKind::*;
use llvm_sys::prelude::LLVMContextRef;
use llvm_sys::target::{LLVMABISizeOfType, LLVMTargetDataRef};
use std::collections::HashSet;

const ARGUMENT_REGISTERS: u64 = 5;

/// How a function type is passed.
struct Plan {
    /// The result is written through a pointer, which comes first.
    result_by_pointer: bool,
    /// Which parameters stay in registers.
    direct: Vec<bool>,
    /// The type that the function gets.
    new_type: Type,
    /// The struct on the caller's stack that holds the other parameters; its address comes last.
    packed: Option<Type>,
}

pub struct Abi<'a> {
    module: Module,
    build: Builder,
    layout: LLVMTargetDataRef,
    exports: &'a HashSet<String>,
    errors: &'a mut Vec<String>,
    /// Rust names of the functions whose type changed, for the report.
    pub changed: Vec<String>,
}

/// Rewrites all calls and functions of the module. Returns the functions whose type changed.
pub fn run(
    context: LLVMContextRef,
    module: Module,
    layout: LLVMTargetDataRef,
    exports: &HashSet<String>,
    errors: &mut Vec<String>,
) -> Vec<String> {
    let mut abi = Abi { module, build: Builder::new(context), layout, exports, errors, changed: vec![] };
    abi.drop_sret();
    for function in module.definitions() {
        abi.rewrite_calls(function);
    }
    for function in module.definitions() {
        abi.rewrite_function(function);
    }
    abi.changed
}

/// Registers that a value of this type takes.
fn registers(ty: Type) -> u64 {
    match ty.kind() {
        LLVMVoidTypeKind => 0,
        LLVMIntegerTypeKind => ty.int_width().unwrap_or(0).div_ceil(64).into(),
        LLVMStructTypeKind => ty.fields().into_iter().map(registers).sum(),
        LLVMArrayTypeKind => {
            let (element, len) = ty.element();
            len * registers(element)
        }
        LLVMFP128TypeKind => 2,
        _ => 1,
    }
}

impl Abi<'_> {
    /// The back end refuses the attribute `sret`, although the parameter is an ordinary pointer to it.
    fn drop_sret(&mut self) {
        for function in self.module.functions() {
            function.remove_param_attribute("sret");
        }
        for function in self.module.definitions() {
            for call in function.instructions().into_iter().filter(|i| i.is_call()) {
                call.remove_argument_attribute("sret");
            }
        }
    }

    /// `None` when the type fits as it is.
    fn plan(&self, ty: Type) -> Option<Plan> {
        let (result, params) = (ty.result(), ty.params());
        let result_by_pointer = result.is_aggregate() || registers(result) > 1;
        let hidden = u64::from(result_by_pointer);
        let total = hidden + params.iter().map(|&t| registers(t)).sum::<u64>();
        if !result_by_pointer && total <= ARGUMENT_REGISTERS {
            return None;
        }
        let direct = if total <= ARGUMENT_REGISTERS {
            vec![true; params.len()]
        } else {
            // One register is kept for the address of the packed ones.
            let mut left = ARGUMENT_REGISTERS - 1 - hidden;
            let mut take = |&ty: &Type| {
                let fits = registers(ty) <= left;
                left -= if fits { registers(ty) } else { 0 };
                fits
            };
            params.iter().map(&mut take).collect()
        };
        let choose = |wanted: bool| {
            let both = params.iter().zip(&direct);
            both.filter(move |(_, direct)| **direct == wanted).map(|(ty, _)| *ty).collect::<Vec<_>>()
        };
        let (mut new_params, packed) = (choose(true), choose(false));
        if result_by_pointer {
            new_params.insert(0, self.build.ptr);
        }
        let packed = (!packed.is_empty()).then(|| self.build.struct_type(&packed));
        if packed.is_some() {
            new_params.push(self.build.ptr);
        }
        let new_result = if result_by_pointer { self.build.void } else { result };
        let new_type = Type::function(new_result, &new_params);
        Some(Plan { result_by_pointer, direct, new_type, packed })
    }

    fn size_of(&self, ty: Type) -> u64 {
        unsafe { LLVMABISizeOfType(self.layout, ty.0) }
    }

    fn rewrite_calls(&mut self, function: Value) {
        let mut calls = vec![];
        let (mut result_size, mut packed_size) = (0, 0);
        for call in function.instructions().into_iter().filter(|i| i.is_call()) {
            let callee = call.callee();
            if callee.is_intrinsic() || callee.is_inline_asm() {
                continue;
            }
            let Some(plan) = self.plan(call.called_type()) else {
                continue;
            };
            if callee.is_function() && callee.is_declaration() {
                let (name, user) = (demangle(&callee.name()), demangle(&function.name()));
                self.errors.push(format!("external function {name} has too many arguments or a wide result in {user}"));
                continue;
            }
            if plan.result_by_pointer {
                result_size = result_size.max(self.size_of(call.called_type().result()));
            }
            packed_size = packed_size.max(plan.packed.map_or(0, |ty| self.size_of(ty)));
            calls.push((call, plan));
        }
        // All calls of a function share one slot for results and one for packed arguments: a result is
        // loaded right after its call, packed arguments are read at the start of the callee.
        let slot = |size: u64| {
            let words = self.build.i64.array(size.div_ceil(8));
            (size > 0).then(|| self.build.stack_slot(function, words))
        };
        let (result_slot, packed_slot) = (slot(result_size), slot(packed_size));
        for (call, plan) in calls {
            self.rewrite_call(call, &plan, result_slot, packed_slot);
        }
    }

    fn rewrite_call(&self, call: Value, plan: &Plan, result_slot: Option<Value>, packed_slot: Option<Value>) {
        let b = &self.build;
        b.position_before(call);
        let result_slot = result_slot.filter(|_| plan.result_by_pointer);
        let packed = plan.packed.zip(packed_slot);
        let mut args: Vec<Value> = result_slot.into_iter().collect();
        let mut field = 0;
        for (arg, &direct) in call.arguments().into_iter().zip(&plan.direct) {
            if direct {
                args.push(arg);
            } else if let Some((ty, slot)) = packed {
                b.store(arg, b.field(ty, slot, field));
                field += 1;
            }
        }
        args.extend(packed.map(|(_, slot)| slot));
        let result = call.called_type().result();
        let returned = b.call_as(plan.new_type, call.callee(), &args);
        if let Some(slot) = result_slot {
            call.replace_uses_with(b.load(result, slot));
        } else if !result.is_void() {
            call.replace_uses_with(returned);
        }
        call.erase();
    }

    fn rewrite_function(&mut self, old: Value) {
        let Some(plan) = self.plan(old.value_type()) else {
            return;
        };
        let name = old.name();
        if self.exports.contains(&name) {
            self.errors.push(format!("exported function {name} has too many arguments or a wide result"));
            return;
        }
        self.changed.push(demangle(&name));
        old.clear_name();
        let new = self.module.add_function(&name, plan.new_type);
        new.make_internal();
        old.move_blocks_to(new);

        let b = &self.build;
        b.position_at_entry(new);
        let (mut register, mut field) = (u32::from(plan.result_by_pointer), 0);
        for (index, &direct) in plan.direct.iter().enumerate() {
            let param = old.param(index as u32);
            let value = if let Some(ty) = plan.packed.filter(|_| !direct) {
                field += 1;
                b.load(param.ty(), b.field(ty, new.last_param(), field - 1))
            } else {
                register += 1;
                new.param(register - 1)
            };
            param.replace_uses_with(value);
        }
        if plan.result_by_pointer {
            for ret in new.instructions().into_iter().filter(|i| matches!(i.opcode(), LLVMRet)) {
                b.position_before(ret);
                b.store(ret.operand(0), new.param(0));
                b.return_void();
                ret.erase();
            }
        }
        old.replace_uses_with(new);
        old.delete_function();
    }
}
