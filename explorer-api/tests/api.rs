#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use reqwest::StatusCode;
use serde_json::Value;
use std::collections::HashSet;
use support::story::{Story, key};
use support::world::World;
use website::Website;

#[tokio::test]
async fn every_row_is_on_exactly_one_page_while_rows_are_added() {
    let mut site = Website::open(Story::every_ending()).await;
    for _ in 0..20 {
        site.story.post(key(1), 10);
    }
    site.index().await;
    let before: HashSet<String> = addresses(&site.json("/v1/jobs?limit=100").await).into_iter().collect();
    assert_eq!(before.len(), 28);

    let mut seen = Vec::new();
    let mut path = "/v1/jobs?limit=5".to_owned();
    loop {
        let page = site.json(&path).await;
        seen.extend(addresses(&page));
        site.story.post(key(2), 10);
        site.index().await;
        match page["page"]["next"].as_str() {
            Some(next) => path = format!("/v1/jobs?limit=5&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), before.len(), "no row twice");
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), before);
}

fn addresses(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|job| job["address"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn filters_narrow_and_their_cursors_do_not_mix() {
    let site = Website::open(Story::every_ending()).await;
    assert_eq!(addresses(&site.json("/v1/jobs?status=paid").await).len(), 2);
    assert_eq!(addresses(&site.json(&format!("/v1/jobs?user={}", key(2))).await).len(), 3);
    assert_eq!(addresses(&site.json(&format!("/v1/jobs?device={}&status=expired", key(4))).await).len(), 1);
    assert_eq!(addresses(&site.json(&format!("/v1/jobs?operator={}", key(3))).await).len(), 6);
    assert_eq!(addresses(&site.json(&format!("/v1/jobs?model={}", "01".repeat(32))).await).len(), 8);
    let first = site.json("/v1/jobs?limit=1").await;
    let next = first["page"]["next"].as_str().unwrap();
    let problem = site.problem(&format!("/v1/jobs?limit=1&status=paid&cursor={next}"), StatusCode::BAD_REQUEST).await;
    assert!(problem["detail"].as_str().unwrap().starts_with("cursor: "), "{problem}");
}

#[tokio::test]
async fn what_is_wrong_is_named_in_a_problem() {
    let site = Website::open(Story::new()).await;
    for (path, expected) in [
        ("/v1/jobs?limit=0", "limit: 0 is not between 1 and 100"),
        ("/v1/jobs?limit=101", "limit: 101 is not between 1 and 100"),
        ("/v1/jobs?limit=many", "limit: "),
        ("/v1/jobs?cursor=nonsense", "cursor: "),
        ("/v1/jobs?user=abc", "user: expected a base58 address of 32 bytes"),
        ("/v1/jobs?model=12", "model: expected 64 hexadecimal digits"),
        ("/v1/jobs?status=lost", "status: unknown variant `lost`"),
        ("/v1/jobs?page=2", "unknown field `page`"),
        ("/v1/network?x=1", "unknown field `x`"),
        ("/v1/jobs/abc", "address: expected a base58 address of 32 bytes"),
    ] {
        let problem = site.problem(path, StatusCode::BAD_REQUEST).await;
        assert!(problem["detail"].as_str().unwrap().contains(expected), "{path}: {problem}");
        assert_eq!(problem["code"], "invalid_parameter");
    }
    let missing = site.problem(&format!("/v1/jobs/{}", key(404)), StatusCode::NOT_FOUND).await;
    assert_eq!(missing["code"], "not_found");
    site.problem("/v1/nothing", StatusCode::NOT_FOUND).await;
    let posted = site.http.post(site.url("/v1/jobs")).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(posted.json::<Value>().await.unwrap()["code"], "method_not_allowed");
}

#[tokio::test]
async fn a_job_tells_its_money_history_and_finality() {
    let site = Website::open(Story::every_ending()).await;
    let accepted = site.json(&format!("/v1/jobs/{}", key(1_001))).await;
    assert_eq!(accepted["status"], "paid");
    assert_eq!(accepted["outcome"], "accepted by the user");
    assert_eq!(accepted["price"], serde_json::json!({ "amount": "1000001", "unit": "IOSD", "decimals": 6 }));
    assert_eq!(accepted["money"]["supplier"]["amount"], "950000");
    assert_eq!(accepted["money"]["fee"]["amount"], "50001");
    let kinds: Vec<&str> =
        accepted["history"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["EscrowLocked", "JobPosted", "JobClaimed", "ResultCommitted", "EscrowSettled", "JobPaid"]);
    // The chain has finalized the first ten slots.
    let finality = |event: &Value| (event["slot"].as_i64().unwrap() <= 10) == (event["finality"] == "finalized");
    assert!(accepted["history"].as_array().unwrap().iter().all(finality), "{accepted}");

    for (number, outcome) in [
        (1_002, "settled unchallenged"),
        (1_003, "cancelled, refunded"),
        (1_004, "expired without a result, refunded"),
        (1_005, "disputed, refunded"),
        (1_006, "waiting for a device"),
        (1_007, "result committed, not yet accepted or settled"),
        (1_008, "being executed, no result yet"),
    ] {
        assert_eq!(site.json(&format!("/v1/jobs/{}", key(number))).await["outcome"], outcome);
    }
}

#[tokio::test]
async fn the_network_its_devices_operators_and_models_add_up() {
    let site = Website::open(Story::every_ending()).await;
    let network = site.json("/v1/network").await;
    assert_eq!(network["jobs"]["total"], 8);
    assert_eq!(network["paid_volume"]["amount"], "3000001");
    assert_eq!(network["iosd_in_escrow"]["amount"], "1823456");
    assert_eq!(network["price"]["spot"]["unit"], "USD/IO");
    assert_eq!(network["index"]["sequence_holes"], 0);
    assert_eq!(network["index"]["finalized_slot"], 10);
    let devices = site.json("/v1/devices").await;
    let device = site.json(&format!("/v1/devices/{}", key(4))).await;
    for (field, value) in devices["data"][0].as_object().unwrap() {
        assert_eq!(&device[field], value, "{field}");
    }
    assert_eq!(device["live_job"], key(1_007).to_string());
    let operator = site.json(&format!("/v1/operators/{}", key(3))).await;
    assert_eq!(operator["earnings_owed"]["amount"], "2850000");
    assert_eq!(site.json("/v1/models").await["data"][0]["jobs_posted"], 8);
}

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_twice_and_every_answer_has_an_id() {
    let site = Website::open(Story::every_ending()).await;
    let first = site.get("/v1/jobs").await;
    assert!(first.headers()["cache-control"].to_str().unwrap().contains("max-age=1"));
    let tag = first.headers()["etag"].clone();
    let again = site.http.get(site.url("/v1/jobs")).header("if-none-match", &tag).header("x-request-id", "mine-7");
    let again = again.send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.headers()["x-request-id"], "mine-7");
    assert_eq!(again.headers()["etag"], tag);
}

#[tokio::test]
async fn health_says_what_is_missing() {
    let mut site = Website::open(Story::every_ending()).await;
    assert_eq!(site.get("/livez").await.status(), StatusCode::OK);
    let ready = site.json("/readyz").await;
    assert_eq!((&ready["ready"], &ready["degraded"]), (&true.into(), &false.into()), "{ready}");

    // An event that nobody sees takes a number.
    site.story.stamp(indexer::Program::Jobs, credits::constants::shard_of(&key(1_009)));
    site.story.post(key(1), 10);
    site.index().await;
    // The condition is kept for a second.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let ready = site.get("/readyz").await;
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let ready: Value = ready.json().await.unwrap();
    assert_eq!((&ready["ready"], &ready["sequence_holes"]), (&false.into(), &1.into()), "{ready}");
    assert!(site.get("/").await.text().await.unwrap().contains("Incomplete."));
    let metrics = site.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("\nexplorer_sequence_holes 1\n"), "{metrics}");
}

#[tokio::test]
async fn before_the_first_migration_the_answer_is_not_ready() {
    let site = Website::without_index().await;
    let problem = site.problem("/v1/jobs", StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(problem["code"], "not_ready");
    let ready = site.get("/readyz").await;
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.json::<Value>().await.unwrap()["ready"], false);
}

/// Rows in an answer that do not say their slot and how final they are. What events and actions hold has a shape of its own.
fn unsure(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| !["body", "fields", "item"].contains(&name.as_str()))
            {
                unsure(value, &format!("{place} {name}"), found);
            }
        }
        Value::Array(rows) => {
            for row in rows.iter().filter(|row| row.is_object()) {
                if !says(row) {
                    found.push(format!("{place}: {row}"));
                }
                unsure(row, place, found);
            }
        }
        _ => {}
    }
}

