#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use explorer_api::Limits;
use reqwest::StatusCode;
use serde_json::Value;
use std::time::Duration;
use support::story::Story;
use website::{Stream, Website};

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back_and_health_still_answers() {
    let limits = Limits { per_second: 1, burst: 3, ..Limits::default() };
    let site = Website::limited(Story::every_ending(), limits).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let first = site.get("/v1/jobs").await;
    assert_eq!((first.status(), &first.headers()["ratelimit-limit"]), (StatusCode::OK, &"3".parse().unwrap()));
    let mut refused = site.get("/v1/jobs").await;
    for _ in 0..5 {
        if refused.status() == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
        refused = site.get("/v1/jobs").await;
    }
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert_eq!((wait, &refused.headers()["ratelimit-remaining"]), (1, &"0".parse().unwrap()));
    let id = refused.headers()["x-request-id"].to_str().unwrap().to_owned();
    let problem: Value = refused.json().await.unwrap();
    assert_eq!((&problem["code"], &problem["request_id"]), (&"rate_limited".into(), &id.into()));
    // Who it is cannot be chosen while no proxy is trusted.
    let claimed = site.http.get(site.url("/v1/jobs")).header("x-forwarded-for", "1.2.3.4").send().await.unwrap();
    assert_eq!(claimed.status(), StatusCode::TOO_MANY_REQUESTS);
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(site.get(path).await.status(), StatusCode::OK, "{path}");
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(site.get("/v1/jobs").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_client_has_only_so_many_streams() {
    let site = Website::limited(Story::new(), Limits { streams: 2, ..Limits::default() }).await;
    let mut open = Vec::new();
    // The one that waited for the server to be live may not have ended yet.
    while open.len() < 2 {
        if site.get("/v1/events").await.status() == StatusCode::OK {
            open.push(Stream::open(&site, None).await);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refused = site.get("/v1/events").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["retry-after"], "3");
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "too_many_streams");
}

#[tokio::test]
async fn every_refusal_that_passes_says_when_to_try_again() {
    let site = Website::without_index().await;
    for (path, accept) in [("/v1/jobs", "*/*"), ("/v1/network", "*/*"), ("/jobs", "text/html"), ("/readyz", "*/*")] {
        let refused = site.http.get(site.url(path)).header("accept", accept).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(refused.headers()["retry-after"], "3", "{path}");
    }
    assert!(site.get("/v1/jobs?limit=0").await.headers().get("retry-after").is_none(), "will never be right");
}

#[tokio::test]
async fn what_everybody_asks_for_is_kept_until_something_happens() {
    let mut site = Website::open(Story::every_ending()).await;
    let first = site.get("/v1/network").await;
    let (tag, id) = (first.headers()["etag"].clone(), first.headers()["x-request-id"].clone());
    let again = site.http.get(site.url("/v1/network")).header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_ne!(again.headers()["x-request-id"], id, "a kept answer is another answer");
    let mut stream = Stream::open(&site, None).await;
    site.story.post(support::story::key(1), 10);
    site.index().await;
    stream.next_event().await;
    assert_eq!(site.json("/v1/network").await["jobs"]["total"], 9, "not the kept one");
    let mut answers = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (http, url) = (site.http.clone(), site.url("/"));
        answers.spawn(async move { http.get(url).send().await.unwrap().status() });
    }
    while let Some(status) = answers.join_next().await {
        assert_eq!(status.unwrap(), StatusCode::OK);
    }
}
