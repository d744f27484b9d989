//! Connections: how many there may be, how long one may take for the head of a request, and how long it may leave an answer unread.
//! `axum::serve` bounds nothing of it.
use crate::limits::{Client, Shares};
use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;

/// Connections at once; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 2_048;
/// Connections of one client; more are closed at once.
const MAX_OF_CLIENT: u32 = 256;
/// A request's head is whole by then, from the connection's beginning or the last answer on.
const HEAD_LIMIT: Duration = Duration::from_secs(15);
/// A client that takes nothing of its answer for so long is gone.
const WRITE_LIMIT: Duration = Duration::from_secs(20);
/// For requests in flight when the server stops; whoever runs it does not wait for ever.
const LAST_ANSWERS: Duration = Duration::from_secs(20);

/// Serves until `stop` becomes true or its sender is gone, then finishes the requests in flight.
pub async fn serve(mut listener: TcpListener, router: Router, behind_proxy: bool, mut stop: watch::Receiver<bool>) {
    let open = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let shares = Shares::default();
    // Behind a proxy everybody has its address.
    let most = if behind_proxy { u32::MAX } else { MAX_OF_CLIENT };
    let graceful = GracefulShutdown::new();
    let router: Router = router.with_state(());
    let router = TowerToHyperService::new(router);
    loop {
        let accepted = async {
            let permit = open.clone().acquire_owned().await.ok()?;
            let (socket, peer) = Listener::accept(&mut listener).await;
            Some((permit, socket, peer))
        };
        let (permit, socket, peer) = tokio::select! {
            Some(accepted) = accepted => accepted,
            () = async { drop(stop.wait_for(|stop| *stop).await) } => break,
        };
        let Some(share) = shares.take(Client::at(peer.ip()), most) else { continue };
        let router = router.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            router.call(request)
        });
        let mut socket = TimeoutStream::new(socket);
        socket.set_write_timeout(Some(WRITE_LIMIT));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_LIMIT)
            .serve_connection(TokioIo::new(Box::pin(socket)), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
            drop((permit, share));
        });
    }
    drop(listener);
    if tokio::time::timeout(LAST_ANSWERS, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections that do not end are left");
    }
}