fn says(row: &Value) -> bool {
    row["slot"].is_i64() && row["finality"].is_string()
}

#[tokio::test]
async fn every_row_says_its_slot_and_how_final_it_is() {
    let site = Website::open(World::lived_in().story).await;
    let document: Value = serde_json::from_str(&explorer_api::openapi()).unwrap();
    let plain = |path: &&String| path.starts_with("/v1/") && !path.contains('{');
    let mut paths: Vec<String> = document["paths"].as_object().unwrap().keys().filter(plain).cloned().collect();
    paths.retain(|path| !["/v1/events", "/v1/search"].contains(&path.as_str()));
    paths.extend([format!("/v1/search?q={}", key(3)), format!("/v1/stakers/{}", key(7))]);
    let each = async |list: &str, one: &str, field: &str| {
        let list = site.json(list).await;
        let name = |row: &Value| format!("{one}{}", row[field].as_str().unwrap());
        list["data"].as_array().unwrap().iter().map(name).collect::<Vec<_>>()
    };
    for (list, one, field) in [
        ("/v1/jobs?limit=100", "/v1/jobs/", "address"),
        ("/v1/jobs?limit=1", "/v1/transactions/", "posted_signature"),
        ("/v1/devices", "/v1/devices/", "key"),
        ("/v1/operators", "/v1/operators/", "key"),
        ("/v1/epochs?limit=3", "/v1/epochs/", "index"),
        ("/v1/proposals?limit=3", "/v1/proposals/", "number"),
    ] {
        paths.extend(each(list, one, field).await);
    }
    for path in &paths {
        let answer = site.json(path).await;
        // Lists, and a staker, only hold rows.
        let holds = answer["data"].is_array() || path.starts_with("/v1/stakers/");
        assert!(holds || says(&answer), "{path}: {answer}");
        let mut found = Vec::new();
        unsure(&answer, path, &mut found);
        assert!(found.is_empty(), "{found:#?}");
    }
}

