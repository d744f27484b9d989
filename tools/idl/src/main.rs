//! Writes `idl/*.json`, one for each program, or checks that they are what the programs say.
//!
//! Exit codes: 0 done, 1 a file differs (`--check`) or the programs do not build, 2 wrong usage.
use std::process::ExitCode;

const USAGE: &str = "usage: idl-tool [--check]\n  --check  change nothing; exit 1 if a file in idl/ differs";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [] => idl_tool::write(),
        ["--check"] => idl_tool::check(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
