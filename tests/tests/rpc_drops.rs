//! A node behind a connection that drops.
use client::{Chain, Keypair, Signer, credits_ix, jobs_ix};
use e2e::flaky;

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_lands_once_through_a_node_that_drops_connections() {
    let (net, _folder) = e2e::network(60).await.unwrap();
    let key = Keypair::new();
    net.fund(&key.pubkey(), 0).await.unwrap();
    let chain = Chain::new(flaky(&net, 2).await);
    let me = key.pubkey();
    let register = [credits_ix::open_earnings(me, me), jobs_ix::register_operator(me)];
    chain.send(&register, &[&key]).await.unwrap();
    let operator: Option<jobs::state::Operator> =
        net.chain().find("operator", &client::address::operator(&me)).await.unwrap();
    assert!(operator.is_some());
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_never_answers_gives_an_error_and_changes_nothing() {
    let (net, _folder) = e2e::network(60).await.unwrap();
    let key = Keypair::new();
    net.fund(&key.pubkey(), 0).await.unwrap();
    let chain = Chain::new(flaky(&net, u32::MAX).await);
    let me = key.pubkey();
    let error = chain.send(&[credits_ix::open_earnings(me, me)], &[&key]).await.unwrap_err();
    assert!(matches!(error, client::ClientError::Unreachable { .. }), "{error}");
    let earnings: Option<credits::state::Earnings> =
        net.chain().find("earnings", &client::address::earnings(&me)).await.unwrap();
    assert!(earnings.is_none());
    net.stop().await.unwrap();
}
