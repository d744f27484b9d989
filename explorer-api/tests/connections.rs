//! Whoever connects and says nothing takes nothing from the others.
#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use website::Website;

async fn connect(site: &Website) -> TcpStream {
    TcpStream::connect(site.url("").trim_start_matches("http://")).await.unwrap()
}

#[tokio::test]
async fn a_connection_that_never_ends_its_request_is_closed() {
    let site = Website::without_index().await;
    let (mut silent, mut slow) = (connect(&site).await, connect(&site).await);
    slow.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    for socket in [&mut silent, &mut slow] {
        let ended = timeout(Duration::from_secs(40), socket.read_to_end(&mut Vec::new())).await;
        assert!(ended.is_ok(), "the server closes it");
    }
}

#[tokio::test]
async fn a_connection_whose_answers_nobody_reads_is_closed() {
    let site = Website::without_index().await;
    let mut deaf = connect(&site).await;
    // More than any buffer between the two holds.
    let asked = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(500);
    let ended = timeout(Duration::from_secs(60), async {
        while deaf.write_all(&asked).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    ended.await.expect("the server closes it");
}

#[tokio::test]
async fn one_client_has_only_so_many_connections() {
    let site = Website::without_index().await;
    let mut sockets = Vec::new();
    for _ in 0..256 {
        sockets.push(connect(&site).await);
    }
    assert!(site.http.get(site.url("/livez")).send().await.is_err(), "no place for one more");
    let mut refused = connect(&site).await;
    let read = timeout(Duration::from_secs(5), refused.read(&mut [0])).await.expect("closed at once");
    assert!(!matches!(read, Ok(1)));
    drop(sockets);
    timeout(Duration::from_secs(10), async {
        while site.http.get(site.url("/livez")).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("their places are free again");
}
