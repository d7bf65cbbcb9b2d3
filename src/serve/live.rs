//! The live engine: passes each request on to a chat endpoint of OpenAI's shape, as many at once as it bears.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::runtime::Handle;

use super::engine::{Engine, EngineError, EngineRequest};
use crate::Result;
use crate::http::{Auth, Cause, Client, Failure, Key, Patience};

/// The most requests under way at once.
const MOST: usize = 64;
/// How many are at first.
const AT_FIRST: f64 = 2.0;
/// Models on small machines think for long before the first byte.
const SILENCE: Duration = Duration::from_secs(900);
/// Pressure felt within this time after a step back is the same pressure.
const SAME_PRESSURE: Duration = Duration::from_millis(500);

/// Passes requests on.
pub struct Live {
    client: Client,
    network: Handle,
    gate: Gate,
}

impl Live {
    /// An engine over the chat endpoint below `base_url` (`http://127.0.0.1:11434/v1`). Calls are made on the tokio runtime
    /// `network`; [`Engine::complete`] must not be called on one of its threads that may not block.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] when the URL is none or holds a secret.
    pub fn new(base_url: &str, key: Option<Key>, network: Handle) -> Result<Self> {
        let auth = key.map_or(Auth::None, Auth::Bearer);
        let client = Client::with_silence("upstream", base_url, &auth, &[], SILENCE)?;
        let patience = Patience { repeats: 8, ..client.patience() };
        let client = client.with_patience(patience);
        Ok(Self { client, network, gate: Gate::new(MOST) })
    }
}

impl Engine for Live {
    fn model(&self) -> &str {
        "upstream"
    }

    /// The upstream's object as it came.
    fn complete(&self, request: &EngineRequest<'_>, _: i64) -> Result<Value, EngineError> {
        let path = request.endpoint.strip_prefix("/v1").unwrap_or(request.endpoint);
        let mut waits = self.client.patience().waits();
        loop {
            let pass = self.gate.enter();
            let answer = self.network.block_on(self.client.post::<Value>(path, request.body));
            drop(pass);
            let failure = match answer {
                Ok(body) => {
                    self.gate.went_well();
                    return Ok(body);
                }
                Err(failure) => failure,
            };
            let wait = if failure.is_retryable() { waits.next() } else { None };
            let Some(wait) = wait else { return Err(last_word(failure)) };
            let wait = Patience::after(&failure, wait);
            self.gate.step_back(failure.retry_after());
            std::thread::sleep(wait);
        }
    }

    fn concurrency(&self) -> usize {
        MOST
    }
}

/// An error that is the request's own belongs to its line; one of the upstream stops the batch, which goes on later.
fn last_word(failure: Failure) -> EngineError {
    let said = failure.to_string();
    match failure.cause {
        Cause::Refused { status: 401 | 403, .. } => EngineError::Unavailable(format!("upstream: {said}")),
        Cause::Refused { status, code, message, .. } if code.as_deref() != Some("insufficient_quota") => {
            EngineError::Refused { status, code: code.unwrap_or_else(|| "upstream_error".to_owned()), message }
        }
        Cause::Unanswered(message) => {
            EngineError::Refused { status: 504, code: "upstream_unanswered".to_owned(), message }
        }
        _ => EngineError::Unavailable(format!("upstream: {said}")),
    }
}

/// Lets in as many as go well: one more for each round that did, half as many after pressure.
struct Gate {
    state: Mutex<State>,
    free: Condvar,
    most: usize,
}

struct State {
    limit: f64,
    inside: usize,
    shut_until: Option<Instant>,
    stepped_back: Option<Instant>,
}

struct Pass<'a>(&'a Gate);

impl Gate {
    fn new(most: usize) -> Self {
        let state = State { limit: AT_FIRST, inside: 0, shut_until: None, stepped_back: None };
        Self { state: Mutex::new(state), free: Condvar::new(), most }
    }

    fn enter(&self) -> Pass<'_> {
        let mut state = self.lock();
        loop {
            let shut = state.shut_until.and_then(|until| until.checked_duration_since(Instant::now()));
            state = match shut {
                Some(wait) => self.free.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0,
                None if state.inside < state.limit as usize => {
                    state.inside += 1;
                    return Pass(self);
                }
                None => self.free.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn went_well(&self) {
        let mut state = self.lock();
        state.limit = (state.limit + 1.0 / state.limit).min(self.most as f64);
        self.free.notify_all();
    }

    fn step_back(&self, retry_after: Option<Duration>) {
        let mut state = self.lock();
        let now = Instant::now();
        if state.stepped_back.is_none_or(|before| now.duration_since(before) > SAME_PRESSURE) {
            state.limit = (state.limit / 2.0).max(1.0);
            state.stepped_back = Some(now);
        }
        if let Some(asked) = retry_after {
            let until = now + asked.min(Duration::from_secs(60));
            state.shut_until = state.shut_until.max(Some(until));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.lock().inside -= 1;
        self.0.free.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_are_let_in_while_it_goes_well_and_half_after_pressure() {
        let gate = Gate::new(8);
        let limit = || gate.lock().limit;
        for _ in 0..200 {
            gate.went_well();
        }
        assert_eq!(limit(), 8.0);
        gate.step_back(None);
        // However long the test is kept waiting here.
        gate.lock().stepped_back = Some(Instant::now() + Duration::from_secs(600));
        gate.step_back(None);
        assert_eq!(limit(), 4.0, "the same pressure counts once");
        for _ in 0..4 {
            gate.went_well();
        }
        assert!((4.8..=5.0).contains(&limit()), "a round that went well lets one more in: {}", limit());
    }

    #[test]
    fn no_more_than_the_limit_are_inside() {
        let gate = Gate::new(8);
        let (one, two) = (gate.enter(), gate.enter());
        std::thread::scope(|scope| {
            let third = scope.spawn(|| drop(gate.enter()));
            std::thread::sleep(Duration::from_millis(50));
            assert!(!third.is_finished());
            drop(one);
            third.join().unwrap();
        });
        drop(two);
        let before = Instant::now();
        gate.step_back(Some(Duration::from_millis(80)));
        drop(gate.enter());
        assert!(before.elapsed() >= Duration::from_millis(80), "the server's wish is kept");
    }
}
