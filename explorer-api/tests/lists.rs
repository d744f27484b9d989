#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use serde_json::Value;
use support::story::{START_TIME, Story, key};
use support::world::World;
use website::Website;

fn column(page: &Value, field: &str) -> Vec<String> {
    let text = |row: &Value| row[field].as_str().map_or_else(|| row[field].to_string(), str::to_owned);
    page["data"].as_array().unwrap().iter().map(text).collect()
}

fn prices(page: &Value) -> Vec<u64> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["price"]["amount"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test]
async fn pages_in_any_order_show_one_moment_and_lead_back() {
    let mut site = Website::open(Story::every_ending()).await;
    for price in [5, 1, 3, 3, 9] {
        site.story.post(key(1), price);
    }
    site.index().await;
    for sort in ["price", "-price", "posted", "-posted"] {
        let whole = column(&site.json(&format!("/v1/jobs?limit=100&sort={sort}")).await, "address");
        let mut forward = Vec::new();
        let mut path = format!("/v1/jobs?limit=4&sort={sort}");
        let last = loop {
            let page = site.json(&path).await;
            forward.extend(column(&page, "address"));
            // Before, between and behind everything.
            for price in [0, 4, 100_000_000] {
                site.story.post(key(2), price);
            }
            site.index().await;
            match page["page"]["next"].as_str() {
                Some(next) => path = format!("/v1/jobs?limit=4&sort={sort}&cursor={next}"),
                None => break page,
            }
        };
        assert_eq!(forward, whole, "{sort}");
        let mut back = column(&last, "address");
        let mut prev = last["page"]["prev"].as_str().map(str::to_owned);
        while let Some(cursor) = prev {
            let page = site.json(&format!("/v1/jobs?limit=4&sort={sort}&cursor={cursor}")).await;
            assert_eq!(page["page"]["as_of_slot"], last["page"]["as_of_slot"]);
            back.splice(0..0, column(&page, "address"));
            prev = page["page"]["prev"].as_str().map(str::to_owned);
        }
        assert_eq!(back, whole, "{sort}, backwards");
    }
}

#[tokio::test]
async fn filters_and_orders_find_what_people_look_for() {
    let mut site = Website::open(Story::every_ending()).await;
    assert_eq!(prices(&site.json("/v1/jobs?sort=-price&limit=3").await), [2_000_000, 1_000_001, 900_000]);
    assert_eq!(
        prices(&site.json("/v1/jobs?min_price=400000&max_price=800000&sort=price").await),
        [400_000, 700_000, 800_000]
    );
    assert_eq!(prices(&site.json("/v1/jobs?class=1&status=paid").await), [2_000_000, 1_000_001]);
    assert_eq!(prices(&site.json("/v1/jobs?class=2").await), [0_u64; 0]);
    let all = site.json("/v1/jobs?sort=posted").await;
    let (third, fifth) = (all["data"][2]["posted_at"].as_str().unwrap(), all["data"][4]["posted_at"].as_str().unwrap());
    let span = site.json(&format!("/v1/jobs?sort=posted&posted_from={third}&posted_to={fifth}")).await;
    assert_eq!(prices(&span), [700_000, 300_000]);

    site.story.device(key(21), key(3), "=1+1");
    site.index().await;
    assert_eq!(column(&site.json("/v1/devices?state=working").await, "name"), ["rtx-4090-berlin"]);
    assert_eq!(column(&site.json("/v1/devices?state=idle&class=1").await, "name"), ["=1+1"]);
    assert_eq!(column(&site.json("/v1/devices?sort=-earned").await, "name"), ["rtx-4090-berlin", "=1+1"]);
    assert_eq!(column(&site.json("/v1/models?sort=-jobs").await, "jobs_posted"), ["8"]);
    for (path, named) in [
        ("/v1/jobs?sort=size", "size"),
        ("/v1/jobs?posted_from=yesterday", "posted_from"),
        ("/v1/jobs?min_price=-1", "min_price"),
        ("/v1/devices?class=300", "class"),
        ("/v1/votes?page=1", "page"),
        ("/v1/search", "q"),
        ("/v1/series/jobs?bucket=year", "year"),
    ] {
        let problem = site.problem(path, StatusCode::BAD_REQUEST).await;
        assert!(problem["detail"].as_str().unwrap().contains(named), "{path}: {problem}");
    }
    let next = site.json("/v1/jobs?limit=2&sort=price").await["page"]["next"].as_str().unwrap().to_owned();
    for other in ["", "sort=-price&", "sort=price&status=paid&"] {
        let problem = site.problem(&format!("/v1/jobs?{other}cursor={next}"), StatusCode::BAD_REQUEST).await;
        assert!(problem["detail"].as_str().unwrap().contains("other filters"), "{problem}");
    }
    site.problem(&format!("/v1/devices?cursor={next}"), StatusCode::BAD_REQUEST).await;
}

