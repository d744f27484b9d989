//! A copy of the distribution's standard library that knows `target_os = "solana"`.
//!
//! The edits hang on anchors, pieces of text that say what is meant, and not on line numbers. An anchor that
//! is gone, or that occurs more often than it did, is an error: then the library has changed and somebody has
//! to look.

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

enum Place {
    Before,
    After,
}

struct Edit {
    /// Below the library's root.
    file: &'static str,
    anchor: &'static str,
    /// How often the anchor occurs; the text goes to each of them.
    times: usize,
    place: Place,
    text: &'static str,
}

/// Lists of systems without threads, errors of their own or randomness: vexos is in all of them.
const SINGLE_THREADED: &str = "target_os = \"vexos\",\n";
const AND_SOLANA: &str = "        target_os = \"solana\",\n";

const EDITS: [Edit; 10] = [
    // Running out of memory: the program aborts, nothing is printed first.
    Edit {
        file: "std/src/alloc.rs",
        anchor: "fn default_alloc_error_hook(layout: Layout) {\n",
        times: 1,
        place: Place::After,
        text: "    if cfg!(target_os = \"solana\") {\n        return;\n    }\n",
    },
    // There are no writable statics to hold keys: every map has the same ones.
    Edit {
        file: "std/src/hash/random.rs",
        anchor: "pub fn new() -> RandomState {\n",
        times: 1,
        place: Place::After,
        text: "        if cfg!(target_os = \"solana\") {\n            \
               return RandomState { k0: 1, k1: 2 };\n        }\n",
    },
    Edit {
        file: "std/src/panicking.rs",
        anchor: "/// Entry point of panics from the core crate (`panic_impl` lang item).\n",
        times: 1,
        place: Place::Before,
        text: include_str!("std_panic.rs.txt"),
    },
    Edit {
        file: "std/src/panicking.rs",
        anchor: "#[cfg(not(any(test, doctest)))]\n#[panic_handler]\n",
        times: 1,
        place: Place::Before,
        text: "#[cfg(not(target_os = \"solana\"))]\n",
    },
    Edit {
        file: "std/src/panicking.rs",
        anchor: "pub const fn begin_panic<M: Any + Send>(msg: M) -> ! {\n",
        times: 1,
        place: Place::After,
        text: "    if cfg!(target_os = \"solana\") {\n        intrinsics::abort()\n    }\n",
    },
    Edit {
        file: "std/src/sys/alloc/mod.rs",
        anchor: "    target_arch = \"wasm64\",\n",
        times: 1,
        place: Place::After,
        text: "    target_arch = \"bpf\",\n",
    },
    Edit {
        file: "std/src/sys/alloc/mod.rs",
        anchor: "    target_os = \"vexos\" => {\n",
        times: 1,
        place: Place::Before,
        text: "    target_os = \"solana\" => {\n        mod solana;\n    }\n",
    },
    Edit {
        file: "std/src/sys/io/error/mod.rs",
        anchor: SINGLE_THREADED,
        times: 1,
        place: Place::After,
        text: AND_SOLANA,
    },
    Edit {
        file: "std/src/sys/random/mod.rs",
        anchor: SINGLE_THREADED,
        times: 2,
        place: Place::After,
        text: AND_SOLANA,
    },
    Edit {
        file: "std/src/sys/thread_local/mod.rs",
        anchor: SINGLE_THREADED,
        times: 2,
        place: Place::After,
        text: AND_SOLANA,
    },
];

const NEW_FILES: [(&str, &str); 1] = [("std/src/sys/alloc/solana.rs", include_str!("std_alloc.rs.txt"))];

impl Edit {
    fn apply(&self, source: &str) -> Result<String> {
        let found = source.matches(self.anchor).count();
        if found != self.times {
            bail!(
                "the standard library has changed: {} has the text {:?} {found} times instead of {}. \
                 Adapt the edits in tools/sbf/src/build/stdlib.rs, or install the packages of the version \
                 that README.md names",
                self.file,
                self.anchor.trim(),
                self.times,
            );
        }
        let replacement = match self.place {
            Place::Before => format!("{}{}", self.text, self.anchor),
            Place::After => format!("{}{}", self.anchor, self.text),
        };
        Ok(source.replace(self.anchor, &replacement))
    }
}

