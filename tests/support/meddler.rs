//! A proxy on loopback that passes calls on, and now and then spoils one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// What is done to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    /// Passed on, but the answer never arrives: the connection breaks.
    LoseAnswer,
    /// Not passed on: the connection breaks.
    LoseCall,
    /// Not passed on: answered with this status.
    Refuse(u16),
    /// The answer's length is announced, and half of it comes.
    CutAnswer,
    /// The connection breaks at once, and the call is passed on so much later than the next of its kind was answered.
    Late(Duration),
    /// So many bytes of the answer come, and it ends as if that were all.
    EndEarly(usize),
    /// Answered with 401 and the key that came.
    EchoKey,
}

/// A call is spoiled when its method and the end of its path match, as long as the list has an entry for it.
type Plan = Vec<(&'static str, &'static str, Spoil)>;

#[derive(Clone)]
struct Between {
    to: String,
    plan: Arc<Mutex<Plan>>,
    seen: Arc<Mutex<Vec<String>>>,
    answered: Arc<Mutex<Vec<String>>>,
    bodies: Arc<Mutex<Vec<(String, Bytes)>>>,
    client: reqwest::Client,
}

/// The proxy.
pub struct Meddler {
    pub base: String,
    between: Between,
}

impl Meddler {
    /// Starts one before the server at `base` (which ends in `/v1`).
    pub async fn start(base: &str, plan: &[(&'static str, &'static str, Spoil)]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let between = Between {
            to: base.trim_end_matches("/v1").to_owned(),
            plan: Arc::new(Mutex::new(plan.to_vec())),
            seen: Arc::default(),
            answered: Arc::default(),
            bodies: Arc::default(),
            client: reqwest::Client::new(),
        };
        let router = Router::new().fallback(pass_on).with_state(between.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base: format!("http://{address}/v1"), between }
    }

    /// The calls so far, as `POST /v1/batches`.
    pub fn seen(&self) -> Vec<String> {
        self.between.seen.lock().unwrap().clone()
    }

    /// The bodies of the calls so far that were `call`.
    pub fn bodies(&self, call: &str) -> Vec<Bytes> {
        let bodies = self.between.bodies.lock().unwrap();
        bodies.iter().filter(|(seen, _)| seen == call).map(|(_, body)| body.clone()).collect()
    }

    /// How many of them were `call`.
    pub fn count(&self, call: &str) -> usize {
        self.seen().iter().filter(|seen| *seen == call).count()
    }

    /// Plans one more.
    pub fn order(&self, method: &'static str, end: &'static str, spoil: Spoil) {
        self.between.plan.lock().unwrap().push((method, end, spoil));
    }

    /// Spoils nothing more.
    pub fn relent(&self) {
        self.between.plan.lock().unwrap().clear();
    }

    /// Whether everything planned was done.
    pub fn is_done(&self) -> bool {
        self.between.plan.lock().unwrap().is_empty()
    }
}

async fn pass_on(State(between): State<Between>, request: Request) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let name = format!("{method} {path}");
    between.seen.lock().unwrap().push(name.clone());
    let spoil = {
        let mut plan = between.plan.lock().unwrap();
        let at = plan.iter().position(|(m, end, _)| method == *m && path.ends_with(end));
        at.map(|at| plan.remove(at).2)
    };
    let (parts, body) = request.into_parts();
    let key = parts.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    // Read whole before any answer: a caller that is still writing might see a broken pipe instead of it.
    let body = to_bytes(body, usize::MAX).await.unwrap();
    between.bodies.lock().unwrap().push((name.clone(), body.clone()));
    match spoil {
        Some(Spoil::LoseCall) => return broken(),
        Some(Spoil::Refuse(status)) => {
            let status = StatusCode::from_u16(status).unwrap();
            return (status, [("retry-after-ms", "30")], r#"{"error":{"message":"not now","code":"busy"}}"#)
                .into_response();
        }
        Some(Spoil::EchoKey) => {
            let error = format!(r#"{{"error":{{"message":"Incorrect API key: {}","code":"bad"}}}}"#, key.unwrap());
            return (StatusCode::UNAUTHORIZED, error).into_response();
        }
        _ => {}
    }
    let url = format!("{}{}", between.to, parts.uri.path_and_query().unwrap());
    let mut call = between.client.request(method, url);
    for name in ["content-type", "authorization"] {
        if let Some(value) = parts.headers.get(name) {
            call = call.header(name, value);
        }
    }
    if let Some(Spoil::Late(delay)) = spoil {
        let answered = between.answered;
        let count = move || answered.lock().unwrap().iter().filter(|call| **call == name).count();
        let before = count();
        tokio::spawn(async move {
            while count() == before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tokio::time::sleep(delay).await;
            call.body(body).send().await.unwrap();
        });
        return broken();
    }
    let answer = call.body(body).send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.unwrap();
    between.answered.lock().unwrap().push(name);
    match spoil {
        Some(Spoil::LoseAnswer) => broken(),
        Some(Spoil::CutAnswer) => {
            let half = body.slice(..body.len() / 2);
            let length = body.len().to_string();
            ([("content-length", length)], Body::from_stream(pieces(Some(half)))).into_response()
        }
        Some(Spoil::EndEarly(bytes)) => {
            let pieces = [Ok::<_, std::io::Error>(body.slice(..bytes.min(body.len())))];
            Body::from_stream(futures_util::stream::iter(pieces)).into_response()
        }
        _ => (status, headers, body).into_response(),
    }
}

/// An answer whose connection breaks before a byte of its body.
fn broken() -> Response {
    ([("content-length", "10")], Body::from_stream(pieces(None))).into_response()
}

fn pieces(first: Option<Bytes>) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    let end = Err(std::io::Error::other("the connection is broken on purpose"));
    futures_util::stream::iter(first.into_iter().map(Ok).chain([end]))
}
