//! Live events. Notifications only say that there is something new; what it is always comes from the table, read once for
//! all streams, so a slow client misses nothing and holds nothing up.
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{NoQuery, StrictQuery};
use crate::limits::{self, Share};
use crate::live::Head;
use crate::news::{MAX_BEHIND, News, Row};
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use explorer_client::{Event, Finality, Problem};
use futures::stream::{self, Stream};
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

const HEARTBEAT: Duration = Duration::from_secs(4);

/// Everything that happens, as server-sent events.
///
/// `event`: one row, with its id; `reverted`: the chain took an event back, which is in no list any more; `reset`: the client
/// is too far behind, or ahead of the table, and should read the lists again; `heartbeat`: how far the index is. Goes on after
/// the header `Last-Event-ID`, or from now on.
#[utoipa::path(get, path = "/v1/events", tag = "network", params(("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, description = "Server-sent events; `data` of an `event` is an Event, of a `reverted` a Reverted.",
            body = Event, content_type = "text/event-stream"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn stream(
    State(app): State<App>,
    Extension(client): Extension<limits::Client>,
    headers: HeaderMap,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Sse<impl Stream<Item = Result<Message, Infallible>>>, ApiError> {
    let permit = app.streams.clone().try_acquire_owned().map_err(|_| ApiError::too_many("event streams"))?;
    let most = app.limits.streams;
    let own = app.client_streams.take(client, most).ok_or_else(|| ApiError::too_many_of_yours(most))?;
    let restarts = app.news.borrow().restarts;
    // From the table: the news may be a moment behind, and what was there before is not sent.
    let newest = {
        let _turn = app.opening.lock().await;
        Head::read(&app.pool).await?.newest_event
    };
    let mut client = Client {
        head: app.head,
        news: app.news,
        shutdown: app.shutdown,
        heartbeat: interval(HEARTBEAT),
        sent_id: newest,
        restarts,
        reset: false,
        _permits: (permit, own),
    };
    client.heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    if let Some(last) = headers.get("last-event-id") {
        // An id from before this database was made anew can be ahead of it.
        let near = newest.saturating_sub(MAX_BEHIND).max(0)..=newest;
        let last = last.to_str().ok().and_then(|id| id.parse().ok()).filter(|id| near.contains(id));
        match last {
            Some(id) => client.sent_id = id,
            None => client.reset = true,
        }
    }
    let messages = stream::unfold(client, |mut client| async move {
        let message = client.next().await?;
        Some((Ok(message), client))
    });
    Ok(Sse::new(messages).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

struct Client {
    head: watch::Receiver<Head>,
    news: watch::Receiver<News>,
    shutdown: watch::Receiver<bool>,
    heartbeat: Interval,
    /// Everything up to this id was sent, or was there before.
    sent_id: i64,
    /// Of the database whose ids these are.
    restarts: u64,
    reset: bool,
    _permits: (OwnedSemaphorePermit, Share),
}

impl Client {
    /// `None` ends the stream: the server stops.
    async fn next(&mut self) -> Option<Message> {
        loop {
            let (newest, restarts, row) = {
                let news = self.news.borrow_and_update();
                (news.newest, news.restarts, news.after(self.sent_id))
            };
            let restarted = restarts != self.restarts;
            if self.reset || restarted || newest.saturating_sub(self.sent_id) > MAX_BEHIND {
                self.sent_id = if restarted { newest } else { self.sent_id.max(newest) };
                (self.restarts, self.reset) = (restarts, false);
                return Some(Message::default().event("reset").id(self.sent_id.to_string()).data("{}"));
            }
            if let Some(row) = row {
                self.sent_id = row.id();
                return self.message(&row);
            }
            tokio::select! {
                () = async { drop(self.shutdown.wait_for(|stop| *stop).await) } => return None,
                changed = self.news.changed() => changed.ok()?,
                _ = self.heartbeat.tick() => return Some(self.beat()),
            }
        }
    }

    fn message(&self, row: &Row) -> Option<Message> {
        let message = |kind| Message::default().event(kind).id(row.id().to_string());
        match row {
            Row::Event(event) => {
                let finality = Finality::of(event.slot, self.head.borrow().finalized_slot);
                message("event").json_data(Event { finality, ..event.clone() }).ok()
            }
            Row::Reverted(reverted) => message("reverted").json_data(reverted).ok(),
        }
    }

    fn beat(&self) -> Message {
        let head = self.head.borrow();
        let data = json!({ "state": head.freshness().word(), "indexed_slot": head.indexed_slot });
        Message::default().event("heartbeat").data(data.to_string())
    }
}
