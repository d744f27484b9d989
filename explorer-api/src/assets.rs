//! The pages' style, script and icon.
use crate::error::ApiError;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use explorer_client::hex;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// A file whose name changes with its contents, so that it can be kept for ever.
pub struct Asset {
    stem: &'static str,
    extension: &'static str,
    kind: &'static str,
    text: &'static str,
}

pub static STYLE: Asset =
    Asset { stem: "style", extension: "css", kind: "text/css; charset=utf-8", text: include_str!("assets/style.css") };
pub static SCRIPT: Asset = Asset {
    stem: "live",
    extension: "js",
    kind: "text/javascript; charset=utf-8",
    text: include_str!("assets/live.js"),
};
pub static ICON: Asset =
    Asset { stem: "icon", extension: "svg", kind: "image/svg+xml", text: include_str!("assets/icon.svg") };

static NAMES: LazyLock<[(String, &Asset); 3]> =
    LazyLock::new(|| [&STYLE, &SCRIPT, &ICON].map(|asset| (asset.name(), asset)));

impl Asset {
    fn name(&self) -> String {
        let hash = hex(&Sha256::digest(self.text)[..6]);
        format!("{}-{hash}.{}", self.stem, self.extension)
    }

    pub fn path(&self) -> String {
        format!("/assets/{}", self.name())
    }
}

pub async fn serve(Path(name): Path<String>) -> Result<Response, ApiError> {
    let found = NAMES.iter().find(|(known, _)| *known == name);
    let (_, asset) = found.ok_or_else(|| ApiError::not_found(format_args!("asset {name}")))?;
    let headers = [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, asset.text).into_response())
}
