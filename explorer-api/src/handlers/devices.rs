use crate::app::App;
use crate::error::ApiError;
use crate::extract::{KeyPath, NoQuery, StrictQuery};
use crate::handlers::{Answer, Fresh, fresh};
use crate::list;
use crate::store;
use axum::extract::State;
use axum::http::HeaderMap;
use explorer_client::{Device, DeviceHistory, DevicesQuery, Key, Page, Problem};

/// Devices.
#[utoipa::path(get, path = "/v1/devices", tag = "suppliers", params(DevicesQuery),
    responses((status = 200, content((Page<Device> = "application/json"), (String = "text/csv"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, headers: HeaderMap, StrictQuery(query): StrictQuery<DevicesQuery>) -> Answer {
    list::answer(app, &headers, query).await
}

pub async fn find(app: &App, key: Key) -> Result<Device, ApiError> {
    let device = store::devices::find(&app.pool, key).await?;
    let device = device.ok_or_else(|| ApiError::not_found(format_args!("device {key}")))?;
    Ok(device.show(app.head.borrow().finalized_slot))
}

pub async fn history(app: &App, key: Key) -> Result<DeviceHistory, ApiError> {
    let device = find(app, key).await?;
    let standing = store::challenges::standing(&app.pool, key).await?;
    let finalized = app.head.borrow().finalized_slot;
    let challenges = store::challenges::of_device(&app.pool, key, finalized).await?;
    Ok(DeviceHistory { device, standing, challenges })
}

/// One device with its challenges.
#[utoipa::path(get, path = "/v1/devices/{key}", tag = "suppliers", params(("key" = String, Path)),
    responses((status = 200, body = DeviceHistory),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    KeyPath(key): KeyPath,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Fresh<DeviceHistory>, ApiError> {
    Ok(fresh(history(&app, key).await?))
}
