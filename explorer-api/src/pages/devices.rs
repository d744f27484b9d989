use super::elements::{device_table, export, more};
use super::layout::{Section, page as framed};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::FormQuery;
use crate::list;
use axum::extract::State;
use explorer_client::{DeviceState, DevicesQuery, DevicesSort};
use maud::{Markup, html};

pub async fn page(State(app): State<App>, FormQuery(query): FormQuery<DevicesQuery>) -> Result<Markup, ApiError> {
    let devices = list::page(&app, query.clone()).await?;
    let states = [("idle", DeviceState::Idle), ("working", DeviceState::Working), ("retired", DeviceState::Retired)];
    let orders = [
        ("-registered", "newest", DevicesSort::Newest),
        ("-earned", "earned most", DevicesSort::Earned),
        ("-measured", "fastest", DevicesSort::Fastest),
        ("offer", "cheapest", DevicesSort::Cheapest),
    ];
    let content = html! {
        div.heading { h1 { "Devices" } (export(&query)) }
        form.filter method="get" action="/devices" {
            label { "State" select name="state" {
                option value="" { "any" }
                @for (word, state) in states { option value=(word) selected[query.state == Some(state)] { (word) } }
            } }
            label { "class" input type="number" name="class" min="0" max="255" value=[query.class]; }
            label { "operator" input type="text" name="operator" value=[query.operator] autocomplete="off" spellcheck="false"; }
            label { "Order" select name="sort" {
                @for (word, name, sort) in orders {
                    option value=(word) selected[query.sort.unwrap_or_default() == sort] { (name) }
                }
            } }
            button type="submit" { "Show" }
            a href="/devices" { "Clear" }
        }
        (device_table("Devices", &devices.data))
        (more("/devices", &query, &devices.page))
    };
    framed(&app, "Devices", Section::Devices, content).await
}
