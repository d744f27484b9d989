//! Lists as CSV (RFC 4180), row by row.
use crate::app::App;
use crate::error::ApiError;
use crate::list::{Cursor, Listed, Walk};
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Serialize;
use serde_json::Value;

/// Rows of one export; narrower filters give the rest.
pub const MAX_ROWS: u32 = 50_000;
/// Rows read at once.
const BATCH: u32 = 500;

/// Everything from `start` on. Between batches nothing is held but a place in the list.
pub async fn export<Q: Listed>(app: App, walk: Walk<Q>, start: Option<Cursor>) -> Result<Response, ApiError> {
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
    let left = rows.saturating_sub(BATCH);
    let rest = stream::try_unfold(
        (app, walk, next.filter(|_| left > 0), left, permit),
        |(app, walk, next, left, permit)| async move {
            let Some(from) = next else { return Ok(None) };
            let (text, next) = batch(&app, &walk, Some(&from), left.min(BATCH)).await.map_err(|error| error.detail)?;
            let left = left.saturating_sub(BATCH);
            Ok::<_, String>(Some((text, (app, walk, next.filter(|_| left > 0), left, permit))))
        },
    );
    let body = futures::StreamExt::chain(stream::iter([Ok(text)]), rest);
    Ok((headers, Body::from_stream(body)).into_response())
}

async fn batch<Q: Listed>(
    app: &App,
    walk: &Walk<Q>,
    from: Option<&Cursor>,
    rows: u32,
) -> Result<(String, Option<Cursor>), ApiError> {
    let (page, next) = walk.page(app, from, rows).await?;
    Ok((page.data.iter().map(|row| line(row, Q::CSV)).collect(), next))
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
