//! A load generator: so many connections, each with one request at a time.
use super::live::quantile;
use crate::timing::rounded;
use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// After what failed, before asking again.
const PAUSE: Duration = Duration::from_millis(50);

/// What became of a load.
#[derive(Clone, Debug, Default)]
pub struct Load {
    pub seconds: f64,
    latencies_ms: Vec<f64>,
    /// When answers other than 200 came.
    pub failed: Vec<Instant>,
    /// Connections that broke or were refused.
    pub broken: u64,
}

impl Load {
    pub fn per_s(&self) -> f64 {
        self.latencies_ms.len() as f64 / self.seconds
    }

    pub fn p99_ms(&self) -> f64 {
        quantile(self.latencies_ms.clone(), 0.99)
    }

    pub fn json(&self) -> Value {
        json!({
            "requests_per_second": rounded(self.per_s()), "p50_ms": rounded(quantile(self.latencies_ms.clone(), 0.5)),
            "p99_ms": rounded(self.p99_ms()), "failed": self.failed.len(), "broken": self.broken,
        })
    }
}

async fn connect(server: SocketAddr) -> Result<SendRequest<Empty<Bytes>>> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // Ends with the connection.
    tokio::spawn(connection);
    Ok(sender)
}

/// Status and body of one answer.
async fn ask(sender: &mut SendRequest<Empty<Bytes>>, server: SocketAddr, path: &str) -> Result<(u16, Bytes)> {
    sender.ready().await?;
    let request = Request::get(path).header("host", server.to_string()).body(Empty::new())?;
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}

/// One answer that must be good, as JSON.
pub async fn get(server: SocketAddr, path: &str) -> Result<Value> {
    let mut sender = connect(server).await?;
    let (status, body) = ask(&mut sender, server, path).await?;
    if status != 200 {
        bail!("GET {path}: {status}: {}", String::from_utf8_lossy(&body));
    }
    serde_json::from_slice(&body).with_context(|| format!("GET {path}"))
}

/// Waits until the server listens.
pub async fn listening(server: SocketAddr, limit: Duration) -> Result<()> {
    let started = Instant::now();
    while TcpStream::connect(server).await.is_err() {
        anyhow::ensure!(started.elapsed() < limit, "{server} does not listen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Asks for `paths` in turn, over `clients` connections, for as long as `time`, each resting for `rest` after an answer. A
/// connection that breaks is made anew.
pub async fn load(
    server: SocketAddr,
    paths: Arc<Vec<String>>,
    clients: usize,
    time: Duration,
    rest: Duration,
) -> Result<Load> {
    let started = Instant::now();
    let one = |client| one(server, paths.clone(), (client, clients), started + time, rest);
    let tasks: Vec<_> = (0..clients).map(|client| tokio::spawn(one(client))).collect();
    let mut sum = Load::default();
    for task in tasks {
        let load = task.await?;
        sum.latencies_ms.extend(load.latencies_ms);
        sum.failed.extend(load.failed);
        sum.broken += load.broken;
    }
    sum.seconds = started.elapsed().as_secs_f64();
    Ok(sum)
}

async fn one(
    server: SocketAddr,
    paths: Arc<Vec<String>>,
    (first, step): (usize, usize),
    end: Instant,
    rest: Duration,
) -> Load {
    let (mut load, mut sender, mut at) = (Load::default(), None, first);
    while Instant::now() < end {
        let mut open = match sender.take() {
            Some(open) => open,
            None => match connect(server).await {
                Ok(open) => open,
                Err(_) => {
                    load.broken += 1;
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        let asked = Instant::now();
        match ask(&mut open, server, &paths[at % paths.len()]).await {
            Ok((200, _)) => load.latencies_ms.push(asked.elapsed().as_secs_f64() * 1e3),
            Ok(_) => {
                load.failed.push(Instant::now());
                tokio::time::sleep(PAUSE).await;
            }
            Err(_) => {
                load.broken += 1;
                continue;
            }
        }
        sender = Some(open);
        at += step;
        if !rest.is_zero() {
            tokio::time::sleep(rest).await;
        }
    }
    load
}
