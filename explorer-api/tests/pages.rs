#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use reqwest::StatusCode;
use support::story::{Story, key};
use support::world::World;
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
async fn demands_for_withheld_data_are_shown_with_what_came_of_them() {
    let site = Website::open(Story::withheld()).await;
    let path = format!("/jobs/{}", key(1_001));
    let job = page(&site, &path).await;
    for shown in [
        "data withheld, refunded",
        "Demands for its data",
        "the roots of all layers",
        "128 bytes",
        "layer 3, row 5, segments 2 to 3",
        "layer 1, tree of rows, level 3, node 0, 3 down",
        "layer 1, tree of row 7, level 1, node 4, 1 down",
        "not answered in time",
        "0.002 SOL",
        "Demand not answered, refunded",
    ] {
        assert!(job.contains(shown), "{shown}: {job}");
    }
    let detail = site.json(&format!("/v1{path}")).await;
    let states: Vec<&str> =
        detail["demands"].as_array().unwrap().iter().map(|d| d["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["answered", "closed", "expired", "open"]);
    assert_eq!(detail["demands"][0]["data"].as_str().unwrap(), "ab".repeat(128));
    assert_eq!(detail["demands"][1]["item"]["first"].as_u64(), Some(2));
    assert_eq!((detail["unanswered"].as_i64(), detail["status"].as_str()), (Some(2), Some("refunded")));
    assert_eq!(detail["stake"]["slashed"]["amount"].as_str(), Some("1000"));
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

#[tokio::test]
async fn pages_of_the_economy_show_stake_epochs_and_votes() {
    let World { story, ledger, .. } = World::lived_in();
    let site = Website::open(story).await;
    let home = page(&site, "/").await;
    for path in ["/operators", "/token", "/proposals"] {
        assert!(home.contains(&format!("href=\"{path}\"")), "{path}");
    }
    let token = page(&site, "/token").await;
    for shown in ["<svg", "class=\"burned\"", "class=\"scheduled\"", "800,000,000.00 IO", "treasury"] {
        assert!(token.contains(shown), "{shown}");
    }
    assert!(!token.contains("style=\""), "the policy would refuse it");
    assert!(page(&site, "/epochs").await.contains("5,000.00 IO"));
    let closed = page(&site, "/epochs/0").await;
    assert!(closed.contains("closed") && closed.contains("Nobody asked for redemptions."));
    let open = page(&site, &format!("/epochs/{}", ledger.emission.next_epoch)).await;
    assert!(open.contains("Not closed yet"));

    assert!(page(&site, "/operators").await.contains(&format!("/operators/{}", key(3))));
    let operator = page(&site, &format!("/operators/{}", key(3))).await;
    for shown in ["6.00 %", "3 times", "Slashed", "rtx-4090-berlin", &format!("/stakers/{}", key(7))] {
        assert!(operator.contains(shown), "{shown}");
    }
    let staker = page(&site, &format!("/stakers/{}", key(7))).await;
    for shown in ["Rebates claimed", "Withdrawn", "Locked by a vote", "IOSD", &format!("/operators/{}", key(3))] {
        assert!(staker.contains(shown), "{shown}");
    }
    let proposals = page(&site, "/proposals").await;
    for shown in
        ["Set the fee on settled prices to 4.50 %", "voided", "vetoed", "Declare “a proposal that nobody voted for”"]
    {
        assert!(proposals.contains(shown), "{shown}");
    }
    let proposal = page(&site, "/proposals/0").await;
    for shown in ["Passed and executed", "<progress", "abstain", "returned"] {
        assert!(proposal.contains(shown), "{shown}");
    }
    let device = page(&site, &format!("/devices/{}", key(8))).await;
    assert!(device.contains("Retired") && device.contains(&format!("/operators/{}", key(3))));
    let faulty = site.json("/v1/jobs?status=refunded").await["data"][0]["address"].as_str().unwrap().to_owned();
    let job = page(&site, &format!("/jobs/{faulty}")).await;
    assert!(job.contains("Stake behind it") && job.contains("16.00 IO") && job.contains("/operators/"));
}

#[tokio::test]
async fn an_economy_without_rows_has_pages_that_say_so() {
    let site = Website::open(Story::new()).await;
    for (path, shown) in [
        ("/token", "known when the first epoch is closed"),
        ("/epochs", "No epochs yet."),
        ("/operators", "No operators."),
        ("/proposals", "No proposals."),
    ] {
        assert!(page(&site, path).await.contains(shown), "{path}");
    }
    for path in [format!("/operators/{}", key(1)), format!("/stakers/{}", key(1)), "/proposals/1".into()] {
        assert_eq!(site.get(&path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_signal_cannot_become_markup() {
    let mut world = World::lived_in();
    let mut text = [0; 32];
    text[..25].copy_from_slice(b"<script>alert(1)</script>");
    world.propose(key(1), governance::Action::Signal { text });
    let site = Website::open(world.story).await;
    for path in ["/proposals", "/proposals/8"] {
        let html = page(&site, path).await;
        assert!(!html.contains("<script>alert") && html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{path}");
    }
}
