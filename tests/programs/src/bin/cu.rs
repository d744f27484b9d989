//! Measures the compute units of every instruction and the size of both programs, and compares them with `cu.json`.
//!
//! `cu` prints the table as one line of JSON and fails if a row has grown by more than a tenth; `cu --update` writes it.
use program_tests::cu::{Table, measure};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cu.json");
    let table = measure();
    let worse = if std::env::args().any(|a| a == "--update") {
        std::fs::write(&path, table.to_pretty()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Vec::new()
    } else {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        table.worse_than(&Table::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
    };
    println!("{}", table.to_line());
    for row in &worse {
        eprintln!("error: {row}");
    }
    if worse.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("(hint: if this is the price of something worth it, `cargo run -p program-tests --bin cu -- --update`)");
    ExitCode::FAILURE
}
