#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use explorer_api::Limits;
use explorer_client::*;
use futures::TryStreamExt;
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
    assert!(!all(&api, ModelsQuery::default()).await.is_empty());
    let market: Market = api.get("/v1/market", &()).await.unwrap();
    assert!(!market.classes.is_empty());
    let series: Series<JobsPoint> = api.get("/v1/series/jobs", &SeriesQuery::default()).await.unwrap();
    assert_eq!(series.data.iter().map(|point| point.posted).sum::<i64>(), jobs.len() as i64);
}

#[tokio::test]
async fn the_client_tells_a_refusal_from_a_silence() {
    let site = Website::limited(Story::new(), Limits { per_second: 1, burst: 2, ..Limits::default() }).await;
    let api = Client::new(&site.url("")).unwrap();
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
