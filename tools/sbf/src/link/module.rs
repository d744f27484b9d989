//! Questions about a whole module, and the passes run on it.

use super::ir::{Module, Value, c_string, demangle};
use anyhow::{Result, bail};
use llvm_sys::error::{LLVMDisposeErrorMessage, LLVMGetErrorMessage};
use llvm_sys::target_machine::LLVMTargetMachineRef;
use llvm_sys::transforms::pass_builder::*;
use std::collections::{BTreeSet, HashSet};
use std::ffi::CStr;

/// Functions that the program may leave to the loader: Solana's syscalls.
fn is_syscall(name: &str) -> bool {
    name.starts_with("sol_") || name == "abort"
}

/// Drops what would change code generation from one function to the next. Functions of std come without the
/// program's target features and would lose misaligned access.
pub fn strip_attributes(module: Module) {
    for function in module.functions() {
        for name in ["target-cpu", "target-features", "tune-cpu", "probe-stack", "stack-protector-buffer-size"] {
            function.remove_string_attribute(name);
        }
        function.remove_attribute("uwtable");
        if function.has_attribute("optnone") {
            function.remove_attribute("optnone");
            function.remove_attribute("noinline"); // comes with optnone
        }
    }
}

/// Symbols in use that nothing defines, syscalls left out.
pub fn undefined(module: Module) -> HashSet<String> {
    let missing = |v: &Value| v.is_declaration() && v.is_used() && !v.is_intrinsic();
    module.globals().into_iter().filter(missing).map(Value::name).filter(|name| !is_syscall(name)).collect()
}

/// Hides everything but the exports, so that what is not used goes away.
pub fn internalise(module: Module, exports: &HashSet<String>) {
    for global in module.globals() {
        let name = global.name();
        if !global.is_declaration() && !exports.contains(&name) && !name.starts_with("llvm.") {
            global.make_internal();
        }
    }
}

pub fn run_passes(module: Module, machine: LLVMTargetMachineRef, passes: &str) -> Result<()> {
    unsafe {
        let options = LLVMCreatePassBuilderOptions();
        // The machine has no vectors.
        LLVMPassBuilderOptionsSetLoopVectorization(options, 0);
        LLVMPassBuilderOptionsSetSLPVectorization(options, 0);
        let error = LLVMRunPasses(module.0, c_string(passes).as_ptr(), machine, options);
        LLVMDisposePassBuilderOptions(options);
        if !error.is_null() {
            let raw = LLVMGetErrorMessage(error);
            let text = CStr::from_ptr(raw).to_string_lossy().into_owned();
            LLVMDisposeErrorMessage(raw);
            bail!("LLVM cannot run the passes {passes}: {text}");
        }
    }
    Ok(())
}

/// Function definitions that can be reached from the exports through code and constant data.
pub fn reachable(module: Module, exports: &HashSet<String>) -> Vec<Value> {
    let mut todo: Vec<_> = module.functions().into_iter().filter(|f| exports.contains(&f.name())).collect();
    let (mut seen, mut found) = (HashSet::new(), vec![]);
    while let Some(value) = todo.pop() {
        if !seen.insert(value) {
            continue;
        }
        if value.is_function() {
            if !value.is_declaration() {
                found.push(value);
                let operands = value.instructions().into_iter().flat_map(Value::operands);
                todo.extend(operands.filter(|v| v.is_constant()));
            }
        } else if value.is_global_variable() {
            todo.extend(value.initializer());
        } else {
            todo.extend(value.operands().into_iter().filter(|v| v.is_constant()));
        }
    }
    found
}

/// Rust names of some functions that use a global, directly or through constants.
fn user_names(module: Module, name: &str) -> String {
    let mut todo: Vec<_> = module.globals().into_iter().filter(|v| v.name() == name).collect();
    let (mut seen, mut names) = (HashSet::new(), BTreeSet::new());
    while let Some(value) = todo.pop() {
        if !seen.insert(value) {
            continue;
        }
        for user in value.users() {
            if user.is_instruction() {
                names.insert(demangle(&user.function().name()));
            } else {
                todo.push(user);
            }
        }
    }
    names.into_iter().take(6).collect::<Vec<_>>().join(", ")
}

/// What the loader would not accept, or would accept and get wrong.
pub fn refusals(module: Module) -> Vec<String> {
    // The back end itself makes calls of __bpf_trap; the writer turns them into abort.
    let missing: BTreeSet<_> = undefined(module).into_iter().filter(|name| name != "__bpf_trap").collect();
    let mut errors: Vec<_> = missing
        .into_iter()
        .map(|name| format!("undefined symbol {} used by {}", demangle(&name), user_names(module, &name)))
        .collect();
    for variable in module.variables() {
        let name = variable.name();
        if !variable.is_global_constant() && !name.starts_with("llvm.") {
            let users = user_names(module, &name);
            errors.push(format!("writable static {} (Solana programs have none) used by {users}", demangle(&name)));
        }
    }
    errors
}
