//! Pages for people, made here from the same rows as the API. Complete without scripts.
mod chart;
pub mod device;
pub mod devices;
mod elements;
pub mod epochs;
pub mod home;
pub mod job;
mod job_demands;
mod job_steps;
pub mod jobs;
mod layout;
pub mod market;
pub mod operators;
pub mod proposals;
pub mod search;
pub mod stake;
pub mod token;

use crate::error::ApiError;
use axum::response::{IntoResponse, Response};
use layout::{Section, document};
use maud::html;

/// An error as a page.
pub fn problem(error: &ApiError, request_id: &str) -> Response {
    let body = html! {
        main.narrow {
            h1 { (error.title) }
            p { (error.detail) }
            p.quiet { "Status " (error.status.as_u16()) ", request " code { (request_id) } }
            p { a href="/" { "Back to the network" } }
        }
    };
    (error.status, document(error.title, Section::None, body)).into_response()
}
