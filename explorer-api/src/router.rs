//! The contents page: every address and who answers it.
use crate::app::App;
use crate::handlers::{
    devices, epochs, events, health, jobs, market, models, network, operators, proposals, redemptions, search, series,
    stake_changes, stakers, token, transactions, votes,
};
use crate::{assets, cache, pages, respond};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Router, middleware};
use std::sync::LazyLock;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// An answer that is not begun by then is abandoned; event streams begin at once.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "IO Explorer API",
        description = "What the network's programs did, read from the chain. Everything here can be read from the chain \
            by anyone; nothing here gives anybody a right to anything.",
        license(name = "Apache-2.0")
    ),
    components(schemas(explorer_client::Reverted)),
    tags(
        (name = "network", description = "The whole"),
        (name = "series", description = "Sums over time, for charts"),
        (name = "jobs", description = "Work of the verifiable lane"),
        (name = "suppliers", description = "Devices, their operators and the stake behind them"),
        (name = "economy", description = "The coin, by epoch and in all"),
        (name = "governance", description = "What stakers vote on"),
        (name = "operations", description = "For whoever runs the server")
    )
)]
struct Description;

fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(network::get))
        .routes(routes!(market::get))
        .routes(routes!(search::get))
        .routes(routes!(transactions::get))
        .routes(routes!(series::get_jobs))
        .routes(routes!(series::get_demand))
        .routes(routes!(series::get_supply))
        .routes(routes!(series::get_price))
        .routes(routes!(series::get_earnings))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::get))
        .routes(routes!(devices::list))
        .routes(routes!(devices::get))
        .routes(routes!(operators::list))
        .routes(routes!(operators::get))
        .routes(routes!(stakers::get))
        .routes(routes!(epochs::list))
        .routes(routes!(epochs::get))
        .routes(routes!(token::get))
        .routes(routes!(proposals::list))
        .routes(routes!(proposals::get))
        .routes(routes!(models::list))
        .routes(routes!(redemptions::list))
        .routes(routes!(votes::list))
        .routes(routes!(stake_changes::list))
        .routes(routes!(events::stream))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
}

/// The OpenAPI document that `/openapi.json` serves.
pub fn openapi() -> String {
    let (_, document) = described().split_for_parts();
    let mut text = document.to_pretty_json().expect("the document is plain data");
    text.push('\n');
    text
}

pub fn router(app: App) -> Router {
    static DOCUMENT: LazyLock<String> = LazyLock::new(openapi);
    let (api, _) = described().split_for_parts();
    api.route("/openapi.json", get(|| async { ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()) }))
        .route("/", get(pages::home::page))
        .route("/market", get(pages::market::page))
        .route("/search", get(pages::search::page))
        .route("/jobs", get(pages::jobs::page))
        .route("/jobs/{address}", get(pages::job::page))
        .route("/devices", get(pages::devices::page))
        .route("/devices/{key}", get(pages::device::page))
        .route("/operators", get(pages::operators::list))
        .route("/operators/{address}", get(pages::operators::one))
        .route("/stakers/{address}", get(pages::stake::staker))
        .route("/token", get(pages::token::page))
        .route("/epochs", get(pages::epochs::list))
        .route("/epochs/{index}", get(pages::epochs::one))
        .route("/proposals", get(pages::proposals::list))
        .route("/proposals/{number}", get(pages::proposals::one))
        .route("/assets/{name}", get(assets::serve))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, ANSWER_LIMIT))
        .layer(CatchPanicLayer::custom(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()))
        .layer(middleware::from_fn(respond::finish))
        .layer(middleware::from_fn_with_state(app.clone(), cache::keep))
        .layer(middleware::from_fn_with_state(app.clone(), respond::receive))
        .layer(CompressionLayer::new())
        .with_state(app)
}
