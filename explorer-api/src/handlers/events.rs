//! Live events. Notifications only say that there is something new; what it is always comes from the table, so a slow
//! client misses nothing and holds nothing up.
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{NoQuery, StrictQuery};
use crate::limits::{self, StreamPermit};
use crate::live::Head;
use crate::store::events::{EventRow, after};
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use explorer_client::{Event, Problem, Reverted};
use futures::stream::{self, Stream};
use serde_json::json;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Rows read at once.
const BATCH: i64 = 200;
/// A client further behind is told to load the page again rather than be sent all of it.
const MAX_BEHIND: i64 = 1_000;
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
    let newest = Head::read(&app.pool).await?.newest_event;
    let mut client = Client {
        head: app.head.clone(),
        shutdown: app.shutdown.clone(),
        heartbeat: interval(HEARTBEAT),
        sent_id: newest,
        reset: false,
        rows: VecDeque::new(),
        _permits: (permit, own),
        app,
    };
    client.heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    if let Some(last) = headers.get("last-event-id") {
        // An id from before this database was made anew can be ahead of it.
        let last = last.to_str().ok().and_then(|id| id.parse().ok()).filter(|id| (0..=newest).contains(id));
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
    app: App,
    head: watch::Receiver<Head>,
    shutdown: watch::Receiver<bool>,
    heartbeat: Interval,
    /// Everything up to this id was sent, or was there before.
    sent_id: i64,
    reset: bool,
    rows: VecDeque<EventRow>,
    _permits: (OwnedSemaphorePermit, StreamPermit),
}

impl Client {
    /// `None` ends the stream: the server stops, or the database does not answer (the client connects again).
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(row) = self.rows.pop_front() {
                self.sent_id = row.id;
                return self.event(row);
            }
            let newest = self.head.borrow_and_update().newest_event;
            if newest.saturating_sub(self.sent_id) > MAX_BEHIND {
                self.reset = true;
            }
            if std::mem::take(&mut self.reset) {
                self.sent_id = self.sent_id.max(newest);
                return Some(Message::default().event("reset").id(self.sent_id.to_string()).data("{}"));
            }
            if newest > self.sent_id {
                self.rows = after(&self.app.pool, self.sent_id, BATCH).await.ok()?.into();
                if !self.rows.is_empty() {
                    continue;
                }
            }
            tokio::select! {
                () = async { drop(self.shutdown.wait_for(|stop| *stop).await) } => return None,
                changed = self.head.changed() => changed.ok()?,
                _ = self.heartbeat.tick() => return Some(self.beat()),
            }
        }
    }

    fn event(&self, row: EventRow) -> Option<Message> {
        if let Some(event_id) = row.reverted {
            let event = row.show(None);
            let reverted = Reverted {
                id: event.id,
                event_id,
                program: event.program,
                kind: event.kind,
                job: event.job,
                signature: event.signature,
                slot: event.slot,
            };
            return Message::default().event("reverted").id(reverted.id.to_string()).json_data(&reverted).ok();
        }
        let event = row.show(self.head.borrow().finalized_slot);
        Message::default().event("event").id(event.id.to_string()).json_data(&event).ok()
    }

    fn beat(&self) -> Message {
        let head = self.head.borrow();
        let data = json!({ "state": head.freshness().word(), "indexed_slot": head.indexed_slot });
        Message::default().event("heartbeat").data(data.to_string())
    }
}
