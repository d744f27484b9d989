use super::elements::{device_table, linked, more};
use super::layout::{Section, page as framed};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::StrictQuery;
use crate::handlers::devices::{self, DevicesQuery};
use axum::extract::State;
use maud::{Markup, html};

pub async fn page(State(app): State<App>, StrictQuery(query): StrictQuery<DevicesQuery>) -> Result<Markup, ApiError> {
    let devices = devices::page(&app, &query).await?;
    let operator = query.operator.map(|key| key.to_string());
    let content = html! {
        h1 { "Devices" }
        @if let Some(operator) = &operator {
            p { "Of operator " (linked("/operators/", operator)) ". " a href="/devices" { "All devices" } }
        }
        (device_table("Devices, newest first", &devices.data))
        (more("/devices", &[("operator", operator)], &devices.page))
    };
    framed(&app, "Devices", Section::Devices, content).await
}
