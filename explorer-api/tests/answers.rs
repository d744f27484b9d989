//! What caches and clients may rely on in every answer.
#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Response, StatusCode};
use sqlx::Connection;
use support::story::Story;
use website::Website;

fn varies(response: &Response) -> bool {
    response.headers().get_all("vary").iter().any(|names| names == "accept")
}

#[tokio::test]
async fn caches_are_told_that_a_list_depends_on_what_is_accepted() {
    let site = Website::open(Story::every_ending()).await;
    let json = site.get("/v1/jobs").await;
    assert!(varies(&json));
    let request = || site.http.get(site.url("/v1/jobs"));
    assert!(varies(&request().header("accept", "text/csv").send().await.unwrap()));
    let known = request().header("if-none-match", &json.headers()["etag"]).send().await.unwrap();
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    assert!(varies(&known));
    assert!(!varies(&site.get("/jobs").await));
}

#[tokio::test]
async fn a_value_that_the_database_cannot_hold_is_the_requests_fault() {
    let site = Website::open(Story::every_ending()).await;
    let page = site.json("/v1/jobs?limit=1").await;
    let cursor = URL_SAFE_NO_PAD.decode(page["page"]["next"].as_str().unwrap()).unwrap();
    let cursor = String::from_utf8(cursor).unwrap();
    let (place, _) = cursor.rsplit_once('.').unwrap();
    let cursor = URL_SAFE_NO_PAD.encode(format!("{place}.{}", i128::MAX));
    let problem = site.problem(&format!("/v1/jobs?limit=1&cursor={cursor}"), StatusCode::BAD_REQUEST).await;
    assert_eq!(problem["code"], "invalid_parameter");
}

#[tokio::test]
async fn a_query_that_is_wrong_is_a_fault_of_the_server_and_not_of_the_database() {
    let site = Website::open(Story::every_ending()).await;
    let mut database = sqlx::PgConnection::connect(site.database_url()).await.unwrap();
    sqlx::query("ALTER TABLE models ALTER COLUMN jobs_posted TYPE text").execute(&mut database).await.unwrap();
    let problem = site.problem("/v1/models", StatusCode::INTERNAL_SERVER_ERROR).await;
    assert_eq!(problem["code"], "internal");
}
