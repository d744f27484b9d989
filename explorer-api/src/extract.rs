//! Extractors whose refusals are problems too.
use crate::error::ApiError;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use explorer_client::Key;
use serde::de::DeserializeOwned;

/// A query string; the type denies unknown fields, so a misspelt filter is refused rather than ignored.
pub struct StrictQuery<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for StrictQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Query::from_request_parts(parts, state).await.map(|Query(query)| Self(query)).map_err(refusal)
    }
}

fn refusal(rejection: QueryRejection) -> ApiError {
    let text = rejection.body_text();
    ApiError::invalid_query(text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text).to_owned())
}

/// What a form sends: fields that were left empty are in the address too and mean nothing.
pub struct FormQuery<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for FormQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let pairs = parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.ends_with('='));
        let uri = format!("/?{}", pairs.collect::<Vec<_>>().join("&")).parse();
        let uri = uri.map_err(|_| ApiError::invalid_query("the query is not readable".into()))?;
        Query::try_from_uri(&uri).map(|Query(query)| Self(query)).map_err(refusal)
    }
}

/// The query string of something that takes none.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoQuery {}

/// The one address in the path.
pub struct KeyPath(pub Key);

impl<S: Send + Sync> FromRequestParts<S> for KeyPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::invalid_parameter("address", "not readable"))?;
        text.parse().map(Self).map_err(|reason| ApiError::invalid_parameter("address", reason))
    }
}

/// The one number in the path.
pub struct NumberPath(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for NumberPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let wrong = || ApiError::invalid_parameter("number", "expected a whole number without sign, at most 2^63 - 1");
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| wrong())?;
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits).map(Self).ok_or_else(wrong)
    }
}

/// The one signature in the path.
pub struct SignaturePath(pub Vec<u8>);

impl<S: Send + Sync> FromRequestParts<S> for SignaturePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let wrong = || ApiError::invalid_parameter("signature", "expected a base58 signature of 64 bytes");
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| wrong())?;
        bs58::decode(text).into_vec().ok().filter(|bytes| bytes.len() == 64).map(Self).ok_or_else(wrong)
    }
}