/// The edited copy.
pub struct Library {
    /// Where it lies.
    pub folder: PathBuf,
    /// The path that cargo is to use.
    pub path: PathBuf,
    /// It was made just now: everything compiled with the old one is stale.
    pub is_new: bool,
}

/// Makes the copy in `cache`, or keeps the one that is there.
pub fn prepare(original: &Path, version: &str, cache: &Path) -> Result<Library> {
    let (folder, stamp_file) = (cache.join("library"), cache.join("library.stamp"));
    let stamp = stamp(version);
    let is_new = !folder.is_dir() || fs::read_to_string(&stamp_file).ok().as_ref() != Some(&stamp);
    if is_new {
        let fresh = cache.join("library.new");
        remove_tree(&fresh)?;
        copy_tree(original, &fresh)?;
        apply_edits(&fresh)?;
        remove_tree(&folder)?;
        fs::rename(&fresh, &folder).with_context(|| format!("cannot rename {}", fresh.display()))?;
        fs::write(&stamp_file, &stamp).with_context(|| format!("cannot write {}", stamp_file.display()))?;
    }
    let path = link_at_fixed_path(&folder, &stamp);
    Ok(Library { folder, path, is_new })
}

/// Cargo hashes the library's absolute path into the names of all symbols, and their order follows from the
/// names. So that equal sources give equal programs everywhere, it gets a path that depends on the content alone.
fn link_at_fixed_path(folder: &Path, stamp: &str) -> PathBuf {
    let path = Path::new("/tmp").join(format!("sbf-library-{}", &stamp[..16]));
    let fresh = path.with_extension(std::process::id().to_string());
    // Renaming replaces the link of another clone, which leads to equal files, in one step.
    let linked = std::os::unix::fs::symlink(folder, &fresh).and_then(|()| fs::rename(&fresh, &path));
    match linked {
        Ok(()) => path,
        Err(e) => {
            eprintln!(
                "sbf: note: cannot make the link {}: {e}. The programs will work, but their bytes will depend on \
                 the place of this clone",
                path.display()
            );
            folder.to_path_buf()
        }
    }
}

fn apply_edits(library: &Path) -> Result<()> {
    for edit in &EDITS {
        let path = library.join(edit.file);
        let read = fs::read_to_string(&path);
        let source = read.with_context(|| format!("the standard library has no file {}", edit.file))?;
        fs::write(&path, edit.apply(&source)?).with_context(|| format!("cannot write {}", path.display()))?;
    }
    for (file, text) in NEW_FILES {
        let path = library.join(file);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Changes with the distribution's version and with the edits.
fn stamp(version: &str) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    add(version);
    for edit in &EDITS {
        add(edit.file);
        add(edit.anchor);
        add(edit.text);
    }
    for (file, text) in NEW_FILES {
        add(file);
        add(text);
    }
    super::hex(&hash.finalize())
}

pub fn remove_tree(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(e).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", from.display()))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_tree(&source, &target)?;
        } else {
            fs::copy(&source, &target).with_context(|| format!("cannot copy {}", source.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDIT: Edit =
        Edit { file: "std/src/a.rs", anchor: "fn a() {\n", times: 1, place: Place::After, text: "    b();\n" };

    #[test]
    fn text_goes_to_its_anchor() {
        assert_eq!(EDIT.apply("fn a() {\n}\n").unwrap(), "fn a() {\n    b();\n}\n");
        let before = Edit { place: Place::Before, text: "#[cold]\n", ..EDIT };
        assert_eq!(before.apply("fn a() {\n}\n").unwrap(), "#[cold]\nfn a() {\n}\n");
    }

    #[test]
    fn a_missing_or_repeated_anchor_is_named() {
        for source in ["fn a(x: u8) {\n}\n", "fn a() {\nfn a() {\n"] {
            let error = EDIT.apply(source).unwrap_err().to_string();
            assert!(error.contains("std/src/a.rs") && error.contains("fn a() {"), "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = apply_edits(Path::new("/nonexistent")).unwrap_err().to_string();
        assert!(error.contains(EDITS[0].file), "{error}");
    }

    #[test]
    fn the_stamp_follows_the_version() {
        assert_eq!(stamp("1.96.0"), stamp("1.96.0"));
        assert_ne!(stamp("1.96.0"), stamp("1.96.1"));
    }
}
