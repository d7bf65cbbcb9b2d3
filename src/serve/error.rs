//! Refusals, in OpenAI's shape.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::engine::EngineError;
use crate::Error;

/// An error that a client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    kind: &'static str,
    message: String,
    param: Option<&'static str>,
    code: Option<String>,
}

impl Refusal {
    /// The request is at fault, with its field `param`.
    pub fn invalid(param: Option<&'static str>, code: &str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: "invalid_request_error",
            message: message.into(),
            param,
            code: Some(code.to_owned()),
        }
    }

    /// A field that must be there.
    pub fn missing(param: &'static str) -> Self {
        Self::invalid(Some(param), "missing_required_parameter", format!("Missing required parameter: '{param}'."))
    }

    /// Nothing has that id.
    pub fn not_found(what: &str, id: &str) -> Self {
        let message = format!("No such {what} object: {id}");
        Self { status: StatusCode::NOT_FOUND, ..Self::invalid(Some("id"), "not_found", message) }
    }

    /// The same with another status.
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// This server is at fault.
    pub fn server(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            kind: "server_error",
            message: message.into(),
            param: None,
            code: None,
        }
    }

    /// The key is missing or wrong.
    pub fn unauthorized() -> Self {
        let message = "Incorrect API key provided, or none: send the server's key as a Bearer token.";
        Self { status: StatusCode::UNAUTHORIZED, ..Self::invalid(None, "invalid_api_key", message) }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::server(error.to_string())
    }
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused { status: number, code, message } => {
                let status = StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Self { status, kind: kind_of(number), message, param: None, code: Some(code) }
            }
            EngineError::Unavailable(message) => Self::server(message).with_status(StatusCode::SERVICE_UNAVAILABLE),
        }
    }
}

/// OpenAI's word for the class of an error.
pub(super) fn kind_of(status: u16) -> &'static str {
    if status >= 500 { "server_error" } else { "invalid_request_error" }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, kind, message, param, code } = self;
        let error = json!({"error": {"message": message, "type": kind, "param": param, "code": code}});
        (status, Json(error)).into_response()
    }
}
