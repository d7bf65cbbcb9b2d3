//! `/v1/chat/completions`, answered at once, and `/v1/models`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde_json::{Value, json};

use super::engine::EngineRequest;
use super::error::Refusal;
use super::routes::{Reply, Server, blocking};
use super::validate::check_chat;

/// The endpoint of conversations, which is answered at once too.
pub(super) const CHAT: &str = "/v1/chat/completions";
/// The endpoint of responses.
pub(super) const RESPONSES: &str = "/v1/responses";
/// The endpoint of vectors.
pub(super) const EMBEDDINGS: &str = "/v1/embeddings";
/// The endpoints that batches may ask for.
pub(super) const ENDPOINTS: [&str; 3] = [CHAT, RESPONSES, EMBEDDINGS];

/// `POST /v1/chat/completions`
pub(super) async fn complete(State(shared): Server, body: Bytes) -> Reply<Json<Value>> {
    let body = object(&body)?;
    if !body["model"].is_string() {
        return Err(Refusal::missing("model"));
    }
    check_chat(&body).map_err(|(param, message)| Refusal::invalid(Some(param), "invalid_request", message))?;
    blocking(shared, move |shared| {
        let request = EngineRequest { endpoint: CHAT, body: &body };
        Ok(Json(shared.engine.complete(&request, shared.clock.seconds())?))
    })
    .await
}

/// `GET /v1/models`
pub(super) async fn models(State(shared): Server) -> Json<Value> {
    let model = json!({
        "id": shared.engine.model(),
        "object": "model",
        "created": shared.clock.seconds(),
        "owned_by": "aacorn",
    });
    Json(json!({"object": "list", "data": [model]}))
}

/// Reads a body that must be a JSON object.
pub(super) fn object(body: &[u8]) -> Reply<Value> {
    let wrong = |detail: String| Refusal::invalid(None, "invalid_json", format!("The body is not JSON: {detail}"));
    let value: Value = serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))?;
    if value.is_object() { Ok(value) } else { Err(wrong("an object was expected".to_owned())) }
}
