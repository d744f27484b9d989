//! Whatever is asked, the answer is one that the OpenAPI document describes. `cargo xtask test` installs schemathesis first.
#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use std::path::PathBuf;
use std::time::Duration;
use support::world::World;
use website::Website;

/// Checks of schemathesis that ask what the document promises.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,unsupported_method,allow_header_conformance";

#[tokio::test]
async fn no_question_gets_an_answer_that_the_document_does_not_describe() {
    let program: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../target/conformance-venv/bin/schemathesis"].iter().collect();
    assert!(program.exists(), "{} is missing (hint: `cargo xtask test` installs it)", program.display());
    let mut site = Website::open(World::lived_in().story).await;
    let mut command = tokio::process::Command::new(program);
    // Event streams never end.
    command.args(["run", "--exclude-path", "/v1/events", "--phases", "examples,coverage,fuzzing", "--checks", CHECKS]);
    command.args(["--max-examples", "25", "--seed", "1", "--no-color", "--warnings", "off", "--max-time", "40"]);
    let run = command.arg(site.url("/openapi.json")).output();
    tokio::pin!(run);
    let output = loop {
        tokio::select! {
            output = &mut run => break output.unwrap(),
            // The indexer goes on, or the server would rightly say that it is not ready.
            () = tokio::time::sleep(Duration::from_secs(2)) => site.index().await,
        }
    };
    let told = String::from_utf8_lossy(&output.stdout);
    println!("{told}");
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
}
