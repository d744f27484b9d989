//! Bitcode of the inputs: object files are linked at once, archive members only when a symbol needs them.

use super::ir::{Module, Value, c_string};
use anyhow::{Context as _, Result, anyhow, bail};
use llvm_sys::bit_reader::{LLVMGetBitcodeModuleInContext2, LLVMParseBitcodeInContext2};
use llvm_sys::core::*;
use llvm_sys::debuginfo::LLVMStripModuleDebugInfo;
use llvm_sys::linker::LLVMLinkModules2;
use llvm_sys::prelude::*;
use std::collections::HashSet;
use std::path::Path;
use std::ptr::null_mut;

const BITCODE_MAGIC: &[u8] = b"BC\xC0\xDE";
const ARCHIVE_MAGIC: &[u8] = b"!<arch>\n";

struct Member {
    name: String,
    bitcode: Vec<u8>,
    /// Symbols it defines, read when first needed.
    defines: Option<HashSet<String>>,
    linked: bool,
}

pub struct Pool {
    context: LLVMContextRef,
    members: Vec<Member>,
}

impl Pool {
    pub fn new(context: LLVMContextRef) -> Self {
        Pool { context, members: vec![] }
    }

    /// Adds an input file: bitcode objects go into `module`, archives wait in the pool. Anything else is
    /// not for this machine (rustc passes its metadata objects too) and is left out.
    pub fn add_file(&mut self, module: Module, path: &Path) -> Result<()> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.display().to_string();
        if bytes.starts_with(BITCODE_MAGIC) {
            return self.link_bitcode(module, &bytes, &name);
        }
        if !bytes.starts_with(ARCHIVE_MAGIC) {
            return Ok(());
        }
        let broken = |e| anyhow!("{name} is a broken archive: {e}");
        let archive = object::read::archive::ArchiveFile::parse(&*bytes).map_err(broken)?;
        for member in archive.members() {
            let member = member.map_err(broken)?;
            let data = member.data(&*bytes).map_err(broken)?;
            if data.starts_with(BITCODE_MAGIC) {
                self.members.push(Member {
                    name: format!("{name}({})", String::from_utf8_lossy(member.name())),
                    bitcode: data.to_vec(),
                    defines: None,
                    linked: false,
                });
            }
        }
        Ok(())
    }

    /// Links archive members until nothing more of what is undefined can be found.
    pub fn resolve(&mut self, module: Module, undefined: impl Fn(Module) -> HashSet<String>) -> Result<()> {
        while self.link_defining(module, &undefined(module))? {}
        Ok(())
    }

    /// Links the member that defines `symbol`, once more if an optimised-away copy came in before.
    pub fn relink(&mut self, module: Module, symbol: &str) -> Result<()> {
        for member in &mut self.members {
            if member.defines.as_ref().is_none_or(|names| names.contains(symbol)) {
                member.linked = false;
            }
        }
        self.link_defining(module, &HashSet::from([symbol.to_string()]))?;
        Ok(())
    }

    /// Links every member that defines one of `wanted`; says whether there was any.
    fn link_defining(&mut self, module: Module, wanted: &HashSet<String>) -> Result<bool> {
        let mut any = false;
        for index in 0..self.members.len() {
            if self.members[index].linked {
                continue;
            }
            if self.members[index].defines.is_none() {
                let names = self.defined_symbols(&self.members[index])?;
                self.members[index].defines = Some(names);
            }
            let member = &self.members[index];
            if member.defines.as_ref().is_none_or(|names| names.is_disjoint(wanted)) {
                continue;
            }
            self.link_bitcode(module, &member.bitcode, &member.name)?;
            self.members[index].linked = true;
            any = true;
        }
        Ok(any)
    }

    fn defined_symbols(&self, member: &Member) -> Result<HashSet<String>> {
        let module = self.parse(&member.bitcode, &member.name, true)?;
        let exported = |v: &Value| !v.is_declaration() && !v.is_local();
        let names = module.globals().into_iter().filter(exported).map(Value::name).collect();
        unsafe { LLVMDisposeModule(module.0) };
        Ok(names)
    }

    fn link_bitcode(&self, into: Module, bitcode: &[u8], name: &str) -> Result<()> {
        let module = self.parse(bitcode, name, false)?;
        unsafe { LLVMStripModuleDebugInfo(module.0) };
        link_modules(into, module, name)
    }

    /// Reads a module; `lazily` leaves function bodies unread, enough to see the symbols.
    fn parse(&self, bitcode: &[u8], name: &str, lazily: bool) -> Result<Module> {
        let mut module = null_mut();
        let failed = unsafe {
            let (data, len) = (bitcode.as_ptr().cast(), bitcode.len());
            let buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(data, len, c_string(name).as_ptr());
            if lazily {
                LLVMGetBitcodeModuleInContext2(self.context, buffer, &mut module) // keeps the buffer
            } else {
                let failed = LLVMParseBitcodeInContext2(self.context, buffer, &mut module);
                LLVMDisposeMemoryBuffer(buffer);
                failed
            }
        };
        if failed != 0 {
            bail!("cannot read the bitcode of {name}: was it written by a rustc with an LLVM newer than 22?");
        }
        Ok(Module(module))
    }
}

/// Moves `module` into `into`.
pub fn link_modules(into: Module, module: Module, name: &str) -> Result<()> {
    if unsafe { LLVMLinkModules2(into.0, module.0) } != 0 {
        bail!("cannot link {name}: it does not fit the modules linked before it");
    }
    Ok(())
}
