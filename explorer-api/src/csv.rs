//! Lists as CSV (RFC 4180), row by row.
use crate::app::App;
use crate::error::ApiError;
use crate::limits::ASKING;
use crate::list::{Cursor, Listed, Walk};
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream, StreamExt};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc;

/// Rows of one export; the last line then says where the next one begins.
pub const MAX_ROWS: u32 = 50_000;
/// Rows read at once.
const BATCH: u32 = 500;
/// A client that has not read all of it by then is left with a broken transfer.
const LIMIT: Duration = Duration::from_secs(60);

/// A part of an export; `None` says that it is whole.
type Piece = Option<String>;

/// Everything from `start` on. Between batches nothing is held but a place in the list.
pub async fn export<Q: Listed>(app: App, walk: Walk<Q>, start: Option<Cursor>) -> Result<Response, ApiError> {
    let own = app.client_exports.take(ASKING.get(), 1).ok_or_else(ApiError::too_many_exports)?;
    let permit = app.exports.clone().try_acquire_owned().map_err(|_| ApiError::too_many("exports"))?;
    let rows = walk.part.limit.unwrap_or(MAX_ROWS);
    if !(1..=MAX_ROWS).contains(&rows) {
        return Err(ApiError::invalid_parameter("limit", format!("{rows} is not between 1 and {MAX_ROWS} for CSV")));
    }
    let name = format!("{}.csv", Q::PATH.trim_start_matches("/v1/"));
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    // The first batch before the answer begins: what is wrong with the database is still a problem with a status.
    let (text, next) = batch(&app, &walk, start.as_ref(), rows.min(BATCH)).await?;
    let text =
        format!("{}\r\n{text}", Q::CSV.iter().map(|place| place.replace('.', "_")).collect::<Vec<_>>().join(","));
    let (sender, receiver) = mpsc::channel(1);
    // Not in the body itself: nobody asks that for more while the client reads nothing.
    let rest = rest(app, walk, next, rows.saturating_sub(BATCH), sender.clone());
    tokio::spawn(send(rest, LIMIT, (own, permit), sender));
    Ok((headers, Body::from_stream(stream::iter([Ok(text)]).chain(body(receiver)))).into_response())
}

/// Sends all batches after the first. Returns the last line of an export that was cut off, `None` if it failed.
async fn rest<Q: Listed>(
    app: App,
    walk: Walk<Q>,
    mut next: Option<Next>,
    mut left: u32,
    pieces: mpsc::Sender<Piece>,
) -> Option<String> {
    while left > 0
        && let Some((from, _)) = &next
    {
        let (text, following) = batch(&app, &walk, Some(from), left.min(BATCH)).await.ok()?;
        pieces.send(Some(text)).await.ok()?;
        left = left.saturating_sub(BATCH);
        next = following;
    }
    // Who asked for so many rows knows that there may be more.
    let cut = next.filter(|_| walk.part.limit.is_none());
    Some(cut.map_or(String::new(), |(_, cursor)| {
        format!("# cut off after {MAX_ROWS} rows; go on with cursor={cursor}\r\n")
    }))
}

/// Runs `rest` for so long at most, then gives back what the export holds and tells the end.
async fn send<P>(rest: impl Future<Output = Option<String>>, limit: Duration, permits: P, pieces: mpsc::Sender<Piece>) {
    let ended = tokio::time::timeout(limit, rest).await;
    // First: whoever has read the end may ask again.
    drop(permits);
    if let Ok(Some(last)) = ended {
        if !last.is_empty() {
            let _ = pieces.send(Some(last)).await;
        }
        let _ = pieces.send(None).await;
    }
}

/// Fails unless the end is told: a file that was cut short must not look whole.
fn body(pieces: mpsc::Receiver<Piece>) -> impl Stream<Item = Result<String, &'static str>> {
    stream::try_unfold(pieces, |mut pieces| async move {
        match pieces.recv().await {
            Some(Some(text)) => Ok(Some((text, pieces))),
            Some(None) => Ok(None),
            None => Err("the export was broken off"),
        }
    })
}

/// Where the next batch begins, and the same as text.
type Next = (Cursor, String);

async fn batch<Q: Listed>(
    app: &App,
    walk: &Walk<Q>,
    from: Option<&Cursor>,
    rows: u32,
) -> Result<(String, Option<Next>), ApiError> {
    let (page, next) = walk.page(app, from, rows).await?;
    let text = page.data.iter().map(|row| line(row, Q::CSV)).collect();
    Ok((text, next.zip(page.page.next)))
}

fn line(row: &impl Serialize, columns: &[&str]) -> String {
    let row = serde_json::to_value(row).unwrap_or_default();
    let cells: Vec<String> = columns.iter().map(|place| cell(at(&row, place))).collect();
    cells.join(",") + "\r\n"
}

fn at<'a>(row: &'a Value, place: &str) -> &'a Value {
    place.split('.').fold(row, |value, name| value.get(name).unwrap_or(&Value::Null))
}

fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text,
        other => return other.to_string(),
    };
    // Names come from strangers: a spreadsheet must not take one for a formula.
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '%']);
    let text = if formula { format!("'{text}") } else { text.clone() };
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::TryStreamExt;

    #[tokio::test]
    async fn an_export_that_ends_early_breaks_the_transfer_and_gives_back_what_it_holds() {
        async fn read(rest: impl Future<Output = Option<String>>) -> Result<String, &'static str> {
            let (sender, receiver) = mpsc::channel(4);
            let held = std::sync::Arc::new(());
            sender.send(Some("a,".to_owned())).await.unwrap();
            send(rest, Duration::from_millis(10), held.clone(), sender).await;
            assert_eq!(std::sync::Arc::strong_count(&held), 1);
            body(receiver).try_collect::<Vec<_>>().await.map(|pieces| pieces.concat())
        }
        let end = |last: Option<&str>| std::future::ready(last.map(str::to_owned));
        assert_eq!(read(end(Some("b"))).await.as_deref(), Ok("a,b"));
        assert!(read(end(None)).await.is_err(), "the database failed");
        assert!(read(std::future::pending()).await.is_err(), "it took too long");
    }

    #[test]
    fn what_strangers_wrote_stays_one_cell_and_is_no_formula() {
        for (text, written) in [
            ("rtx-4090", "rtx-4090"),
            ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
            ("@SUM(1)", "'@SUM(1)"),
            ("-1+1|cmd", "'-1+1|cmd"),
            ("a,b\n\"c\"", "\"a,b\n\"\"c\"\"\""),
        ] {
            assert_eq!(cell(&Value::from(text)), written);
        }
        assert_eq!(cell(&Value::from(-3)), "-3", "numbers are numbers");
        let row = serde_json::json!({ "price": { "amount": "5" }, "device": null });
        assert_eq!(line(&row, &["price.amount", "device", "fault.row"]), "5,,\r\n");
    }
}
