//! Builds Solana programs with packages of the distribution, without Solana's own compiler. See README.md.

mod build;
mod link;

use std::ffi::OsString;
use std::process::ExitCode;

const HELP: &str = "\
Builds Solana programs (SBF v0) with the distribution's rustc and LLVM.

  sbf build --package NAME... [options]
      --workspace DIR   root of the cargo workspace (default: the current folder)
      --out DIR         where the .so files go (default: target/deploy of the workspace)
      --target-dir DIR  where cargo works (default: target/programs of the workspace)
      --debug-panics    keep panic messages with file and line; bigger programs
  sbf link ...          the linker itself, as rustc calls it";

fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let first = arguments.first().and_then(|a| a.to_str()).unwrap_or_default().to_string();
    let result = match &*first {
        "build" => build::run(arguments.drain(1..)),
        "link" => link::run(arguments.drain(1..)),
        // rustc knows no subcommands: it calls the executable with the linker's arguments right away.
        _ if std::env::var_os(build::LINK_MODE).is_some() => link::run(arguments),
        "" | "help" | "--help" | "-h" => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => Err(anyhow::anyhow!("unknown command {first}\n\n{HELP}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
