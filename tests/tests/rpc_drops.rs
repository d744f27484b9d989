//! A node behind a connection that drops.
use client::{Chain, Keypair, Signer, credits_ix, jobs_ix};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::net::{TcpListener, TcpStream};

/// Forwards to `target`, but closes the first `drops` connections as soon as they are made.
async fn flaky(target: String, drops: u32) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let left = Arc::new(AtomicU32::new(drops));
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
                continue; // dropping the stream closes it
            }
            let target = target.clone();
            tokio::spawn(async move {
                if let Ok(mut node) = TcpStream::connect(target).await {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut node).await;
                }
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_lands_once_through_a_node_that_drops_connections() {
    let (net, _folder) = e2e::network(60).await.unwrap();
    let key = Keypair::new();
    net.fund(&key.pubkey(), 0).await.unwrap();
    let chain = Chain::new(flaky(net.rpc_url.trim_start_matches("http://").into(), 2).await);
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
    let chain = Chain::new(flaky(net.rpc_url.trim_start_matches("http://").into(), u32::MAX).await);
    let me = key.pubkey();
    let error = chain.send(&[credits_ix::open_earnings(me, me)], &[&key]).await.unwrap_err();
    assert!(matches!(error, client::ClientError::Unreachable { .. }), "{error}");
    let earnings: Option<credits::state::Earnings> =
        net.chain().find("earnings", &client::address::earnings(&me)).await.unwrap();
    assert!(earnings.is_none());
    net.stop().await.unwrap();
}
