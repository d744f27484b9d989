use super::{Fresh, fresh};
use crate::app::App;
use crate::cursor::{self, ListKey, Page};
use crate::error::{ApiError, Problem};
use crate::extract::{KeyPath, NoQuery, StrictQuery};
use crate::store;
use crate::store::challenges::{Challenge, Standing};
use crate::store::devices::Device;
use crate::values::Key;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DevicesQuery {
    #[param(value_type = Option<String>)]
    pub operator: Option<Key>,
    /// `page.next` of the page before.
    pub cursor: Option<String>,
    /// Rows on a page, 50 unless given.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
}

pub async fn page(app: &App, query: &DevicesQuery) -> Result<Page<Device>, ApiError> {
    let list = ListKey::new("devices", &[("operator", query.operator.map(|key| key.to_string()))]);
    let limit = cursor::limit(query.limit)?;
    let before = list.decode(query.cursor.as_deref())?;
    let rows = store::devices::list(&app.pool, query.operator, before, limit + 1).await?;
    let finalized = app.head.borrow().finalized_slot;
    Ok(list.page(rows, limit, |row| row.event_id, |row| row.show(finalized)))
}

/// Devices, newest first.
#[utoipa::path(get, path = "/v1/devices", tag = "suppliers", params(DevicesQuery),
    responses((status = 200, body = Page<Device>),
        (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    StrictQuery(query): StrictQuery<DevicesQuery>,
) -> Result<Fresh<Page<Device>>, ApiError> {
    Ok(fresh(page(&app, &query).await?))
}

pub async fn find(app: &App, key: Key) -> Result<Device, ApiError> {
    let device = store::devices::find(&app.pool, key).await?;
    let device = device.ok_or_else(|| ApiError::not_found(format_args!("device {key}")))?;
    Ok(device.show(app.head.borrow().finalized_slot))
}

/// A device with its history in challenge rounds.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceHistory {
    #[serde(flatten)]
    pub device: Device,
    pub standing: Standing,
    /// The newest rounds that it was nominated for, newest first.
    pub challenges: Vec<Challenge>,
}

pub async fn history(app: &App, key: Key) -> Result<DeviceHistory, ApiError> {
    let device = find(app, key).await?;
    let standing = store::challenges::standing(&app.pool, key).await?;
    let challenges = store::challenges::of_device(&app.pool, key).await?;
    Ok(DeviceHistory { device, standing, challenges })
}

/// One device with its challenges.
#[utoipa::path(get, path = "/v1/devices/{key}", tag = "suppliers", params(("key" = String, Path)),
    responses((status = 200, body = DeviceHistory),
        (status = "4XX", body = Problem, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    KeyPath(key): KeyPath,
    StrictQuery(_): StrictQuery<NoQuery>,
) -> Result<Fresh<DeviceHistory>, ApiError> {
    Ok(fresh(history(&app, key).await?))
}
