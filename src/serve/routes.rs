//! Which path leads where, and what holds for all of them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::error::Refusal;
use super::{Shared, batches, chat, files};

/// The longest JSON body, in bytes; uploads have limits of their own.
const MAX_BODY_BYTES: usize = 16 << 20;

/// What handlers are given.
pub(super) type Server = State<Arc<Shared>>;
/// What they answer.
pub(super) type Reply<T> = Result<T, Refusal>;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/files", get(files::list).post(files::upload).layer(DefaultBodyLimit::disable()))
        .route("/v1/files/{id}", get(files::show).delete(files::delete))
        .route("/v1/files/{id}/content", get(files::content))
        .route("/v1/batches", get(batches::list).post(batches::create))
        .route("/v1/batches/{id}", get(batches::show))
        .route("/v1/batches/{id}/cancel", post(batches::cancel))
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/models", get(chat::models))
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(Arc::clone(&shared), admit))
        .with_state(shared)
}

/// Runs what blocks (disk, database, engine) where blocking is allowed.
pub(super) async fn blocking<T: Send + 'static>(
    shared: Arc<Shared>,
    work: impl FnOnce(&Shared) -> Reply<T> + Send + 'static,
) -> Reply<T> {
    let worked = tokio::task::spawn_blocking(move || work(&shared)).await;
    worked.unwrap_or_else(|_| Err(Refusal::server("The server failed while it answered.")))
}

async fn nowhere(request: Request) -> Refusal {
    let message = format!("Unknown request URL: {} {}.", request.method(), request.uri().path());
    Refusal::invalid(None, "unknown_url", message).with_status(StatusCode::NOT_FOUND)
}

/// Asks for the key when there is one. Without one, a page in a browser must not reach the server through a name that
/// somebody else resolves to this machine: only addresses and `localhost` are taken as host.
async fn admit(State(shared): Server, request: Request, next: Next) -> Response {
    let refusal = match &shared.api_key {
        Some(key) => (!bearer(request.headers()).is_some_and(|given| key.matches(given))).then(Refusal::unauthorized),
        None => (!is_plain_host(request.headers())).then(|| {
            let message = "Without a key this server answers to addresses and localhost only.";
            Refusal::invalid(None, "unknown_host", message).with_status(StatusCode::FORBIDDEN)
        }),
    };
    match refusal {
        Some(refusal) => refusal.into_response(),
        None => shared.faults.meddle(request, next).await,
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn is_plain_host(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST) else { return true };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_localhost_are_plain_hosts() {
        let plain = |host: &str| is_plain_host(&HeaderMap::from_iter([(HOST, host.parse().unwrap())]));
        assert!(["127.0.0.1:4100", "localhost", "localhost:80", "[::1]:4100", "192.168.1.7:1"].into_iter().all(plain));
        assert!(!["evil.example:4100", "localhost.evil.example", ""].into_iter().any(plain));
    }
}
