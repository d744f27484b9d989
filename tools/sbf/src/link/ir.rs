//! Thin handles over LLVM's C API.
//!
//! The functions here are safe to call under one rule, which the linker keeps: every handle belongs to a
//! context that is never freed, all of it is used by one thread, and a value is not used after `erase`.

use llvm_sys::core::*;
use llvm_sys::prelude::*;
use llvm_sys::{LLVMAttributeFunctionIndex, LLVMLinkage, LLVMOpcode, LLVMTypeKind, LLVMVisibility};
use std::ffi::{CStr, CString, c_char};
use std::ptr::null_mut;

const NO_NAME: *const c_char = c"".as_ptr();

/// A C string; symbol names never hold a zero byte, and one that did would end there for LLVM as well.
pub fn c_string(text: &str) -> CString {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

/// Takes over a message that LLVM allocated.
pub fn take_message(message: *mut c_char) -> String {
    if message.is_null() {
        return String::new();
    }
    unsafe {
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        LLVMDisposeMessage(message);
        text
    }
}

/// The Rust name of a symbol, without its hash.
pub fn demangle(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

fn attribute_kind(name: &str) -> u32 {
    unsafe { LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len()) }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Type(pub LLVMTypeRef);

impl Type {
    pub fn kind(self) -> LLVMTypeKind {
        unsafe { LLVMGetTypeKind(self.0) }
    }
    pub fn is_void(self) -> bool {
        matches!(self.kind(), LLVMTypeKind::LLVMVoidTypeKind)
    }
    pub fn is_aggregate(self) -> bool {
        matches!(self.kind(), LLVMTypeKind::LLVMStructTypeKind | LLVMTypeKind::LLVMArrayTypeKind)
    }
    /// The width of an integer type, `None` for everything else.
    pub fn int_width(self) -> Option<u32> {
        match self.kind() {
            LLVMTypeKind::LLVMIntegerTypeKind => Some(unsafe { LLVMGetIntTypeWidth(self.0) }),
            _ => None,
        }
    }
    pub fn function(result: Type, params: &[Type]) -> Type {
        let mut raw: Vec<_> = params.iter().map(|t| t.0).collect();
        Type(unsafe { LLVMFunctionType(result.0, raw.as_mut_ptr(), raw.len() as u32, 0) })
    }
    pub fn array(self, len: u64) -> Type {
        Type(unsafe { LLVMArrayType2(self.0, len) })
    }
    /// Of a function type.
    pub fn result(self) -> Type {
        Type(unsafe { LLVMGetReturnType(self.0) })
    }
    /// Of a function type.
    pub fn params(self) -> Vec<Type> {
        unsafe {
            let mut raw = vec![null_mut(); LLVMCountParamTypes(self.0) as usize];
            LLVMGetParamTypes(self.0, raw.as_mut_ptr());
            raw.into_iter().map(Type).collect()
        }
    }
    /// Element types of a struct.
    pub fn fields(self) -> Vec<Type> {
        unsafe { (0..LLVMCountStructElementTypes(self.0)).map(|i| Type(LLVMStructGetTypeAtIndex(self.0, i))).collect() }
    }
    /// Element type and length of an array.
    pub fn element(self) -> (Type, u64) {
        unsafe { (Type(LLVMGetElementType(self.0)), LLVMGetArrayLength2(self.0)) }
    }
    pub fn constant(self, value: u64) -> Value {
        Value(unsafe { LLVMConstInt(self.0, value, 0) })
    }
    pub fn poison(self) -> Value {
        Value(unsafe { LLVMGetPoison(self.0) })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Value(pub LLVMValueRef);

impl Value {
    pub fn name(self) -> String {
        unsafe {
            let mut len = 0;
            let text = LLVMGetValueName2(self.0, &mut len);
            if len == 0 {
                return String::new();
            }
            String::from_utf8_lossy(std::slice::from_raw_parts(text.cast(), len)).into_owned()
        }
    }
    pub fn ty(self) -> Type {
        Type(unsafe { LLVMTypeOf(self.0) })
    }
    pub fn is_function(self) -> bool {
        unsafe { !LLVMIsAFunction(self.0).is_null() }
    }
    pub fn is_global_variable(self) -> bool {
        unsafe { !LLVMIsAGlobalVariable(self.0).is_null() }
    }
    pub fn is_declaration(self) -> bool {
        unsafe { LLVMIsDeclaration(self.0) != 0 }
    }
    pub fn is_intrinsic(self) -> bool {
        self.is_function() && unsafe { LLVMGetIntrinsicID(self.0) != 0 }
    }
    pub fn is_instruction(self) -> bool {
        unsafe { !LLVMIsAInstruction(self.0).is_null() }
    }
    pub fn is_inline_asm(self) -> bool {
        unsafe { !LLVMIsAInlineAsm(self.0).is_null() }
    }
    pub fn is_constant(self) -> bool {
        unsafe { LLVMIsConstant(self.0) != 0 }
    }
    pub fn is_constant_int(self) -> bool {
        unsafe { !LLVMIsAConstantInt(self.0).is_null() }
    }
    pub fn is_zero(self) -> bool {
        unsafe { LLVMIsNull(self.0) != 0 }
    }
    pub fn is_zero_extension(self) -> bool {
        unsafe { !LLVMIsAZExtInst(self.0).is_null() }
    }
    pub fn is_used(self) -> bool {
        unsafe { !LLVMGetFirstUse(self.0).is_null() }
    }
    /// The value of an integer constant of at most 64 bits.
    pub fn constant_u64(self) -> Option<u64> {
        let narrow = self.is_constant_int() && self.ty().int_width().is_some_and(|width| width <= 64);
        narrow.then(|| unsafe { LLVMConstIntGetZExtValue(self.0) })
    }
    pub fn operand(self, index: u32) -> Value {
        Value(unsafe { LLVMGetOperand(self.0, index) })
    }
    pub fn operands(self) -> Vec<Value> {
        unsafe { (0..LLVMGetNumOperands(self.0).max(0) as u32).map(|i| self.operand(i)).collect() }
    }
    /// Whatever uses this value: instructions, constants, globals.
    pub fn users(self) -> Vec<Value> {
        list(unsafe { LLVMGetFirstUse(self.0) }, |u| unsafe { LLVMGetNextUse(u) })
            .into_iter()
            .map(|u| Value(unsafe { LLVMGetUser(u) }))
            .collect()
    }
    pub fn replace_uses_with(self, other: Value) {
        unsafe { LLVMReplaceAllUsesWith(self.0, other.0) }
    }

    // Globals and functions.
    pub fn is_global_constant(self) -> bool {
        unsafe { LLVMIsGlobalConstant(self.0) != 0 }
    }
    pub fn initializer(self) -> Option<Value> {
        let value = unsafe { LLVMGetInitializer(self.0) };
        (!value.is_null()).then_some(Value(value))
    }
    pub fn is_local(self) -> bool {
        let linkage = unsafe { LLVMGetLinkage(self.0) };
        matches!(linkage, LLVMLinkage::LLVMInternalLinkage | LLVMLinkage::LLVMPrivateLinkage)
    }
    pub fn make_internal(self) {
        unsafe {
            LLVMSetLinkage(self.0, LLVMLinkage::LLVMInternalLinkage);
            LLVMSetVisibility(self.0, LLVMVisibility::LLVMDefaultVisibility);
        }
    }
    /// The type behind a function or a global variable.
    pub fn value_type(self) -> Type {
        Type(unsafe { LLVMGlobalGetValueType(self.0) })
    }
    pub fn param(self, index: u32) -> Value {
        Value(unsafe { LLVMGetParam(self.0, index) })
    }
    pub fn last_param(self) -> Value {
        Value(unsafe { LLVMGetLastParam(self.0) })
    }
    pub fn clear_name(self) {
        unsafe { LLVMSetValueName2(self.0, NO_NAME, 0) }
    }
    /// Removes a function whose body and uses are gone.
    pub fn delete_function(self) {
        unsafe { LLVMDeleteFunction(self.0) }
    }
    pub fn blocks(self) -> Vec<LLVMBasicBlockRef> {
        list(unsafe { LLVMGetFirstBasicBlock(self.0) }, |b| unsafe { LLVMGetNextBasicBlock(b) })
    }
    /// Instructions of a function.
    pub fn instructions(self) -> Vec<Value> {
        let of_block =
            |block| list(unsafe { LLVMGetFirstInstruction(block) }, |i| unsafe { LLVMGetNextInstruction(i) });
        self.blocks().into_iter().flat_map(of_block).map(Value).collect()
    }
    /// Moves the body of this function to `other`.
    pub fn move_blocks_to(self, other: Value) {
        for block in self.blocks() {
            unsafe {
                LLVMRemoveBasicBlockFromParent(block);
                LLVMAppendExistingBasicBlock(other.0, block);
            }
        }
    }
    pub fn has_attribute(self, name: &str) -> bool {
        unsafe { !LLVMGetEnumAttributeAtIndex(self.0, LLVMAttributeFunctionIndex, attribute_kind(name)).is_null() }
    }
    pub fn remove_attribute(self, name: &str) {
        unsafe { LLVMRemoveEnumAttributeAtIndex(self.0, LLVMAttributeFunctionIndex, attribute_kind(name)) }
    }
    pub fn remove_string_attribute(self, name: &str) {
        let (text, len) = (name.as_ptr().cast(), name.len() as u32);
        unsafe { LLVMRemoveStringAttributeAtIndex(self.0, LLVMAttributeFunctionIndex, text, len) }
    }
    /// Removes an attribute from every parameter of a function.
    pub fn remove_param_attribute(self, name: &str) {
        unsafe {
            for index in 1..=LLVMCountParams(self.0) {
                LLVMRemoveEnumAttributeAtIndex(self.0, index, attribute_kind(name));
            }
        }
    }

    // Instructions.
    pub fn opcode(self) -> LLVMOpcode {
        unsafe { LLVMGetInstructionOpcode(self.0) }
    }
    pub fn is_call(self) -> bool {
        matches!(self.opcode(), LLVMOpcode::LLVMCall)
    }
    pub fn callee(self) -> Value {
        Value(unsafe { LLVMGetCalledValue(self.0) })
    }
    pub fn called_type(self) -> Type {
        Type(unsafe { LLVMGetCalledFunctionType(self.0) })
    }
    pub fn argument_count(self) -> u32 {
        unsafe { LLVMGetNumArgOperands(self.0) }
    }
    pub fn arguments(self) -> Vec<Value> {
        (0..self.argument_count()).map(|i| Value(unsafe { LLVMGetArgOperand(self.0, i) })).collect()
    }
    pub fn remove_argument_attribute(self, name: &str) {
        for index in 1..=self.argument_count() {
            unsafe { LLVMRemoveCallSiteEnumAttribute(self.0, index, attribute_kind(name)) }
        }
    }
    /// The function an instruction is in.
    pub fn function(self) -> Value {
        Value(unsafe { LLVMGetBasicBlockParent(LLVMGetInstructionParent(self.0)) })
    }
    pub fn erase(self) {
        unsafe { LLVMInstructionEraseFromParent(self.0) }
    }
}

#[derive(Clone, Copy)]
pub struct Module(pub LLVMModuleRef);

impl Module {
    pub fn functions(self) -> Vec<Value> {
        let all = list(unsafe { LLVMGetFirstFunction(self.0) }, |f| unsafe { LLVMGetNextFunction(f) });
        all.into_iter().map(Value).collect()
    }
    /// Functions with a body.
    pub fn definitions(self) -> Vec<Value> {
        self.functions().into_iter().filter(|f| !f.is_declaration()).collect()
    }
    pub fn variables(self) -> Vec<Value> {
        let all = list(unsafe { LLVMGetFirstGlobal(self.0) }, |g| unsafe { LLVMGetNextGlobal(g) });
        all.into_iter().map(Value).collect()
    }
    /// Functions and global variables.
    pub fn globals(self) -> Vec<Value> {
        let mut all = self.functions();
        all.extend(self.variables());
        all
    }
    pub fn function(self, name: &str) -> Option<Value> {
        let function = unsafe { LLVMGetNamedFunction(self.0, c_string(name).as_ptr()) };
        (!function.is_null()).then_some(Value(function))
    }
    pub fn definition(self, name: &str) -> Option<Value> {
        self.function(name).filter(|f| !f.is_declaration())
    }
    pub fn add_function(self, name: &str, ty: Type) -> Value {
        Value(unsafe { LLVMAddFunction(self.0, c_string(name).as_ptr(), ty.0) })
    }
}

/// Collects one of LLVM's linked lists, so that it may be changed while it is walked.
fn list<T>(first: *mut T, next: impl Fn(*mut T) -> *mut T) -> Vec<*mut T> {
    let (mut all, mut item) = (vec![], first);
    while !item.is_null() {
        all.push(item);
        item = next(item);
    }
    all
}