#[tokio::test]
async fn every_list_is_also_csv_with_all_rows_and_no_formulas() {
    let mut story = Story::every_ending();
    story.device(key(21), key(3), "=HYPERLINK(1)");
    for _ in 0..600 {
        story.post(key(1), 1);
    }
    let site = Website::open(story).await;
    let response = site.http.get(site.url("/v1/jobs?sort=price")).header("accept", "text/csv").send().await.unwrap();
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert!(response.headers()["content-disposition"].to_str().unwrap().contains("jobs.csv"));
    let text = response.text().await.unwrap();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 1 + 608, "a line of names, then every row of both batches");
    assert!(lines[0].starts_with("address,status,outcome,user,") && lines[0].ends_with(",slot,finality"));
    let place = lines[0].split(',').position(|name| name == "price_amount").unwrap();
    let price = |line: &str| line.split(',').nth(place).unwrap().parse::<u64>().unwrap();
    assert!(
        lines[1..]
            .iter()
            .map(|line| line.replace("\"expired without a result, refunded\"", "x"))
            .all(|l| !l.is_empty())
    );
    assert_eq!(price(lines[1]), 1);
    let devices = site.get("/v1/devices?format=csv").await.text().await.unwrap();
    assert!(devices.contains(",'=HYPERLINK(1),"), "{devices}");
    let lists: Value = serde_json::from_str(&explorer_api::openapi()).unwrap();
    let mut seen = 0;
    for (path, item) in lists["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        if parameters.iter().any(|parameter| parameter["name"] == "format") {
            let response = site.get(&format!("{path}?format=csv&limit=3")).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            let text = response.text().await.unwrap();
            assert!((1..=4).contains(&text.split_terminator("\r\n").count()), "{path}: {text}");
            seen += 1;
        }
    }
    assert_eq!(seen, 9);
}

