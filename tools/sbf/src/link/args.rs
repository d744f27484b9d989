//! The command line that rustc gives a linker of the flavour `bpf`.

use anyhow::{Result, anyhow, bail};
use std::ffi::OsString;
use std::path::PathBuf;

/// Options with a value, of which nothing is needed here.
const IGNORED_WITH_VALUE: [&str; 7] =
    ["--export", "-L", "--cpu", "--target", "--cpu-features", "--emit", "--llvm-args"];

#[derive(Debug, PartialEq)]
pub struct Args {
    pub output: PathBuf,
    pub inputs: Vec<PathBuf>,
    /// A file with the names of exported symbols, one in a line.
    pub export_list: Option<PathBuf>,
}

impl Args {
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Args> {
        let mut arguments = arguments.into_iter();
        let (mut output, mut inputs, mut export_list) = (None, vec![], None);
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy();
            let mut value = || arguments.next().ok_or_else(|| anyhow!("the linker option {text} needs a value"));
            match &*text {
                "-o" => output = Some(PathBuf::from(value()?)),
                "--export-symbols" => export_list = Some(PathBuf::from(value()?)),
                option if IGNORED_WITH_VALUE.contains(&option) => drop(value()?),
                option if option.starts_with('-') => {}
                _ => inputs.push(PathBuf::from(&argument)),
            }
        }
        let Some(output) = output else { bail!("the linker needs -o and a file name") };
        Ok(Args { output, inputs, export_list })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_rustc_passes() {
        let line = "--target bpfel --cpu v2 a.o b.rlib -o out.so --emit obj -O3 --export-symbols list";
        let args = Args::parse(line.split(' ').map(OsString::from)).unwrap();
        let expected = Args {
            output: "out.so".into(),
            inputs: vec!["a.o".into(), "b.rlib".into()],
            export_list: Some("list".into()),
        };
        assert_eq!(args, expected);
    }

    #[test]
    fn a_missing_value_is_an_error() {
        let error = Args::parse(["a.o", "-o"].map(OsString::from)).unwrap_err();
        assert!(error.to_string().contains("-o needs a value"), "{error}");
    }
}
