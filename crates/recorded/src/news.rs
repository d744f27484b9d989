//! The node's websocket, by which it says at once that transactions have landed (`logsSubscribe`).
use crate::chain::Chain;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

/// Gets what there is to say, and the slot at the tip, and gives what is said; `None`: the connection ends.
pub type NewsFault = Arc<dyn Fn(u64, Vec<String>) -> Option<Vec<String>> + Send + Sync>;

/// Serves whoever connects, for ever.
pub async fn serve(listener: TcpListener, chain: Arc<Chain>, fault: Option<NewsFault>, hung_up: watch::Receiver<()>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (chain, fault, mut hung_up) = (Arc::clone(&chain), fault.clone(), hung_up.clone());
        hung_up.mark_unchanged();
        tokio::spawn(async move {
            tokio::select! {
                // Whoever speaks something else is not answered.
                _ = connection(stream, &chain, fault) => {}
                _ = hung_up.changed() => {}
            }
        });
    }
}

async fn connection(
    stream: TcpStream,
    chain: &Chain,
    fault: Option<NewsFault>,
) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    let mut socket = tokio_tungstenite::accept_async(stream).await?;
    let mut tip = chain.watch();
    let mut told = tip.borrow_and_update().confirmed;
    // The addresses asked for; a subscription's number is its place here.
    let mut subscriptions: Vec<String> = Vec::new();
    loop {
        tokio::select! {
            message = socket.next() => {
                let Some(message) = message else { return Ok(()) };
                if let Message::Text(text) = message? {
                    socket.send(Message::text(subscribed(&text, &mut subscriptions))).await?;
                }
            }
            moved = tip.changed(), if !subscriptions.is_empty() => {
                let now = tip.borrow_and_update().confirmed;
                let news = news(chain, told, now, &subscriptions);
                told = now;
                let said = match &fault {
                    Some(fault) => fault(now, news),
                    None => Some(news),
                };
                let (Ok(()), Some(said)) = (moved, said) else { return Ok(()) };
                for text in said {
                    socket.send(Message::text(text)).await?;
                }
            }
        }
    }
}

/// The answer to a request.
fn subscribed(request: &str, subscriptions: &mut Vec<String>) -> String {
    let request: Value = serde_json::from_str(request).unwrap_or_default();
    let (id, address) = (&request["id"], request["params"][0]["mentions"][0].as_str());
    match address.filter(|_| request["method"] == "logsSubscribe") {
        Some(address) => {
            subscriptions.push(address.into());
            json!({ "jsonrpc": "2.0", "id": id, "result": subscriptions.len() - 1 }).to_string()
        }
        None => {
            let error = json!({ "code": -32602, "message": "Invalid params" });
            json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string()
        }
    }
}

/// A message for every subscription and transaction after slot `told` up to `now` that mentions its address.
fn news(chain: &Chain, told: u64, now: u64, subscriptions: &[String]) -> Vec<String> {
    let index = chain.index();
    let mut news: Vec<_> = subscriptions
        .iter()
        .enumerate()
        .flat_map(|(subscription, address)| {
            let places = index.by_address.get(address).into_iter().flatten();
            places.filter(|(slot, _)| (told + 1..=now).contains(slot)).map(move |place| (*place, subscription))
        })
        .collect();
    news.sort_unstable();
    let message = |(place, subscription)| {
        let value = json!({ "signature": index.signatures[&place], "err": null, "logs": [] });
        let result = json!({ "context": { "slot": place.0 }, "value": value });
        let params = json!({ "result": result, "subscription": subscription });
        json!({ "jsonrpc": "2.0", "method": "logsNotification", "params": params }).to_string()
    };
    news.into_iter().map(message).collect()
}
