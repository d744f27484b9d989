use std::path::Path;

#[test]
fn the_committed_document_is_what_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let served = explorer_api::openapi();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &served).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == served,
        "explorer-api/openapi.json is out of date; run `UPDATE_OPENAPI=1 cargo test -p explorer-api --test openapi`"
    );
}
