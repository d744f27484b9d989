#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use reqwest::StatusCode;
use support::story::{Story, key};
use website::Website;

async fn page(site: &Website, path: &str) -> String {
    let response = site.http.get(site.url(path)).header("accept", "text/html").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    response.text().await.unwrap()
}

#[tokio::test]
async fn pages_show_the_whole_story_without_scripts() {
    let site = Website::open(Story::every_ending()).await;
    let home = page(&site, "/").await;
    for shown in ["rtx-4090-berlin", "3.000001 IOSD", "0.20 USD", "accepted by the user", "disputed, refunded"] {
        assert!(home.contains(shown), "{shown}");
    }
    let paid = page(&site, &format!("/jobs/{}", key(1_001))).await;
    for shown in
        ["Accepted by the user and paid", "0.95 IOSD", "0.025001 IOSD", "Result committed", "slot 10, finalized"]
    {
        assert!(paid.contains(shown), "{shown}");
    }
    let faulty = page(&site, &format!("/jobs/{}", key(1_005))).await;
    for shown in ["Fault proven, refunded", "layer 2, row 5, column 7", "the model gives -3"] {
        assert!(faulty.contains(shown), "{shown}");
    }
    assert!(page(&site, "/jobs?status=paid&user=&device=&operator=&model=").await.contains("settled unchallenged"));
    assert!(page(&site, "/devices").await.contains(&key(3).to_string()));
    assert!(page(&site, &format!("/devices/{}", key(4))).await.contains("2.85 IOSD"));
}

#[tokio::test]
async fn names_from_the_chain_cannot_become_markup() {
    let mut story = Story::new();
    story.device(key(4), key(3), "<script>alert(1)</script>");
    story.model([1; 32], "\"><img src=x>");
    let site = Website::open(story).await;
    for path in ["/", "/devices", &format!("/devices/{}", key(4))] {
        let html = page(&site, path).await;
        assert!(!html.contains("<script>alert"), "{path}");
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{path}");
    }
}

#[tokio::test]
async fn assets_are_named_by_their_contents_and_nothing_is_loaded_from_elsewhere() {
    let site = Website::open(Story::new()).await;
    let home = page(&site, "/").await;
    let mut found = 0;
    for address in home.split('"').filter(|part| part.starts_with("/assets/")) {
        let asset = site.get(address).await;
        assert_eq!(asset.status(), StatusCode::OK);
        assert!(asset.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        found += 1;
    }
    assert!(found >= 3);
    assert!(!home.contains("http://") && !home.contains("https://"));
    assert!(!home.contains("style=\"") && !home.contains("onclick"), "the policy would refuse them");
}

#[tokio::test]
async fn errors_are_pages_for_people() {
    let site = Website::open(Story::new()).await;
    for (path, status, shown) in [
        ("/jobs/abc", StatusCode::BAD_REQUEST, "expected a base58 address"),
        ("/jobs?user=x", StatusCode::BAD_REQUEST, "user: expected"),
        ("/nowhere", StatusCode::NOT_FOUND, "there is nothing at this address"),
    ] {
        let response = site.http.get(site.url(path)).header("accept", "text/html").send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        let html = response.text().await.unwrap();
        assert!(html.contains("<main") && html.contains(shown), "{path}: {html}");
    }
}
