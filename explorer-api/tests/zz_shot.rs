#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;
use support::story::{Story, key};
#[tokio::test]
async fn shot() {
    let mut site = website::Website::open(Story::every_ending()).await;
    std::fs::write("/tmp/shot-url", format!("{} {} {} {}", site.url(""), key(1_001), key(1_005), key(4))).unwrap();
    for _ in 0..200 {
        site.index().await;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}
