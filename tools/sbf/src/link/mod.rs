//! The linker: bitcode in, Solana shared object out.
//!
//! Bitcode of the program and of the libraries it needs becomes one module, is optimised, made legal for
//! LLVM's BPF back end (`lower`, `abi`), compiled, and written as an SBF v0 file (`elf`). Programs that would
//! not load or would go wrong are refused with the name of the Rust function.

mod abi;
mod args;
mod builder;
mod elf;
mod ir;
mod lower;
mod machine;
mod module;
mod pool;
#[cfg(test)]
mod tests;

use anyhow::{Context as _, Result};
use args::Args;
use ir::{Module, demangle};
use machine::Machine;
use pool::{Pool, link_modules};
use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A directory that gets the module after every step, for work on the linker itself.
const DUMP_DIR: &str = "SBF_LINK_DUMP";
/// A file that gets sizes, frames and helpers of the program.
const REPORT_FILE: &str = "SBF_LINK_REPORT";

/// Functions that the loader may call.
const ENTRYPOINT: &str = "entrypoint";
const CUSTOM_PANIC: &str = "custom_panic";

/// All the reasons for which a program cannot be linked.
#[derive(Debug)]
pub struct Refused(pub Vec<String>);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.0.join("\nerror: "))
    }
}

impl std::error::Error for Refused {}

fn accept(errors: Vec<String>) -> Result<()> {
    if errors.is_empty() { Ok(()) } else { Err(Refused(errors).into()) }
}

/// What became of a module, for the report.
struct Linked {
    object: elf::SharedObject,
    helpers: BTreeSet<String>,
    changed_types: Vec<String>,
}

/// Acts as rustc's linker.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<()> {
    let args = Args::parse(arguments)?;
    let machine = Machine::new()?;
    let module = machine.empty_module();
    let mut pool = Pool::new(machine.context);
    for input in &args.inputs {
        pool.add_file(module, input)?;
    }
    pool.resolve(module, module::undefined)?;

    let write = |bytes: &[u8]| {
        fs::write(&args.output, bytes).with_context(|| format!("cannot write {}", args.output.display()))
    };
    if module.definition(ENTRYPOINT).is_none() {
        // A dependency that is declared as cdylib: cargo links it although nobody loads it.
        return write(&[]);
    }
    let linked = link(&machine, module, &mut pool, &exports(&args)?)?;
    write(&linked.object.bytes)?;
    match std::env::var_os(REPORT_FILE) {
        Some(path) => write_report(Path::new(&path), &linked),
        None => Ok(()),
    }
}

fn exports(args: &Args) -> Result<HashSet<String>> {
    let mut exports = HashSet::from([ENTRYPOINT.to_string()]);
    if let Some(path) = &args.export_list {
        let list = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        if list.lines().any(|line| line.trim() == CUSTOM_PANIC) {
            exports.insert(CUSTOM_PANIC.into());
        }
    }
    Ok(exports)
}

/// Takes a module with all its bitcode to the finished file.
fn link(machine: &Machine, module: Module, pool: &mut Pool, exports: &HashSet<String>) -> Result<Linked> {
    let dumps = std::env::var_os(DUMP_DIR).map(PathBuf::from);
    let dump = |step: &str| match &dumps {
        Some(directory) => machine.dump(module, &directory.join(step)),
        None => Ok(()),
    };
    let passes = |passes: &str| module::run_passes(module, machine.target, passes);

    module::internalise(module, exports);
    module::strip_attributes(module);
    dump("1-linked.ll")?;
    // One thread runs a program, so atomics are plain accesses.
    passes("globaldce,function(lower-atomic),default<O2>,globaldce")?;
    dump("2-optimised.ll")?;

    let mut errors = vec![];
    link_modules(module, machine.parse_text(include_str!("rt.ll"), "rt.ll")?, "rt.ll")?;
    let helpers = lower::run(machine.context, module, pool, exports, &mut errors)?;
    module::internalise(module, exports);
    // Only what cannot bring back the operations that were just lowered.
    passes("globaldce,always-inline,function(sroa,early-cse,simplifycfg,dce),globaldce")?;
    dump("3-lowered.ll")?;

    let changed_types = abi::run(machine.context, module, machine.layout, exports, &mut errors);
    passes("globaldce,function(dce)")?;
    dump("4-abi.ll")?;

    errors.extend(module::refusals(module));
    accept(errors)?;
    machine.verify(module)?;
    let code = machine.compile(module)?;
    let object = elf::write(&code).map_err(Refused)?;
    Ok(Linked { object, helpers, changed_types })
}

fn write_report(path: &Path, linked: &Linked) -> Result<()> {
    let object = &linked.object;
    let mut text =
        format!("{} bytes, .text {}, .rodata {}\n", object.bytes.len(), object.text_size, object.rodata_size);
    let mut functions: Vec<_> = object.functions.iter().collect();
    functions.sort_by_key(|f| std::cmp::Reverse((f.frame, f.size)));
    text += "\nframe, size and name of functions:\n";
    for function in functions {
        text += &format!("{:5} {:6} {}\n", function.frame, function.size, demangle(&function.name));
    }
    text += "\nruntime functions in use:\n";
    for name in &linked.helpers {
        text += &format!("  {name}\n");
    }
    text += "\nfunctions with arguments or results on the stack:\n";
    for name in &linked.changed_types {
        text += &format!("  {name}\n");
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
