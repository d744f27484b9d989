//! LLVM set up for the BPF target: context, target machine, messages.

use super::ir::{Module, c_string, demangle, take_message};
use super::{Refused, accept};
use anyhow::{Context as _, Result, anyhow, bail};
use llvm_sys::LLVMDiagnosticSeverity;
use llvm_sys::analysis::{LLVMVerifierFailureAction, LLVMVerifyModule};
use llvm_sys::core::*;
use llvm_sys::error_handling::LLVMInstallFatalErrorHandler;
use llvm_sys::ir_reader::LLVMParseIRInContext2;
use llvm_sys::prelude::*;
use llvm_sys::support::LLVMParseCommandLineOptions;
use llvm_sys::target::*;
use llvm_sys::target_machine::*;
use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_void};
use std::path::Path;
use std::ptr::null_mut;
use std::sync::Once;

const TRIPLE: &CStr = c"bpfel";
/// v2 has the unsigned comparisons of SBF v0, but no 32-bit registers and no signed division.
const CPU: &CStr = c"v2";
const FEATURES: &CStr = c"+allows-misaligned-mem-access";

pub struct Machine {
    pub context: LLVMContextRef,
    pub target: LLVMTargetMachineRef,
    pub layout: LLVMTargetDataRef,
    /// Errors that LLVM reported. The context keeps the address, so it never moves nor goes away.
    reported: &'static RefCell<Vec<String>>,
}

extern "C" fn on_fatal_error(message: *const c_char) {
    eprintln!("error: LLVM stopped: {}", unsafe { CStr::from_ptr(message) }.to_string_lossy());
    std::process::exit(1);
}

extern "C" fn on_diagnostic(diagnostic: LLVMDiagnosticInfoRef, reported: *mut c_void) {
    let (severity, text) =
        unsafe { (LLVMGetDiagInfoSeverity(diagnostic), take_message(LLVMGetDiagInfoDescription(diagnostic))) };
    if matches!(severity, LLVMDiagnosticSeverity::LLVMDSError) {
        let reported = unsafe { &*reported.cast::<RefCell<Vec<String>>>() };
        reported.borrow_mut().push(text);
    }
}

/// Replaces the symbols in one of LLVM's messages by Rust names.
fn demangle_words(message: &str) -> String {
    let word = |word: &str| {
        let symbol = word.trim_end_matches([':', ',']);
        if symbol.starts_with("_ZN") || symbol.starts_with("_R") {
            format!("{}{}", demangle(symbol), &word[symbol.len()..])
        } else {
            word.to_string()
        }
    };
    message.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

impl Machine {
    pub fn new() -> Result<Self> {
        static START: Once = Once::new();
        START.call_once(|| unsafe {
            LLVMInitializeBPFTargetInfo();
            LLVMInitializeBPFTarget();
            LLVMInitializeBPFTargetMC();
            LLVMInitializeBPFAsmPrinter();
            LLVMInitializeBPFAsmParser();
            LLVMInstallFatalErrorHandler(Some(on_fatal_error));
            // The back end's own limit is Linux's 512 bytes.
            let options = [c"sbf".as_ptr(), c"-bpf-stack-size=4096".as_ptr()];
            LLVMParseCommandLineOptions(options.len() as i32, options.as_ptr(), null_mut());
        });
        unsafe {
            let context = LLVMContextCreate();
            let reported: &'static RefCell<Vec<String>> = Box::leak(Box::default());
            let handler = on_diagnostic as extern "C" fn(_, _);
            LLVMContextSetDiagnosticHandler(context, Some(handler), (&raw const *reported).cast_mut().cast());
            let (mut found, mut message) = (null_mut(), null_mut());
            if LLVMGetTargetFromTriple(TRIPLE.as_ptr(), &mut found, &mut message) != 0 {
                bail!("this LLVM has no BPF target: {}", take_message(message));
            }
            let target = LLVMCreateTargetMachine(
                found,
                TRIPLE.as_ptr(),
                CPU.as_ptr(),
                FEATURES.as_ptr(),
                LLVMCodeGenOptLevel::LLVMCodeGenLevelDefault,
                LLVMRelocMode::LLVMRelocStatic,
                LLVMCodeModel::LLVMCodeModelDefault,
            );
            Ok(Machine { context, target, layout: LLVMCreateTargetDataLayout(target), reported })
        }
    }

    pub fn empty_module(&self) -> Module {
        unsafe {
            let module = LLVMModuleCreateWithNameInContext(c"program".as_ptr(), self.context);
            LLVMSetTarget(module, TRIPLE.as_ptr());
            LLVMSetModuleDataLayout(module, self.layout);
            Module(module)
        }
    }

    /// Reads a module in LLVM's text form.
    pub fn parse_text(&self, text: &str, name: &str) -> Result<Module> {
        let (mut module, mut message) = (null_mut(), null_mut());
        let failed = unsafe {
            let (data, len) = (text.as_ptr().cast(), text.len());
            let buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(data, len, c_string(name).as_ptr());
            let failed = LLVMParseIRInContext2(self.context, buffer, &mut module, &mut message);
            LLVMDisposeMemoryBuffer(buffer);
            failed
        };
        if failed != 0 {
            bail!("cannot read {name}: {}", take_message(message));
        }
        Ok(Module(module))
    }

    pub fn verify(&self, module: Module) -> Result<()> {
        let mut message = null_mut();
        let action = LLVMVerifierFailureAction::LLVMReturnStatusAction;
        let failed = unsafe { LLVMVerifyModule(module.0, action, &mut message) };
        let text = take_message(message);
        if failed != 0 {
            let start: Vec<_> = text.lines().take(20).collect();
            bail!("the linker made a module that is not valid, which is a fault of its own: {}", start.join("\n"));
        }
        Ok(())
    }

    /// Machine code as a relocatable object.
    pub fn compile(&self, module: Module) -> Result<Vec<u8>> {
        let (mut buffer, mut message) = (null_mut(), null_mut());
        let kind = LLVMCodeGenFileType::LLVMObjectFile;
        unsafe {
            if LLVMTargetMachineEmitToMemoryBuffer(self.target, module.0, kind, &mut message, &mut buffer) != 0 {
                bail!("the BPF back end failed: {}", take_message(message));
            }
            let start: *const u8 = LLVMGetBufferStart(buffer).cast();
            let bytes = std::slice::from_raw_parts(start, LLVMGetBufferSize(buffer)).to_vec();
            LLVMDisposeMemoryBuffer(buffer);
            accept(self.reported.borrow().iter().map(|text| demangle_words(text)).collect())?;
            Ok(bytes)
        }
    }

    pub fn dump(&self, module: Module, path: &Path) -> Result<()> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        }
        let text = path.to_str().ok_or_else(|| anyhow!("{} is not UTF-8", path.display()))?;
        let mut message = null_mut();
        if unsafe { LLVMPrintModuleToFile(module.0, c_string(text).as_ptr(), &mut message) } != 0 {
            return Err(Refused(vec![format!("cannot write {text}: {}", take_message(message))]).into());
        }
        Ok(())
    }
}
