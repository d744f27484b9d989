//! The whole story: an honest supplier is paid, a cheat is caught, and explorer, database and chain agree about it.
use compute::Preference;
use demo::{Options, Story};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_supplier_is_paid_and_a_cheat_is_refused_disputed_and_unpaid() {
    let (net, _folder) = e2e::network(60).await.unwrap();
    let options = Options {
        digits: e2e::digits(),
        onnxruntime: e2e::built("IO_ONNXRUNTIME", "target/onnxruntime"),
        backend: Preference::Auto,
    };
    let told = Story::tell(&net, &options, &|_| {}).await.unwrap();

    assert_eq!(told.status, "paid");
    assert_eq!((told.price_iosd.as_str(), told.fee_iosd.as_str()), ("0.500000", "0.025000"));
    assert_eq!(told.supplier_iosd, "0.475000");
    assert_eq!(told.supplier_io, "1.90000000"); // at 25 cents
    assert!(told.bit_exact, "ONNX Runtime, reference, paid result and GPU kernels differ");
    assert_eq!(told.top1_ours, told.top1_onnxruntime_int8);
    assert!(told.top1_ours > 0.96, "{}", told.top1_ours);
    assert!(!told.cheater_paid);
    assert_eq!(told.cheater_status, "refunded");
    let cell = format!("layer {}, row {}, column {}", told.fault.layer, told.fault.row, told.fault.column);
    assert!(told.fault.refusal.contains(&cell), "{}", told.fault.refusal);

    let get = async |path: &str| -> Value {
        let response = reqwest::get(format!("{}{path}", net.api_url)).await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    };
    let job = get(&format!("/v1/jobs/{}", told.job)).await.to_string();
    for step in ["post_job", "claim_job", "commit_result", "accept_result"] {
        let signature = told.signatures[step].as_str().unwrap();
        assert!(job.contains(signature), "the job's history lacks {step}: {job}");
    }
    assert!(job.contains(&told.commitment), "{job}");
    let page = reqwest::get(&told.explorer_url).await.unwrap().text().await.unwrap();
    assert!(page.contains("accepted by the user"), "{page}");

    // Every program and shard: the last sequence number is the number of rows, so none is missing or double.
    let pool = sqlx::PgPool::connect(&net.database_url).await.unwrap();
    let holes: i64 = sqlx::query_scalar("SELECT count(*) FROM sequence_faults").fetch_one(&pool).await.unwrap();
    assert_eq!(holes, 0);
    pool.close().await;
    net.stop().await.unwrap();
}
