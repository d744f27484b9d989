//! Writes the file: headers, sections and the tables of the dynamic loader.

use super::{Program, Relocation, TEXT_ADDRESS, pad};

const SECTION_NAMES: [&str; 8] = ["", ".text", ".rodata", ".dynamic", ".dynsym", ".dynstr", ".rel.dyn", ".shstrtab"];

const SHT_PROGBITS: u32 = 1;
const SHT_STRTAB: u32 = 3;
const SHT_DYNAMIC: u32 = 6;
const SHT_REL: u32 = 9;
const SHT_DYNSYM: u32 = 11;
const SHF_WRITE: u64 = 1;
const SHF_ALLOC: u64 = 2;
const SHF_EXEC: u64 = 4;

const DT_NULL: u64 = 0;
const DT_STRTAB: u64 = 5;
const DT_SYMTAB: u64 = 6;
const DT_STRSZ: u64 = 10;
const DT_SYMENT: u64 = 11;
const DT_REL: u64 = 17;
const DT_RELSZ: u64 = 18;
const DT_RELENT: u64 = 19;
const DT_TEXTREL: u64 = 22;
const DT_FLAGS: u64 = 30;
const DT_RELCOUNT: u64 = 0x6fff_fffa;
const DF_TEXTREL: u64 = 4;

const R_BPF_64_RELATIVE: u64 = 8;
const R_BPF_64_32: u64 = 10;

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PF_X: u32 = 1;
const PF_W: u32 = 2;
const PF_R: u32 = 4;

const ET_DYN: u16 = 3;
const EM_BPF: u16 = 247;

/// Little-endian output.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn u16(&mut self, value: u16) {
        self.0.extend(value.to_le_bytes());
    }
    fn u32(&mut self, value: u32) {
        self.0.extend(value.to_le_bytes());
    }
    fn u64(&mut self, value: u64) {
        self.0.extend(value.to_le_bytes());
    }
    fn len(&self) -> u64 {
        self.0.len() as u64
    }
}

/// A section header; its address is its offset in the file.
struct Section {
    kind: u32,
    flags: u64,
    offset: u64,
    size: u64,
    /// The section that this one refers to.
    link: u32,
    info: u32,
    alignment: u64,
    entry_size: u64,
}

pub(super) fn serialise(program: &Program) -> Vec<u8> {
    let (symbols, names) = dynamic_symbols(program);
    let relocations = relocation_table(program);
    let relative = program.relocations.values().filter(|r| **r == Relocation::Relative).count() as u64;

    // The headers are written last, into the space left here.
    let mut file = Bytes(vec![0; TEXT_ADDRESS as usize]);
    file.0.extend(&program.text);
    file.0.resize(program.rodata_address as usize, 0);
    file.0.extend(&program.rodata);
    pad(&mut file.0, 8);

    const DYNAMIC_ENTRIES: u64 = 11;
    let dynamic_at = file.len();
    let symbols_at = dynamic_at + DYNAMIC_ENTRIES * 16;
    let names_at = symbols_at + symbols.len();
    let relocations_at = (names_at + names.len() as u64).next_multiple_of(8);
    let dynamic: [(u64, u64); DYNAMIC_ENTRIES as usize] = [
        (DT_FLAGS, DF_TEXTREL),
        (DT_TEXTREL, 0),
        (DT_REL, relocations_at),
        (DT_RELSZ, relocations.len()),
        (DT_RELENT, 16),
        (DT_RELCOUNT, relative),
        (DT_SYMTAB, symbols_at),
        (DT_SYMENT, 24),
        (DT_STRTAB, names_at),
        (DT_STRSZ, names.len() as u64),
        (DT_NULL, 0),
    ];
    for (tag, value) in dynamic {
        file.u64(tag);
        file.u64(value);
    }
    file.0.extend(&symbols.0);
    file.0.extend(&names);
    pad(&mut file.0, 8);
    file.0.extend(&relocations.0);
    let loaded_end = file.len();

    let section_names_at = file.len();
    let mut name_offsets = vec![];
    for name in SECTION_NAMES {
        name_offsets.push((file.len() - section_names_at) as u32);
        file.0.extend(name.as_bytes());
        file.0.push(0);
    }
    let section_names_size = file.len() - section_names_at;
    pad(&mut file.0, 8);

    let sections_at = file.len();
    let (text_size, rodata_size) = (program.text.len() as u64, program.rodata.len() as u64);
    let section = |kind, flags, offset, size, link, info, alignment, entry_size| Section {
        kind,
        flags,
        offset,
        size,
        link,
        info,
        alignment,
        entry_size,
    };
    let sections = [
        section(0, 0, 0, 0, 0, 0, 0, 0),
        section(SHT_PROGBITS, SHF_ALLOC | SHF_EXEC, TEXT_ADDRESS, text_size, 0, 0, 8, 0),
        section(SHT_PROGBITS, SHF_ALLOC, program.rodata_address, rodata_size, 0, 0, 16, 0),
        section(SHT_DYNAMIC, SHF_ALLOC | SHF_WRITE, dynamic_at, DYNAMIC_ENTRIES * 16, 5, 0, 8, 16),
        section(SHT_DYNSYM, SHF_ALLOC, symbols_at, symbols.len(), 5, 1, 8, 24),
        section(SHT_STRTAB, SHF_ALLOC, names_at, names.len() as u64, 0, 0, 1, 0),
        section(SHT_REL, SHF_ALLOC, relocations_at, relocations.len(), 4, 0, 8, 16),
        section(SHT_STRTAB, 0, section_names_at, section_names_size, 0, 0, 1, 0),
    ];
    for (section, name) in sections.iter().zip(name_offsets) {
        file.u32(name);
        file.u32(section.kind);
        file.u64(section.flags);
        file.u64(if section.flags & SHF_ALLOC == 0 { 0 } else { section.offset });
        file.u64(section.offset);
        file.u64(section.size);
        file.u32(section.link);
        file.u32(section.info);
        file.u64(section.alignment);
        file.u64(section.entry_size);
    }

    let mut headers = file_header(program.entrypoint, sections_at);
    let segments = [
        (PT_LOAD, PF_R | PF_X, TEXT_ADDRESS, text_size, 0x1000),
        (PT_LOAD, PF_R, program.rodata_address, rodata_size, 0x1000),
        (PT_LOAD, PF_R, dynamic_at, loaded_end - dynamic_at, 0x1000),
        (PT_DYNAMIC, PF_R | PF_W, dynamic_at, DYNAMIC_ENTRIES * 16, 8),
    ];
    for (kind, flags, offset, size, alignment) in segments {
        headers.u32(kind);
        headers.u32(flags);
        // Offset, virtual address, physical address; size in the file, size in memory.
        for value in [offset, offset, offset, size, size, alignment] {
            headers.u64(value);
        }
    }
    file.0[..headers.0.len()].copy_from_slice(&headers.0);
    file.0
}

