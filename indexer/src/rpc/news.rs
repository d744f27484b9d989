//! News from a node's websocket: a transaction of ours has landed. It only shortens the pause at the tip, so nothing depends on
//! whether messages come, in which order, or how often.
use super::level;
use crate::decode::Program;
use crate::source::Finality;
use futures::StreamExt;
use futures::stream::SelectAll;
use solana_pubsub_client::nonblocking::pubsub_client::{PubsubClient, PubsubClientError};
use solana_rpc_client_api::config::{RpcTransactionLogsConfig, RpcTransactionLogsFilter};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// Listens until it is dropped.
pub struct News {
    heard: Arc<Notify>,
    listener: JoinHandle<()>,
}

impl News {
    /// Connects to `url` in the background, again and again if need be.
    pub fn listen(url: String, commitment: Finality) -> Self {
        let heard = Arc::new(Notify::new());
        let listener = tokio::spawn(listen(url, commitment, Arc::clone(&heard)));
        News { heard, listener }
    }

    /// Ends at the next news, at once if there were some since the last time.
    pub async fn next(&self) {
        self.heard.notified().await;
    }
}

impl Drop for News {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn listen(url: String, commitment: Finality, heard: Arc<Notify>) {
    let mut retry = FIRST_RETRY;
    loop {
        let ended = follow(&url, commitment, &heard, &mut retry).await;
        // Errors may name the address, and an address may hold a key.
        let why = match ended {
            Ok(()) => "the connection ended",
            Err(PubsubClientError::ConnectionError(_)) => "no connection",
            Err(PubsubClientError::UrlParseError(_)) => "the address is none",
            Err(_) => "the subscription failed",
        };
        tracing::warn!(why, retry_ms = retry.as_millis(), "no news by websocket: polling goes on");
        tokio::time::sleep(retry).await;
        retry = (retry * 2).min(LONGEST_RETRY);
    }
}

async fn follow(
    url: &str,
    commitment: Finality,
    heard: &Notify,
    retry: &mut Duration,
) -> Result<(), PubsubClientError> {
    let client = PubsubClient::new(url).await?;
    let mut news = SelectAll::new();
    for program in Program::ALL {
        let filter = RpcTransactionLogsFilter::Mentions(vec![bs58::encode(program.id()).into_string()]);
        let config = RpcTransactionLogsConfig { commitment: Some(level(commitment)) };
        news.push(client.logs_subscribe(filter, config).await?.0);
    }
    *retry = FIRST_RETRY;
    tracing::info!("news by websocket");
    // Something may have happened before.
    heard.notify_one();
    while news.next().await.is_some() {
        heard.notify_one();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn it_calls_again_after_whatever_answers_over_tls_or_not() {
        for scheme in ["ws", "wss"] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("{scheme}://{}", listener.local_addr().unwrap());
            let _news = News::listen(url, Finality::Confirmed);
            for call in 0..2 {
                // Each call is hung up at once.
                let called = tokio::time::timeout(Duration::from_secs(20), listener.accept()).await;
                assert!(called.is_ok(), "{scheme}: no call {call}");
            }
        }
    }
}