#[tokio::test]
async fn search_says_what_an_address_a_signature_or_a_name_is() {
    let site = Website::open(Story::every_ending()).await;
    let kinds = async |q: &str| column(&site.json(&format!("/v1/search?q={q}")).await, "kind");
    assert_eq!(kinds(&key(1_001).to_string()).await, ["job"]);
    assert_eq!(kinds(&key(4).to_string()).await, ["device"]);
    assert_eq!(kinds(&key(3).to_string()).await, ["operator"]);
    assert_eq!(kinds(&key(1).to_string()).await, ["user"]);
    assert_eq!(kinds(&"01".repeat(32)).await, ["model"]);
    assert_eq!(kinds("010101").await, ["model"]);
    assert_eq!(kinds("RTX-4").await, ["device"]);
    assert_eq!(kinds("mnist").await, ["model"]);
    assert_eq!(kinds("nothing%").await, [""; 0]);
    assert_eq!(kinds(&key(404).to_string()).await, [""; 0]);
    let job = site.json(&format!("/v1/jobs/{}", key(1_001))).await;
    let signature = job["posted_signature"].as_str().unwrap();
    let found = site.json(&format!("/v1/search?q={signature}")).await;
    assert_eq!((&found["data"][0]["kind"], &found["data"][0]["id"]), (&"transaction".into(), &signature.into()));
    let path = found["data"][0]["path"].as_str().unwrap();
    assert_eq!(
        column(&serde_json::json!({ "data": site.json(path).await["events"] }), "kind"),
        ["EscrowLocked", "JobPosted"]
    );
    let kept = site.get(path).await.headers()["cache-control"].to_str().unwrap().to_owned();
    let last = site.json(&format!("/v1/jobs/{}", key(1_008))).await["claimed_signature"].clone();
    let last = last.as_str().unwrap();
    let young =
        site.get(&format!("/v1/transactions/{last}")).await.headers()["cache-control"].to_str().unwrap().to_owned();
    assert!(kept.contains("immutable") && !young.contains("immutable"), "{kept}, {young}");
    let start = &key(1_001).to_string()[..8];
    let found = site.json(&format!("/v1/search?q={start}")).await;
    assert!(column(&found, "id").contains(&key(1_001).to_string()), "{found}");
    assert_eq!(site.get(found["data"][0]["path"].as_str().unwrap()).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn search_finds_whoever_took_part_by_an_address() {
    let find = async |site: &Website, q: &str| {
        let found = site.json(&format!("/v1/search?q={q}")).await;
        for hit in found["data"].as_array().unwrap() {
            assert_eq!(site.get(hit["path"].as_str().unwrap()).await.status(), StatusCode::OK, "{hit}");
        }
        assert_eq!(site.get(&format!("/search?q={q}")).await.status(), StatusCode::OK, "{q}");
        column(&found, "kind")
    };
    let site = Website::open(Story::withheld()).await;
    assert_eq!(find(&site, &key(9_003).to_string()).await, ["demander"], "of four demands");
    assert_eq!(find(&site, &key(9_001).to_string()).await, ["publisher"]);
    assert_eq!(find(&site, &key(4).to_string()).await, ["device", "prover"], "it has answered once");
    assert_eq!(find(&site, &key(9_003).to_string()[..8]).await, ["demander"]);
    let site = Website::open(Story::every_ending()).await;
    assert_eq!(find(&site, &key(9_002).to_string()).await, ["prover"]);
    let site = Website::open(World::lived_in().story).await;
    let staker = site.json(&format!("/v1/stakers/{}", key(7))).await;
    assert_eq!(find(&site, staker["positions"][0]["address"].as_str().unwrap()).await, ["position"]);
    let (votes, proposals) = (site.json("/v1/votes").await, site.json("/v1/proposals").await);
    for (row, field, kind) in [(&votes, "voter", "voter"), (&proposals, "proposer", "proposer")] {
        let kinds = find(&site, row["data"][0][field].as_str().unwrap()).await;
        assert!(kinds.contains(&kind.to_owned()), "{kind}: {kinds:?}");
    }
}

/// Every list in every order.
const LISTS: [&str; 17] = [
    "/v1/jobs?",
    "/v1/jobs?sort=posted&",
    "/v1/jobs?sort=price&",
    "/v1/devices?",
    "/v1/devices?sort=-earned&",
    "/v1/devices?sort=-measured&",
    "/v1/devices?sort=offer&",
    "/v1/operators?",
    "/v1/operators?sort=-earned&",
    "/v1/operators?sort=-jobs_paid&",
    "/v1/models?",
    "/v1/models?sort=-jobs&",
    "/v1/epochs?",
    "/v1/redemptions?",
    "/v1/proposals?",
    "/v1/votes?",
    "/v1/stake-changes?",
];

/// A cursor of the server with other numbers in it: the hash of the list and its filters stays what it was.
fn forged(cursor: &str, sort: &str, id: &str) -> String {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap();
    let mut parts: Vec<&str> = text.split('.').collect();
    if !parts[4].is_empty() {
        parts[4] = sort;
    }
    parts[5] = id;
    URL_SAFE_NO_PAD.encode(parts.join("."))
}

#[tokio::test]
async fn every_list_refuses_a_cursor_with_numbers_that_no_row_can_have() {
    let mut story = World::lived_in().story;
    story.model([21; 32], "one");
    story.model([22; 32], "two");
    let site = Website::open(story).await;
    let huge = 10_i128.pow(30);
    let numbers = [huge, -huge, i128::MAX, i128::MIN].map(|number| number.to_string());
    for list in LISTS {
        let first = site.json(&format!("{list}limit=1")).await;
        let next = first["page"]["next"].as_str().unwrap_or_else(|| panic!("{list} has one row: {first}"));
        let path = |sort: &str, id: &str| format!("{list}limit=1&cursor={}", forged(next, sort, id));
        site.json(&path("1", "1")).await;
        for number in numbers.iter().map(String::as_str).chain(["1".repeat(60).as_str()]) {
            for path in [path(number, number), path("1", number)] {
                let problem = site.problem(&path, StatusCode::BAD_REQUEST).await;
                assert!(problem["detail"].as_str().unwrap().contains("not a cursor"), "{list} {number}: {problem}");
            }
            let status = site.get(&path(number, "1")).await.status();
            let expected = if list.contains("sort=") { StatusCode::BAD_REQUEST } else { status };
            assert!(status == expected && !status.is_server_error(), "{list} {number}: {status}");
        }
        // Just past the larger of the numbers that some columns hold.
        for number in ["9223372036854775808", "-9223372036854775809", "18446744073709551616"] {
            for path in [path(number, "1"), path("1", number)] {
                let status = site.get(&path).await.status();
                assert!(!status.is_server_error(), "{list} {number}: {status}");
            }
        }
    }
    let document: Value = serde_json::from_str(&explorer_api::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let mut parameters = item["get"]["parameters"].as_array().into_iter().flatten();
        if parameters.any(|parameter| parameter["name"] == "format") {
            assert!(LISTS.contains(&format!("{path}?").as_str()), "{path}");
        }
    }
}

#[tokio::test]
async fn series_add_up_to_the_network_in_every_bucket_size() {
    let site = Website::open(Story::every_ending()).await;
    let network = site.json("/v1/network").await;
    for bucket in ["hour", "day", "month"] {
        let jobs = site.json(&format!("/v1/series/jobs?bucket={bucket}")).await;
        let sum = |of: &str| jobs["data"].as_array().unwrap().iter().map(|p| p[of].as_i64().unwrap()).sum::<i64>();
        let counted = ["posted", "claimed", "committed", "paid", "returned", "faulted"].map(sum);
        assert_eq!(counted, [8, 6, 4, 2, 2, 1], "{bucket}: {jobs}");
        let first = jobs["data"][0]["start"].as_str().unwrap();
        let aligned = ["2026-09-21T14:00:00Z", "2026-09-21T00:00:00Z", "2026-09-01T00:00:00Z"];
        assert!(aligned.contains(&first), "{first}");
        let earnings = site.json(&format!("/v1/series/earnings?bucket={bucket}&operator={}", key(3))).await;
        assert_eq!(earnings["data"][0]["earned"], network["supplier_earnings"]);
        assert_eq!(earnings["data"][0]["work"], (2 * 64 * 101_632).to_string());
        // Of everybody and of the only operator, from different tables.
        let everybody = site.json(&format!("/v1/series/earnings?bucket={bucket}")).await;
        for field in ["start", "jobs", "work", "paid", "earned"] {
            let of = |series: &Value| {
                series["data"].as_array().unwrap().iter().map(|point| point[field].clone()).collect::<Vec<_>>()
            };
            assert_eq!(of(&everybody), of(&earnings), "{field}");
        }
        let none = site.json(&format!("/v1/series/earnings?bucket={bucket}&class=3")).await;
        assert_eq!(none["data"], serde_json::json!([]));
        let demand = site.json(&format!("/v1/series/demand?bucket={bucket}")).await;
        assert_eq!(demand["data"][0]["value"]["amount"], "6223457");
        assert_eq!(
            demand["data"][0]["price"]["amount"],
            (6_223_457_u128 * 1_000_000_000_000 / (8 * 64 * 101_632)).to_string()
        );
        let supply = site.json(&format!("/v1/series/supply?bucket={bucket}")).await;
        assert_eq!(supply["data"][0]["devices"], 1);
        let price = site.json(&format!("/v1/series/price?bucket={bucket}")).await;
        assert_eq!(price["data"][0]["last"]["amount"], "20000000");
        assert!(price["data"][0]["finality"].is_string() && price["data"][0]["slot"].is_i64());
    }
    let before =
        site.json(&format!("/v1/series/jobs?to={}&from={}", START_TIME - 3_600, START_TIME - 86_400 * 3)).await;
    assert_eq!(before["data"], serde_json::json!([]), "nothing happened before it began");
}

#[tokio::test]
async fn the_market_shows_prices_and_supply_by_class() {
    let site = Website::open(Story::every_ending()).await;
    let market = site.json("/v1/market").await;
    assert_eq!(market["posted"]["jobs"], 1);
    // A device that nobody has registered is of class 0.
    let class = &market["classes"][1];
    assert_eq!((&class["class"], &class["devices"], &class["hired"]), (&1.into(), &1.into(), &1.into()));
    assert_eq!((&class["paid"]["jobs"], &class["paid"]["value"]["amount"]), (&2.into(), &"3000001".into()));
    let each = |price: u128| (price * 1_000_000_000_000 / (64 * 101_632)).to_string();
    assert_eq!(class["paid"]["median_price"]["amount"], each(1_000_001));
    assert_eq!(
        class["paid"]["mean_price"]["amount"],
        each(3_000_001)
            .parse::<u128>()
            .map(|_| (3_000_001_u128 * 1_000_000_000_000 / (2 * 64 * 101_632)).to_string())
            .unwrap()
    );
}
