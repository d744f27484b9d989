//! The coin's way through the network, and a vote that changes what the next job pays.
use compute::Preference;

#[tokio::test(flavor = "multi_thread")]
async fn coins_are_burned_redeemed_staked_earned_and_a_vote_changes_the_next_jobs_fee() {
    let folder = tempfile::Builder::new().prefix("io-e2e").tempdir().unwrap();
    let mut options = demo::network(folder.path(), &e2e::built("SBF_OUT_DIR", "target/deploy"));
    options.slot_ms = 100;
    options.epoch_s = 3;
    let net = localnet::LocalNet::start(options, |_| {}).await.unwrap();
    let told = demo::economy::tell(&net, &e2e::digits(), &Preference::Cpu, &|_| {}).await.unwrap();

    assert_eq!((told.io_burned.as_str(), told.iosd_bought.as_str()), ("20.00000000", "5.000000")); // at 25 cents
    assert_eq!((told.fee_bps_before, told.fee_bps_after), (500, 450));
    assert_eq!((told.first_job_fee.as_str(), told.next_job_fee.as_str()), ("0.025000", "0.022500"));
    assert_eq!((told.redeemed_iosd.as_str(), told.redeemed_io.as_str()), ("0.475000", "1.90000000"));
    // One percent of 0.5 points, all of what the incentives' fifth of the fee was.
    assert_eq!(told.rebate_iosd, "0.005000");
    assert_eq!(told.proposal_status, "executed");
    assert_ne!(told.staker_rewards_io, "0.00000000");
    assert_ne!(told.supplier_commission_io, "0.00000000");
    assert_eq!(told.after.supplier_earnings_iosd, "0.477500");
    assert_eq!((told.before.user_io.as_str(), told.after.user_io.as_str()), ("100.00000000", "78.00000000"));
    assert_eq!(told.before.pool_io, "250.00000000");
    assert_eq!(told.after.pool_io, "250.00000000");

    assert_eq!(told.audit_differences, 0);
    assert!(told.audit_checks > 500, "{}", told.audit_checks);

    let pool = sqlx::PgPool::connect(&net.database_url).await.unwrap();
    let holes: i64 = sqlx::query_scalar("SELECT count(*) FROM sequence_faults").fetch_one(&pool).await.unwrap();
    assert_eq!(holes, 0);
    pool.close().await;
    net.stop().await.unwrap();
}
