#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use reqwest::StatusCode;
use serde_json::{Value, json};
use support::story::{Story, key};
use support::world::{IO, World};
use website::Website;

async fn site() -> (Website, support::world::Ledger) {
    let World { story, ledger, .. } = World::lived_in();
    (Website::open(story).await, ledger)
}

fn io(amount: u64) -> Value {
    json!({ "amount": amount.to_string(), "unit": "IO", "decimals": 8 })
}

fn iosd(amount: u64) -> Value {
    json!({ "amount": amount.to_string(), "unit": "IOSD", "decimals": 6 })
}

#[tokio::test]
async fn epochs_say_what_was_burned_minted_and_decided() {
    let (site, ledger) = site().await;
    let list = site.json("/v1/epochs?limit=100").await;
    let epochs = list["data"].as_array().unwrap();
    let indices: Vec<u64> = epochs.iter().map(|e| e["index"].as_str().unwrap().parse().unwrap()).collect();
    let newest = ledger.emission.next_epoch;
    assert_eq!(indices, (0..=newest).rev().collect::<Vec<_>>(), "the open one and every closed one");
    assert!(epochs[0]["closing"].is_null() && !epochs[1]["closing"].is_null());

    let first = site.json("/v1/epochs/0").await;
    assert_eq!(first["io_burned"], io(5_000 * IO));
    let smoothed = 5_000 * IO / 7;
    assert_eq!(first["closing"]["smoothed_burn"], io(smoothed));
    assert_eq!(first["closing"]["reserve"], io(smoothed));
    assert_eq!(first["closing"]["price"]["unit"], "USD/IO");
    assert_eq!(first["requests"], json!([]));
    let redeemed = epochs.iter().find(|e| e["redemptions"]["requested"]["amount"] == "3000000").unwrap();
    let detail = site.json(&format!("/v1/epochs/{}", redeemed["index"].as_str().unwrap())).await;
    let kinds: Vec<&str> = detail["requests"].as_array().unwrap().iter().map(|r| r["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["settled", "requested"]);
    assert_eq!(detail["requests"][0]["received"], detail["redemptions"]["settled_io"]);
    assert_eq!(detail["requests"][0]["owner"], key(3).to_string());
}

#[tokio::test]
async fn the_coin_adds_up() {
    let (site, ledger) = site().await;
    let token = site.json("/v1/tokens/io").await;
    assert_eq!(token["supply"], io(ledger.io_supply));
    assert_eq!(token["cap"], io(economy::IO_CAP));
    assert_eq!(token["staked"], io(ledger.rewards.staked));
    assert_eq!(token["reserve"], io(ledger.emission.reserve));
    assert_eq!(token["promised"], io(ledger.emission.allocated));
    assert_eq!(token["burned"]["deposits"], io(50 * IO));
    assert_eq!(token["burned"]["slashed_stake"], io(ledger.rewards.burned));
    for (row, budget) in token["budgets"].as_array().unwrap().iter().zip(&ledger.emission.budgets) {
        assert_eq!((&row["available"], &row["minted"]), (&io(budget.available), &io(budget.minted)));
    }
    let series = token["epochs"].as_array().unwrap();
    assert_eq!(series[0]["index"], "0", "oldest first");
    let sum = |of: &str| -> u64 {
        series.iter().map(|e| e["minted"][of]["amount"].as_str().unwrap().parse::<u64>().unwrap()).sum()
    };
    assert_eq!(token["minted"]["redemptions"], io(sum("redemptions")));
    assert_eq!(token["minted"]["stakers"], io(sum("stakers")));
}

#[tokio::test]
async fn an_operator_shows_its_stake_its_record_and_its_losses() {
    let (site, ledger) = site().await;
    let list = site.json("/v1/operators").await;
    let keys: Vec<&str> = list["data"].as_array().unwrap().iter().map(|o| o["key"].as_str().unwrap()).collect();
    assert_eq!(keys, [key(6).to_string(), key(3).to_string()], "newest first");
    let operator = site.json(&format!("/v1/operators/{}", key(3))).await;
    let (address, pool) = ledger.pools.iter().find(|(_, pool)| pool.owner == key(3)).unwrap();
    assert_eq!(operator["pool"]["address"], address.to_string());
    assert_eq!(operator["pool"]["commission_bps"], 600);
    let stake = &operator["pool"]["stake"];
    assert_eq!(stake["active"], io(pool.active));
    assert_eq!(stake["total"], io(pool.active + pool.reserved + pool.warming + pool.cooling));
    assert_eq!(operator["pool"]["stakers"], 2);
    assert_eq!(operator["jobs"], json!({ "paid": 5, "expired": 0, "faulted": 2 }), "a wrong cell, and silence");
    assert_eq!(operator["required_stake"], io(500 * IO));
    assert_eq!(operator["devices"], 1, "the spare one was retired");
    assert_eq!(operator["requested"]["amount"], ledger.earnings[&key(3)].requested.to_string());
    assert_eq!(operator["pool"]["losses"]["slashes"], 3);
    assert_eq!(operator["losses"].as_array().unwrap().len(), 3);
    assert_eq!(operator["stakers"][0]["holder"], key(3).to_string(), "the largest first");
    let other = site.json(&format!("/v1/operators/{}", key(6))).await;
    assert_eq!(other["jobs"]["expired"], 1);
    let kinds: Vec<_> = other["losses"].as_array().unwrap().iter().map(|loss| &loss["kind"]).collect();
    assert_eq!(kinds, ["StakeSlashed", "StakeForfeited"], "a silence and an expired claim");
    let job = site.json(&format!("/v1/jobs?operator={}&status=refunded", key(3))).await;
    assert_eq!(job["data"][0]["stake"]["slashed"], job["data"][0]["stake"]["reserved"]);
    let known = |status: &str| format!("/v1/jobs?operator={}&status={status}", key(3));
    let paid = site.json(&known("paid")).await;
    let outcomes: Vec<_> = paid["data"].as_array().unwrap().iter().map(|job| &job["outcome"]).collect();
    assert_eq!(outcomes[..2], ["settled unchallenged", "audited on chain"], "newest first");
    let silent = site.json(&format!("/v1/jobs?operator={}&status=unanswered", key(6))).await;
    let silent = &silent["data"][0];
    assert_eq!((&silent["outcome"], &silent["audit"]["state"]), (&json!("no answer, refunded"), &json!("unanswered")));
    assert_eq!(silent["stake"]["slashed"], silent["stake"]["reserved"]);
    let open = site.json(&known("committed")).await;
    let detail = site.json(&format!("/v1/jobs/{}", open["data"][0]["address"].as_str().unwrap())).await;
    let audit = &detail["audit"];
    assert_eq!((&audit["state"], &audit["answered"], &audit["draws_missed"]), (&json!("open"), &json!(1), &json!(1)));
    assert_eq!((&detail["audited_cells"][0]["index"], &audit["cells"]), (&json!(2), &json!(4)));
    let device = site.json(&format!("/v1/devices/{}", key(8))).await;
    assert_eq!((&device["retired"], &device["required_stake"]), (&json!(true), &io(100 * IO)));
}

#[tokio::test]
async fn the_history_of_an_audited_job_tells_its_audit() {
    let (site, _) = site().await;
    for (operator, status, outcome, expected) in [
        (3, "paid", "audited on chain", vec!["AuditDrawn", "CellOpened", "CellOpened"]),
        (6, "unanswered", "no answer, refunded", vec!["AuditMissed", "AuditDrawn", "CellOpened", "AuditExpired"]),
        (3, "committed", "", vec!["AuditMissed", "AuditDrawn", "CellOpened"]),
    ] {
        let jobs = site.json(&format!("/v1/jobs?operator={}&status={status}", key(operator))).await;
        let job = jobs["data"].as_array().unwrap().iter().find(|job| outcome.is_empty() || job["outcome"] == outcome);
        let address = job.unwrap()["address"].as_str().unwrap();
        let history = site.json(&format!("/v1/jobs/{address}")).await["history"].clone();
        let history = history.as_array().unwrap();
        let audit = history.iter().map(|event| event["kind"].as_str().unwrap());
        let audit: Vec<&str> = audit.filter(|kind| kind.starts_with("Audit") || *kind == "CellOpened").collect();
        assert_eq!(audit, expected, "{status}");
        assert!(history.iter().all(|event| event["job"] == address), "{history:?}");
    }
}

#[tokio::test]
async fn a_staker_shows_every_position_and_its_history_page_by_page() {
    let (site, ledger) = site().await;
    let path = format!("/v1/stakers/{}", key(7));
    let staker = site.json(&path).await;
    let positions = staker["positions"].as_array().unwrap();
    assert_eq!(positions.len(), 2);
    for shown in positions {
        let pool: anchor_lang::prelude::Pubkey = shown["pool"].as_str().unwrap().parse().unwrap();
        let account = &ledger.positions[&(pool, key(7))];
        let worth = |stored: u64| {
            let now = ledger.pools[&pool].factor;
            io((u128::from(stored) * u128::from(now) / u128::from(account.factor)) as u64)
        };
        assert_eq!(shown["stake"]["active"], worth(account.active));
        assert_eq!(shown["stake"]["cooling"], worth(account.cooling));
        let owed = if shown["pool_kind"] == "user" { iosd(account.owed) } else { io(account.owed) };
        assert_eq!(shown["owed"], owed);
    }
    let everything = staker["history"]["data"].as_array().unwrap().clone();
    assert_eq!(everything.last().unwrap()["kind"], "StakeAdded");
    assert!(everything.iter().any(|e| e["kind"] == "RebatesClaimed" && e["amount"]["unit"] == "IOSD"));
    let (mut paged, mut next) = (Vec::new(), format!("{path}?limit=3"));
    loop {
        let page = site.json(&next).await;
        paged.extend(page["history"]["data"].as_array().unwrap().clone());
        match page["history"]["page"]["next"].as_str() {
            Some(cursor) => next = format!("{path}?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(paged, everything);
    let gone = site.json(&format!("/v1/stakers/{}", key(2))).await;
    assert_eq!(gone["positions"][0]["closed"], true);
}

#[tokio::test]
async fn proposals_say_what_they_do_and_where_they_stand_by_now() {
    let (site, ledger) = site().await;
    let list = site.json("/v1/proposals").await;
    let shown: Vec<(&str, &str)> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["number"].as_str().unwrap(), p["status"].as_str().unwrap()))
        .collect();
    let expected = [
        ("7", "ended"),
        ("6", "vetoed"),
        ("5", "executed"),
        ("4", "voided"),
        ("3", "rejected"),
        ("2", "rejected"),
        ("1", "executed"),
        ("0", "executed"),
    ];
    assert_eq!(shown, expected, "number four passed, then number five changed the rules");

    let first = site.json("/v1/proposals/0").await;
    assert_eq!(first["title"], "Set the fee on settled prices to 4.50 %");
    assert_eq!(first["action"]["kind"], "credits");
    assert_eq!(first["action"]["fields"], json!({ "order": "set", "parameter": "FeeBps", "value": "450" }));
    assert_eq!(first["deposit_state"], "returned");
    let votes = first["votes"]["data"].as_array().unwrap();
    let cast: Vec<(&str, &str)> =
        votes.iter().map(|v| (v["voter"].as_str().unwrap(), v["choice"].as_str().unwrap())).collect();
    assert_eq!(cast, [(key(7).to_string().as_str(), "abstain"), (key(3).to_string().as_str(), "yes")]);
    let number = |v: &Value| v["amount"].as_str().unwrap().parse::<u64>().unwrap();
    let tally = &first["tally"];
    assert_eq!(number(&tally["turnout"]), number(&tally["yes"]) + number(&tally["abstain"]));
    assert_eq!(tally["approval_bps"], 10_000);
    let progress = u128::from(number(&tally["turnout"])) * 10_000 / u128::from(number(&tally["quorum"]));
    assert_eq!(u128::from(tally["quorum_progress_bps"].as_u64().unwrap()), progress);
    let one = site.json("/v1/proposals/0?limit=1").await;
    let next = one["votes"]["page"]["next"].as_str().unwrap();
    let two = site.json(&format!("/v1/proposals/0?limit=1&cursor={next}")).await;
    assert_eq!(two["votes"]["data"][0], votes[1]);

    let forgotten = site.json("/v1/proposals/2").await;
    assert_eq!((&forgotten["deposit_state"], &forgotten["tally"]["approval_bps"]), (&json!("burned"), &Value::Null));
    assert_eq!(forgotten["votes"]["data"], json!([]));
    assert_eq!(ledger.governance.deposits_burned, 50 * IO);
}

#[tokio::test]
async fn nothing_is_shown_as_nothing() {
    let site = Website::open(Story::new()).await;
    for path in ["/v1/epochs", "/v1/operators", "/v1/proposals"] {
        let page = site.json(path).await;
        assert_eq!((&page["data"], &page["page"]["next"]), (&json!([]), &Value::Null), "{path}");
    }
    let token = site.json("/v1/tokens/io").await;
    assert_eq!((&token["supply"], &token["epochs"]), (&Value::Null, &json!([])));
    assert_eq!(token["burned"]["credits"], io(0));
    for (path, missing) in [
        ("/v1/epochs/0".to_owned(), "epoch 0"),
        (format!("/v1/operators/{}", key(1)), "operator "),
        (format!("/v1/stakers/{}", key(1)), "staker "),
        ("/v1/proposals/9".to_owned(), "proposal 9"),
    ] {
        let problem = site.problem(&path, StatusCode::NOT_FOUND).await;
        assert!(problem["detail"].as_str().unwrap().starts_with(missing), "{problem}");
    }
}

#[tokio::test]
async fn what_is_wrong_in_a_request_about_the_economy_is_named() {
    let (site, _) = site().await;
    let next = site.json("/v1/proposals/0?limit=1").await["votes"]["page"]["next"].as_str().unwrap().to_owned();
    for (path, expected) in [
        ("/v1/epochs?limit=0".to_owned(), "limit: "),
        ("/v1/epochs?cursor=x".to_owned(), "cursor: "),
        ("/v1/epochs/first".to_owned(), "number: "),
        ("/v1/epochs/-1".to_owned(), "number: "),
        ("/v1/epochs/99999999999999999999".to_owned(), "number: "),
        ("/v1/epochs/1?limit=2".to_owned(), "unknown field `limit`"),
        ("/v1/tokens/io?x=1".to_owned(), "unknown field `x`"),
        ("/v1/operators?status=paid".to_owned(), "unknown field `status`"),
        ("/v1/operators/abc".to_owned(), "address: "),
        ("/v1/stakers/abc".to_owned(), "address: "),
        ("/v1/proposals/0x1".to_owned(), "number: "),
        (format!("/v1/proposals/1?cursor={next}"), "cursor: "),
    ] {
        let problem = site.problem(&path, StatusCode::BAD_REQUEST).await;
        assert!(problem["detail"].as_str().unwrap().contains(expected), "{path}: {problem}");
    }
}
