//! The entrypoint and the heap, without any library.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr::null_mut;

const HEAP_START: usize = 0x3_0000_0000;
const HEAP_SIZE: usize = 32 * 1024;

/// Gives memory from the end of the heap downwards and takes none back. Its only variable lies at the start
/// of the heap, which the machine fills with zeros.
struct BumpAllocator;

unsafe impl GlobalAlloc for BumpAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let top = HEAP_START as *mut usize;
        unsafe {
            let current = if *top == 0 { HEAP_START + HEAP_SIZE } else { *top };
            let start = current.saturating_sub(layout.size()) & !(layout.align() - 1);
            if start < HEAP_START + size_of::<usize>() {
                return null_mut();
            }
            *top = start;
            start as *mut u8
        }
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static HEAP: BumpAllocator = BumpAllocator;

unsafe extern "C" {
    fn sol_set_return_data(data: *const u8, len: u64);
}

/// Called with the serialised accounts and instruction. This program takes no accounts, so the instruction
/// data come right after their number.
///
/// # Safety
/// `input` comes from Solana's loader.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn entrypoint(input: *const u8) -> u64 {
    let word = |at: usize| unsafe { input.add(at).cast::<u64>().read_unaligned() };
    if word(0) != 0 {
        return 1;
    }
    let data = unsafe { std::slice::from_raw_parts(input.add(16), word(8) as usize) };
    let answer = crate::run(data);
    unsafe { sol_set_return_data(answer.as_ptr(), answer.len() as u64) };
    0
}
