//! Prints what committing and verifying cost beside executing the demo's job. `--json`: one object as the last line.
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let digits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/digits");
    let cost = demo::bench::job(&digits, &compute::Preference::Auto, 51)?;
    if std::env::args().any(|a| a == "--json") {
        println!("{}", serde_json::to_string(&cost)?);
    } else {
        println!("{} rows on {}, medians of {}", cost.rows, cost.adapter, cost.repetitions);
        println!("execute {:.6} s", cost.execute_s);
        println!("commit  {:.6} s", cost.commit_s);
        println!("verify  {:.6} s", cost.verify_s);
        println!("(commit + verify) / execute = {:.2}", cost.overhead);
    }
    Ok(())
}
