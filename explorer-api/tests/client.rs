#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use explorer_api::Limits;
use explorer_client::*;
use futures::TryStreamExt;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use support::story::{Story, key};
use support::world::World;
use website::Website;

async fn all<Q: ListQuery>(api: &Client, query: Q) -> Vec<Q::Row> {
    api.rows(query).try_collect().await.unwrap_or_else(|error| panic!("{}: {error}", Q::PATH))
}

#[tokio::test]
async fn the_client_reads_every_list_and_detail_as_the_server_means_it() {
    let site = Website::open(World::lived_in().story).await;
    let api = Client::new(&site.url("")).unwrap();
    let jobs = all(&api, JobsQuery { limit: Some(2), sort: Some(JobsSort::Cheapest), ..Default::default() }).await;
    assert_eq!(jobs.len() as i64, api.network().await.unwrap().jobs.total);
    let price = |job: &Job| job.price.amount.parse::<u64>().unwrap();
    assert!(jobs.is_sorted_by_key(price) && jobs.len() > 5);
    let paid = JobsQuery {
        status: Some(JobStatus::Paid),
        operator: Some(key(3).to_string().parse().unwrap()),
        posted_from: Some(jobs[0].posted_at),
        ..Default::default()
    };
    assert!(all(&api, paid).await.iter().all(|job| job.status == "paid"));
    for job in &jobs {
        assert_eq!(&api.job(&job.address).await.unwrap().job, job);
    }
    for device in all(&api, DevicesQuery::default()).await {
        assert_eq!(api.device(&device.key).await.unwrap().device, device);
    }
    for operator in all(&api, OperatorsQuery { limit: Some(1), ..Default::default() }).await {
        assert_eq!(api.operator(&operator.key).await.unwrap().operator, operator);
    }
    assert!(!all(&api, EpochsQuery { limit: Some(1), ..Default::default() }).await.is_empty());
    assert!(!all(&api, RedemptionsQuery { limit: Some(1), ..Default::default() }).await.is_empty());
    assert!(!all(&api, ProposalsQuery { decision: Some(Decision::Executed), ..Default::default() }).await.is_empty());
    assert!(!all(&api, VotesQuery { limit: Some(1), ..Default::default() }).await.is_empty());
    assert!(!all(&api, StakeChangesQuery { limit: Some(50), ..Default::default() }).await.is_empty());
    assert!(!api.market().await.unwrap().classes.is_empty());
    let series = api.jobs_series(&SeriesQuery::default()).await.unwrap();
    assert_eq!(series.data.iter().map(|point| point.posted).sum::<i64>(), jobs.len() as i64);
}

#[tokio::test]
async fn every_address_of_the_api_has_a_method_of_the_client() {
    let site = Website::open(World::lived_in().story).await;
    let api = Client::new(&site.url("")).unwrap();
    let page = PageQuery { limit: Some(1), ..Default::default() };
    let (span, earned) = (SeriesQuery::default(), EarningsQuery::default());
    let job = all(&api, JobsQuery::default()).await.remove(0);
    let device = all(&api, DevicesQuery::default()).await.remove(0);
    let epoch = all(&api, EpochsQuery::default()).await.remove(0).index.parse().unwrap();
    let proposal = all(&api, ProposalsQuery::default()).await.remove(0).number.parse().unwrap();
    let (operator, staker) = (key(3).to_string(), key(7).to_string());
    let answers = [
        (JobsQuery::PATH, api.page(&JobsQuery::default()).await.map(drop)),
        (DevicesQuery::PATH, api.page(&DevicesQuery::default()).await.map(drop)),
        (OperatorsQuery::PATH, api.page(&OperatorsQuery::default()).await.map(drop)),
        (EpochsQuery::PATH, api.page(&EpochsQuery::default()).await.map(drop)),
        (RedemptionsQuery::PATH, api.page(&RedemptionsQuery::default()).await.map(drop)),
        (ProposalsQuery::PATH, api.page(&ProposalsQuery::default()).await.map(drop)),
        (VotesQuery::PATH, api.page(&VotesQuery::default()).await.map(drop)),
        (StakeChangesQuery::PATH, api.page(&StakeChangesQuery::default()).await.map(drop)),
        (ModelsQuery::PATH, api.page(&ModelsQuery::default()).await.map(drop)),
        ("/v1/jobs/{address}", api.job(&job.address).await.map(drop)),
        ("/v1/devices/{key}", api.device(&device.key).await.map(drop)),
        ("/v1/operators/{address}", api.operator(&operator).await.map(drop)),
        ("/v1/stakers/{address}", api.staker(&staker, &page).await.map(drop)),
        ("/v1/epochs/{index}", api.epoch(epoch).await.map(drop)),
        ("/v1/proposals/{number}", api.proposal(proposal, &page).await.map(drop)),
        ("/v1/transactions/{signature}", api.transaction(&job.posted_signature).await.map(drop)),
        ("/v1/search", api.search(&job.address).await.map(drop)),
        ("/v1/network", api.network().await.map(drop)),
        ("/v1/market", api.market().await.map(drop)),
        ("/v1/tokens/io", api.token().await.map(drop)),
        ("/v1/series/jobs", api.jobs_series(&span).await.map(drop)),
        ("/v1/series/demand", api.demand_series(&span).await.map(drop)),
        ("/v1/series/supply", api.supply_series(&span).await.map(drop)),
        ("/v1/series/price", api.price_series(&span).await.map(drop)),
        ("/v1/series/earnings", api.earnings_series(&earned).await.map(drop)),
    ];
    for (path, answer) in &answers {
        assert!(answer.is_ok(), "{path}: {answer:?}");
    }
    let asked: BTreeSet<&str> = answers.iter().map(|(path, _)| *path).collect();
    let document: Value = serde_json::from_str(&explorer_api::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap().keys().map(String::as_str);
    let exist: BTreeSet<&str> = paths.filter(|path| path.starts_with("/v1/") && *path != "/v1/events").collect();
    assert_eq!(asked, exist);
    let found = api.search(&job.address).await.unwrap();
    assert_eq!((found.data[0].kind, &found.data[0].id), (HitKind::Job, &job.address));
    assert_eq!(api.staker(&staker, &page).await.unwrap().history.data.len(), 1, "the page is asked for");
}

#[tokio::test]
async fn the_client_tells_a_refusal_from_a_silence() {
    let limits = Limits { per_second: 1, burst: 2, ..Limits::default() };
    let site = Website::limited(Story::every_ending(), limits).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let api = Client::new(&site.url("")).unwrap();
    assert_eq!(all(&api, ModelsQuery::default()).await[0].jobs_posted, 8);
    let refused = loop {
        match api.job(&key(404).to_string()).await.unwrap_err() {
            ClientError::Refused { problem, .. } if problem.code == "not_found" => {}
            other => break other,
        }
    };
    let ClientError::Refused { problem, retry_after } = refused else { panic!("{refused}") };
    assert_eq!((problem.code.as_str(), retry_after), ("rate_limited", Some(Duration::from_secs(1))));
    assert!(matches!(Client::new("not an address"), Err(ClientError::Address { .. })));
    let nobody = Client::new("http://127.0.0.1:1").unwrap();
    assert!(matches!(nobody.network().await, Err(ClientError::Unreachable(_))));
}