/// A schema itself, where only its name is given.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(name) => &document["components"]["schemas"][name.rsplit('/').next().unwrap()],
        None => schema,
    }
}

fn has(document: &Value, schema: &Value, field: &str) -> bool {
    let schema = resolved(document, schema);
    let parts = schema["allOf"].as_array();
    schema["properties"].get(field).is_some() || parts.into_iter().flatten().any(|part| has(document, part, field))
}

/// What arrays in the document hold and does not say it.
fn unsure_schemas(document: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(row) = fields.get("items").map(|row| resolved(document, row)) {
                let is_object = row.get("properties").is_some() || row.get("allOf").is_some();
                if is_object && !(has(document, row, "slot") && has(document, row, "finality")) {
                    found.push(place.to_owned());
                }
            }
            for (name, value) in fields {
                unsure_schemas(document, value, &format!("{place} {name}"), found);
            }
        }
        Value::Array(parts) => parts.iter().for_each(|part| unsure_schemas(document, part, place, found)),
        _ => {}
    }
}

#[test]
fn every_row_of_the_document_has_a_slot_and_a_finality() {
    let document: Value = serde_json::from_str(&explorer_api::openapi()).unwrap();
    let mut found = Vec::new();
    unsure_schemas(&document, &document["components"]["schemas"], "", &mut found);
    for (path, item) in document["paths"].as_object().unwrap() {
        let answer = &item["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let holds = has(&document, answer, "data") || path.starts_with("/v1/stakers/");
        let says = has(&document, answer, "slot") && has(&document, answer, "finality");
        if path.starts_with("/v1/") && !answer.is_null() && !holds && !says {
            found.push(path.clone());
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test]
async fn a_jobs_history_is_in_the_order_of_the_chain_however_late_its_events_came() {
    let site = Website::open(Story::every_ending()).await;
    // As if these had been missed and found again.
    site.execute("UPDATE events SET id = DEFAULT WHERE kind IN ('EscrowLocked', 'JobClaimed')").await;
    let job = site.json(&format!("/v1/jobs/{}", key(1_001))).await;
    let history = job["history"].as_array().unwrap();
    let kinds: Vec<&str> = history.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["EscrowLocked", "JobPosted", "JobClaimed", "ResultCommitted", "EscrowSettled", "JobPaid"]);
    let ids: Vec<i64> = history.iter().map(|event| event["id"].as_i64().unwrap()).collect();
    assert!(!ids.is_sorted(), "{ids:?}");
}

#[tokio::test]
async fn a_finalized_transaction_is_kept_for_ever_only_while_no_event_can_be_missing_from_it() {
    let site = Website::open(Story::every_ending()).await;
    let job = site.json(&format!("/v1/jobs/{}", key(1_001))).await;
    let path = format!("/v1/transactions/{}", job["posted_signature"].as_str().unwrap());
    let kept = async || site.get(&path).await.headers()["cache-control"].to_str().unwrap().contains("immutable");
    assert!(kept().await, "nothing is missing");
    let missing = [
        (
            "INSERT INTO dead_letters (slot, signature, instruction_index, inner_index, program, reason, data, decoder_version)
             SELECT slot, posted_signature, 9, 9, 'jobs', 'of a later version', '', 1 FROM jobs ORDER BY event_id LIMIT 1",
            "UPDATE dead_letters SET replayed_at = now()",
        ),
        (
            "INSERT INTO sequence_faults (program, shard, kind, expected, found, slot, signature)
             SELECT 'jobs', 0, 'hole', 1, 2, slot, ended_signature FROM jobs WHERE ended_signature IS NOT NULL LIMIT 1",
            "UPDATE sequence_faults SET healed_at = now()",
        ),
    ];
    for (missed, found) in missing {
        site.execute(missed).await;
        assert!(!kept().await, "{missed}");
        site.execute(found).await;
        assert!(kept().await, "{found}");
    }
    site.execute(
        "INSERT INTO dead_letters (slot, signature, instruction_index, inner_index, program, reason, data, decoder_version)
         SELECT slot, posted_signature, 8, 8, 'jobs', 'of a later version', '', 1 FROM jobs ORDER BY event_id DESC LIMIT 1",
    )
    .await;
    assert!(kept().await, "another transaction's");
}
