//! Random graphs against ONNX Runtime: what is imported gives its bits. `cargo xtask test` makes the graphs first.
use std::path::PathBuf;

#[test]
fn whatever_is_imported_gives_onnx_runtimes_bits() {
    let built = || [env!("CARGO_MANIFEST_DIR"), "../../target/onnxruntime"].iter().collect();
    let folder = std::env::var_os("IO_ONNXRUNTIME").map_or_else(built, PathBuf::from).join("graphs");
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e} (hint: `cargo xtask test` makes it)", path.display()))
    };
    let (mut imported, mut refusals) = (0, std::collections::BTreeMap::new());
    for case in 0..300 {
        let model = match model::onnx::import("m", &read(&format!("{case:03}.onnx"))) {
            Ok(model) => model,
            Err(error) => {
                let text = error.to_string();
                let kind = text.split_once(": ").map_or(text.clone(), |(_, reason)| reason.chars().take(40).collect());
                *refusals.entry(kind).or_insert(0) += 1;
                continue;
            }
        };
        let found = model.run_reference(&read(&format!("{case:03}-input.bin"))).unwrap().pop().unwrap();
        assert!(found == read(&format!("{case:03}-output.bin")), "graph {case}");
        imported += 1;
    }
    println!("{imported} of 300 imported; refused: {refusals:#?}");
    assert!(imported >= 150, "{imported} of 300: {refusals:#?}");
}
