//! Reads the object, places its sections and resolves its relocations.

use super::{Function, Program, Relocation, TEXT_ADDRESS, pad, read_u32, read_u64, write_u32};
use object::read::elf::ElfFile64;
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionIndex, SymbolKind, SymbolSection};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// LLVM's relocation types for BPF.
const R_BPF_64_64: u32 = 1;
const R_BPF_64_ABS64: u32 = 2;
const R_BPF_64_32: u32 = 10;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Text,
    Rodata,
}

/// The sections of the output while it is filled.
#[derive(Default)]
struct Image {
    text: Vec<u8>,
    rodata: Vec<u8>,
    rodata_address: u64,
    places: HashMap<SectionIndex, (Part, u64)>,
}

impl Image {
    fn address(&self, section: SectionIndex) -> Option<u64> {
        self.places.get(&section).map(|&(part, offset)| self.start(part) + offset)
    }
    fn start(&self, part: Part) -> u64 {
        match part {
            Part::Text => TEXT_ADDRESS,
            Part::Rodata => self.rodata_address,
        }
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Program, Vec<String>> {
    let file: ElfFile64 = ElfFile64::parse(bytes).map_err(|e| vec![format!("the back end's object: {e}")])?;
    let mut errors = vec![];
    let mut image = place_sections(&file, &mut errors);
    let (functions, entrypoint) = functions(&file, &image);
    let (relocations, syscalls) = relocate(&file, &mut image, &mut errors);
    if entrypoint.is_none() {
        errors.push("no function named entrypoint".into());
    }
    let Some(entrypoint) = entrypoint.filter(|_| errors.is_empty()) else {
        return Err(errors);
    };
    let Image { text, rodata, rodata_address, .. } = image;
    Ok(Program { text, rodata, rodata_address, entrypoint, functions, relocations, syscalls })
}

fn place_sections(file: &ElfFile64, errors: &mut Vec<String>) -> Image {
    let mut image = Image::default();
    for section in file.sections() {
        let name = section.name().unwrap_or_default();
        let is = |prefixes: &[&str]| prefixes.iter().any(|p| name.starts_with(p));
        let (part, into, alignment) = if is(&[".text"]) {
            (Part::Text, &mut image.text, 8)
        } else if is(&[".rodata", ".data.rel.ro"]) {
            (Part::Rodata, &mut image.rodata, section.align().max(8) as usize)
        } else {
            if is(&[".data", ".bss", ".tdata", ".tbss"]) && section.size() > 0 {
                errors.push(format!("writable section {name}: Solana programs have none"));
            }
            continue;
        };
        pad(into, alignment);
        image.places.insert(section.index(), (part, into.len() as u64));
        match section.data() {
            Ok(data) => into.extend(data),
            Err(e) => errors.push(format!("section {name}: {e}")),
        }
    }
    image.rodata_address = (TEXT_ADDRESS + image.text.len() as u64).next_multiple_of(16);
    image
}

fn functions(file: &ElfFile64, image: &Image) -> (Vec<Function>, Option<u64>) {
    let mut entrypoint = None;
    let mut functions = vec![];
    for symbol in file.symbols() {
        let SymbolSection::Section(section) = symbol.section() else {
            continue;
        };
        let Some(start) = image.address(section) else {
            continue;
        };
        if symbol.kind() != SymbolKind::Text {
            continue;
        }
        let name = symbol.name().unwrap_or_default().to_string();
        let address = start + symbol.address();
        if name == "entrypoint" {
            entrypoint = Some(address);
        }
        functions.push(Function { address, size: symbol.size(), name, frame: 0 });
    }
    functions.sort_by_key(|f| f.address);
    (functions, entrypoint)
}

fn relocate(file: &ElfFile64, image: &mut Image, errors: &mut Vec<String>) -> (BTreeMap<u64, Relocation>, Vec<String>) {
    let mut relocations = BTreeMap::new();
    let mut syscall_sites: Vec<(u64, String)> = vec![];
    for section in file.sections() {
        let Some(&(part, offset)) = image.places.get(&section.index()) else {
            continue;
        };
        for (at, relocation) in section.relocations() {
            let RelocationTarget::Symbol(symbol) = relocation.target() else {
                continue;
            };
            let object::RelocationFlags::Elf { r_type } = relocation.flags() else {
                continue;
            };
            let Ok(symbol) = file.symbol_by_index(symbol) else {
                errors.push("a relocation against a symbol that does not exist".into());
                continue;
            };
            let name = symbol.name().unwrap_or_default();
            let start = symbol.section_index().and_then(|section| image.address(section));
            let target = start.map(|start| start + symbol.address());
            let place = (offset + at) as usize;
            let address = image.start(part) + place as u64;
            match (r_type, part, target) {
                // lddw: a 64-bit immediate in two instructions; the loader reads the address from the first.
                (R_BPF_64_64, Part::Text, Some(target)) => {
                    let value = target + u64::from(read_u32(&image.text, place + 4));
                    write_u32(&mut image.text, place + 4, value as u32);
                    write_u32(&mut image.text, place + 12, 0);
                    relocations.insert(address, Relocation::Relative);
                }
                // A call inside the program, relative to the next instruction.
                (R_BPF_64_32, Part::Text, Some(mut target)) => {
                    if symbol.kind() == SymbolKind::Section {
                        let words = i64::from(read_u32(&image.text, place + 4) as i32) + 1;
                        target = target.wrapping_add_signed(words * 8);
                    }
                    let distance = (target as i64 - (address as i64 + 8)) / 8;
                    write_u32(&mut image.text, place + 4, distance as u32);
                }
                (R_BPF_64_32, Part::Text, None) => {
                    let name = if name == "__bpf_trap" { "abort" } else { name };
                    write_u32(&mut image.text, place + 4, u32::MAX);
                    syscall_sites.push((address, name.to_string()));
                }
                // A pointer in data; the loader takes the address from the upper half.
                (R_BPF_64_ABS64, Part::Rodata, Some(target)) => {
                    let value = target + read_u64(&image.rodata, place);
                    write_u32(&mut image.rodata, place, 0);
                    write_u32(&mut image.rodata, place + 4, value as u32);
                    relocations.insert(address, Relocation::Relative);
                }
                (R_BPF_64_64 | R_BPF_64_ABS64, _, None) => {
                    errors.push(format!("address of the undefined symbol {name}"));
                }
                _ => errors.push(format!("relocation type {r_type} against {name} is unknown")),
            }
        }
    }
    let syscalls: BTreeSet<_> = syscall_sites.iter().map(|(_, name)| name.clone()).collect();
    let syscalls: Vec<_> = syscalls.into_iter().collect();
    for (address, name) in syscall_sites {
        if let Ok(number) = syscalls.binary_search(&name) {
            relocations.insert(address, Relocation::Syscall(number));
        }
    }
    (relocations, syscalls)
}
