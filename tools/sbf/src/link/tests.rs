//! Programs in LLVM's text form, linked as a whole.

use super::elf::SharedObject;
use super::*;
use ::object::read::elf::ElfFile64;
use ::object::{Object, ObjectSection, ObjectSymbol};

/// Links a program that consists of `text` alone.
fn link_text(text: &str) -> Result<SharedObject, String> {
    let machine = Machine::new().unwrap();
    let module = machine.empty_module();
    link_modules(module, machine.parse_text(text, "test").unwrap(), "test").unwrap();
    let exports = HashSet::from([ENTRYPOINT.to_string()]);
    let linked = link(&machine, module, &mut Pool::new(machine.context), &exports);
    linked.map(|linked| linked.object).map_err(|e| e.to_string())
}

fn section(object: &SharedObject, name: &str) -> (u64, Vec<u8>) {
    let file: ElfFile64 = ElfFile64::parse(&*object.bytes).unwrap();
    let section = file.section_by_name(name).unwrap();
    (section.address(), section.data().unwrap().to_vec())
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// The relocation table: address and type.
fn relocations(object: &SharedObject) -> Vec<(u64, u32)> {
    let (_, table) = section(object, ".rel.dyn");
    table.chunks(16).map(|entry| (word(entry, 0), word(entry, 8) as u32)).collect()
}

#[test]
fn a_small_program_is_a_valid_file() {
    let object = link_text(
        "@text = private constant [5 x i8] c\"hello\"
         declare void @sol_log_(ptr, i64)
         define i64 @entrypoint(ptr %input) {
           call void @sol_log_(ptr @text, i64 5)
           ret i64 0
         }",
    )
    .unwrap();
    let file: ElfFile64 = ElfFile64::parse(&*object.bytes).unwrap();
    let symbols: Vec<_> = file.dynamic_symbols().filter_map(|s| s.name().ok()).collect();
    assert_eq!(symbols, ["entrypoint", "sol_log_"]);
    let (text_at, text) = section(&object, ".text");
    assert_eq!(file.entry(), text_at);
    let (rodata_at, rodata) = section(&object, ".rodata");
    assert!(rodata.starts_with(b"hello"));
    // The address of the text is loaded, then the syscall called.
    let relocations = relocations(&object);
    assert_eq!(relocations.iter().map(|r| r.1).collect::<Vec<_>>(), [8, 10]);
    let lddw = (relocations[0].0 - text_at) as usize;
    assert_eq!(text[lddw], 0x18);
    assert_eq!(word(&text, lddw) >> 32, rodata_at);
}

#[test]
fn pointers_in_tables_are_relocated() {
    let object = link_text(
        "@table = constant [2 x ptr] [ptr @one, ptr @two]
         define i64 @one(i64 %x) noinline { ret i64 %x }
         define i64 @two(i64 %x) noinline { %y = add i64 %x, 2  ret i64 %y }
         define i64 @entrypoint(ptr %input) {
           %which = load i64, ptr %input
           %place = getelementptr ptr, ptr @table, i64 %which
           %function = load ptr, ptr %place
           %result = call i64 %function(i64 %which)
           ret i64 %result
         }",
    )
    .unwrap();
    let (rodata_at, rodata) = section(&object, ".rodata");
    for (index, name) in ["one", "two"].into_iter().enumerate() {
        let function = object.functions.iter().find(|f| f.name == name).unwrap();
        assert_eq!(word(&rodata, index * 8), function.address << 32, "the address is in the upper half");
        assert!(relocations(&object).contains(&(rodata_at + index as u64 * 8, 8)));
    }
    // The indirect call names its register in the immediate.
    let (_, text) = section(&object, ".text");
    let call = text.chunks(8).find(|instruction| instruction[0] == 0x8d).unwrap();
    assert_eq!(call[1], 0);
    assert!((1..10).contains(&call[4]));
}

#[test]
fn many_arguments_and_wide_results_are_lowered() {
    let object = link_text(
        "define i128 @many(i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, i64 %f) noinline {
           %x = zext i64 %a to i128
           %y = zext i64 %f to i128
           %p = mul i128 %x, %y
           ret i128 %p
         }
         define i64 @entrypoint(ptr %input) {
           %a = load volatile i64, ptr %input
           %p = call i128 @many(i64 %a, i64 1, i64 2, i64 3, i64 4, i64 %a)
           %h = lshr i128 %p, 64
           %r = trunc i128 %h to i64
           ret i64 %r
         }",
    );
    object.unwrap();
}

#[test]
fn an_unknown_function_is_named() {
    let error = link_text(
        "declare i64 @mystery(i64)
         define i64 @_ZN5probe5solve17h0123456789abcdefE(i64 %x) noinline {
           %r = call i64 @mystery(i64 %x)
           ret i64 %r
         }
         define i64 @entrypoint(ptr %input) {
           %x = load i64, ptr %input
           %r = call i64 @_ZN5probe5solve17h0123456789abcdefE(i64 %x)
           ret i64 %r
         }",
    )
    .err()
    .unwrap();
    assert!(error.contains("undefined symbol mystery used by probe::solve"), "{error}");
}

#[test]
fn a_writable_static_is_refused() {
    let error = link_text(
        "@COUNT = global i64 0
         define i64 @entrypoint(ptr %input) {
           %old = load i64, ptr @COUNT
           %x = load i64, ptr %input
           %new = add i64 %old, %x
           store i64 %new, ptr @COUNT
           ret i64 %new
         }",
    )
    .err()
    .unwrap();
    assert!(error.contains("writable static COUNT") && error.contains("entrypoint"), "{error}");
}

#[test]
fn a_frame_over_the_limit_is_refused() {
    let error = link_text(
        "declare void @sol_log_(ptr, i64)
         define i64 @entrypoint(ptr %input) {
           %big = alloca [5000 x i8]
           call void @sol_log_(ptr %big, i64 5000)
           ret i64 0
         }",
    )
    .err()
    .unwrap();
    assert!(error.contains("stack") && error.contains("entrypoint"), "{error}");
}

#[test]
fn wider_numbers_than_128_bits_are_refused() {
    let error = link_text(
        "define i64 @entrypoint(ptr %input) {
           %x = load i192, ptr %input
           %y = udiv i192 %x, 7
           %r = trunc i192 %y to i64
           ret i64 %r
         }",
    )
    .err()
    .unwrap();
    assert!(error.contains("192-bit division in entrypoint"), "{error}");
}

#[test]
fn equal_input_gives_equal_output() {
    let text = "declare void @abort()
         define i64 @entrypoint(ptr %input) {
           %x = load i64, ptr %input
           %y = sdiv i64 100, %x
           ret i64 %y
         }";
    assert_eq!(link_text(text).unwrap().bytes, link_text(text).unwrap().bytes);
}

#[test]
fn the_exports_are_known() {
    let args = Args { output: "x".into(), inputs: vec![], export_list: Some("/nonexistent/list".into()) };
    let error = exports(&args).unwrap_err();
    assert!(format!("{error:#}").contains("/nonexistent/list"), "{error:#}");
}
