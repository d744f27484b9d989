//! Prints what committing and verifying cost beside executing the demo's job, and beside a wider one. `--json`: one object
//! as the last line.
use compute::Preference;
use demo::bench::{JobCost, digits_job, wide_job};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let digits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/digits");
    let cost = digits_job(&digits, &Preference::Auto, 51)?;
    let wide = wide_job(2048, 512, &Preference::Auto, 7)?;
    if std::env::args().any(|a| a == "--json") {
        let mut json = serde_json::to_value(&cost)?;
        json["wide"] = serde_json::to_value(&wide)?;
        println!("{json}");
    } else {
        show("digits, widths 64 to 128", &cost);
        show("three layers of width 2048", &wide);
    }
    Ok(())
}

fn show(name: &str, cost: &JobCost) {
    println!("{name}: {} rows on {}, medians of {}", cost.rows, cost.adapter, cost.repetitions);
    println!("  execute {:.6} s", cost.execute_s);
    println!("  commit  {:.6} s", cost.commit_s);
    println!("  verify  {:.6} s", cost.verify_s);
    println!("  (commit + verify) / execute = {:.2}", cost.overhead);
}