fn file_header(entrypoint: u64, sections_at: u64) -> Bytes {
    let mut header = Bytes(b"\x7fELF\x02\x01\x01".to_vec()); // 64 bits, little endian, version 1
    header.0.resize(16, 0);
    header.u16(ET_DYN);
    header.u16(EM_BPF);
    header.u32(1);
    header.u64(entrypoint);
    header.u64(64); // program headers follow
    header.u64(sections_at);
    header.u32(0); // flags: SBF v0
    let section_names = SECTION_NAMES.len() as u16 - 1;
    for value in [64, 56, 4, 64, SECTION_NAMES.len() as u16, section_names] {
        header.u16(value);
    }
    header
}

/// The dynamic symbol table, `entrypoint` first and then the syscalls, and its strings.
fn dynamic_symbols(program: &Program) -> (Bytes, Vec<u8>) {
    const GLOBAL: u8 = 0x10;
    const GLOBAL_FUNCTION: u8 = 0x12;
    let (mut table, mut names) = (Bytes(vec![0; 24]), vec![0u8]);
    let mut add = |name: &str, info: u8, section: u16, value: u64, size: u64| {
        table.u32(names.len() as u32);
        table.0.extend([info, 0]);
        table.u16(section);
        table.u64(value);
        table.u64(size);
        names.extend(name.as_bytes());
        names.push(0);
    };
    let entrypoint = program.functions.iter().find(|f| f.address == program.entrypoint);
    add("entrypoint", GLOBAL_FUNCTION, 1, program.entrypoint, entrypoint.map_or(0, |f| f.size));
    for name in &program.syscalls {
        add(name, GLOBAL, 0, 0, 0);
    }
    (table, names)
}

/// Relative relocations come first, as DT_RELCOUNT says.
fn relocation_table(program: &Program) -> Bytes {
    let mut table = Bytes::default();
    let mut add = |address: u64, info: u64| {
        table.u64(address);
        table.u64(info);
    };
    for (&address, relocation) in &program.relocations {
        if *relocation == Relocation::Relative {
            add(address, R_BPF_64_RELATIVE);
        }
    }
    for (&address, relocation) in &program.relocations {
        if let Relocation::Syscall(number) = *relocation {
            // Symbol 0 is the empty one and 1 the entrypoint.
            add(address, R_BPF_64_32 | (number as u64 + 2) << 32);
        }
    }
    table
}
