//! A client of one base URL.

use std::time::{Duration, SystemTime};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::base;
use super::failure::read_error;
use super::{Answer, Cause, Failure, Key, Patience};
use crate::{Error, Result};

/// A connection is made within this time, or not at all.
const CONNECT: Duration = Duration::from_secs(15);
/// The longest silence in an answer under way.
const SILENCE: Duration = Duration::from_secs(120);
/// The longest answer that is held in memory, in bytes.
const LONGEST_ANSWER: usize = 64 << 20;

/// How the key is presented.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Not at all.
    None,
    /// `Authorization: Bearer KEY`.
    Bearer(Key),
    /// In a header of the provider's own.
    Header(&'static str, Key),
}

/// Makes calls below one base URL. The key goes to that host only: redirects are not followed.
#[derive(Debug, Clone)]
pub struct Client {
    provider: String,
    base: Url,
    loopback: bool,
    key: Option<Key>,
    auth: HeaderMap,
    http: reqwest::Client,
    patience: Patience,
}

impl Client {
    /// A client of `base_url` (`https://api.openai.com/v1`), named `provider` in messages, that sends `headers` with
    /// each call.
    ///
    /// # Errors
    /// [`Error::Usage`] when the URL is none, or holds a user name, password, query or fragment, where keys are kept
    /// by mistake; when a key would go in clear text to another machine.
    pub fn new(provider: &str, base_url: &str, auth: &Auth, headers: &[(&'static str, &str)]) -> Result<Self> {
        Self::with_silence(provider, base_url, auth, headers, SILENCE)
    }

    /// The same, for a server that may be silent for as long as `silence` before it answers.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_silence(
        provider: &str,
        base_url: &str,
        auth: &Auth,
        headers: &[(&'static str, &str)],
        silence: Duration,
    ) -> Result<Self> {
        let (base, origin) = base::parse(base_url)?;
        let loopback = origin.is_loopback();
        if !origin.is_secure && !loopback && !matches!(auth, Auth::None) {
            let detail = "the key would be sent in clear text: use https";
            return Err(Error::Usage(format!(
                "http://{}: {detail}, or unset the key where none is wanted",
                origin.host
            )));
        }
        let mut fixed = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::from_str(value)
                .map_err(|_| Error::Usage(format!("the value of the header {name} cannot be sent")))?;
            fixed.insert(HeaderName::from_static(name), value);
        }
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("aacorn/", env!("CARGO_PKG_VERSION")))
            .default_headers(fixed)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(silence);
        if loopback {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| Error::Usage(format!("no HTTP client: {error}")))?;
        let (key, header) = match auth {
            Auth::None => (None, None),
            Auth::Bearer(key) => (Some(key.clone()), Some((AUTHORIZATION, key.header("Bearer ")))),
            Auth::Header(name, key) => (Some(key.clone()), Some((HeaderName::from_static(name), key.header("")))),
        };
        let patience = if loopback { Patience::loopback() } else { Patience::remote() };
        let auth = header.into_iter().collect();
        Ok(Self { provider: provider.to_owned(), base, loopback, key, auth, http, patience })
    }

    /// The provider's name.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Whether the server is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// How long it goes on trying.
    #[must_use]
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Sets how long it goes on trying.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// GETs JSON, again when that may help.
    ///
    /// # Errors
    /// The last [`Failure`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Answer<T> {
        self.patience.repeat(|| self.once(Method::GET, path, None)).await
    }

    /// DELETEs, again when that may help; that nothing is there is fine.
    ///
    /// # Errors
    /// The last [`Failure`].
    pub async fn delete(&self, path: &str) -> Answer<()> {
        match self.patience.repeat(|| self.once::<Value>(Method::DELETE, path, None)).await {
            Err(failure) if failure.status() == Some(404) => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// POSTs JSON, once: whether it may be repeated is for the caller to know.
    ///
    /// # Errors
    /// A [`Failure`].
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Answer<T> {
        self.once(Method::POST, path, Some(body)).await
    }

    async fn once<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<&Value>) -> Answer<T> {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        self.read(self.send(request).await?).await
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base_url())).headers(self.auth.clone())
    }

    /// A call of `url`, which may be anywhere: the key is added only when that is where the base URL is.
    pub(super) fn request_to(&self, method: Method, url: Url) -> RequestBuilder {
        let ours = url.origin() == self.base.origin();
        let request = self.http.request(method, url);
        if ours { request.headers(self.auth.clone()) } else { request }
    }

    /// Sends, and turns every status but 2xx and 3xx into a failure.
    pub(super) async fn send(&self, request: RequestBuilder) -> Answer<Response> {
        let response = request.send().await.map_err(|error| self.broken(error))?;
        let status = response.status();
        if status.is_success() || status.is_redirection() {
            return Ok(response);
        }
        let retry_after = retry_after(response.headers());
        let body = self.body(response).await.unwrap_or_default();
        Err(self.fail(read_error(status.as_u16(), &body, retry_after)))
    }

    pub(super) async fn read<T: DeserializeOwned>(&self, response: Response) -> Answer<T> {
        if response.status().is_redirection() {
            return Err(self.fail(read_error(response.status().as_u16(), b"redirected elsewhere", None)));
        }
        let body = self.body(response).await?;
        serde_json::from_slice(&body).map_err(|error| Failure::nonsense(&self.provider, error))
    }

    async fn body(&self, mut response: Response) -> Answer<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.broken(error))? {
            if body.len() + piece.len() > LONGEST_ANSWER {
                return Err(Failure::nonsense(&self.provider, format!("longer than {LONGEST_ANSWER} bytes")));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    pub(super) fn broken(&self, error: reqwest::Error) -> Failure {
        let reached = !error.is_connect() && !error.is_builder();
        let text = chain(&error.without_url());
        self.fail(if reached { Cause::Unanswered(text) } else { Cause::Unreached(text) })
    }

    pub(super) fn fail(&self, cause: Cause) -> Failure {
        let redact = |text: String| match &self.key {
            Some(key) => key.redact(&text),
            None => text,
        };
        let cause = match cause {
            Cause::Refused { status, code, message, retry_after } => {
                Cause::Refused { status, code: code.map(redact), message: redact(message), retry_after }
            }
            Cause::Unreached(message) => Cause::Unreached(redact(message)),
            Cause::Unanswered(message) => Cause::Unanswered(redact(message)),
            Cause::Ours(error) => Cause::Ours(error),
        };
        Failure::new(&self.provider, cause)
    }
}

/// An error and its causes, as one sentence.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// `retry-after-ms`, or `retry-after` in seconds or as a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(millis) = text("retry-after-ms").and_then(|value| value.parse().ok()) {
        return Some(Duration::from_millis(millis));
    }
    let value = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    SystemTime::from(date).duration_since(SystemTime::now()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_goes_in_clear_text_to_another_machine() {
        let key = || Auth::Bearer(Key::new("sk-secret").unwrap());
        for url in ["http://models.example/v1", "http://127.0.0.1.evil.example/v1", "http://10.0.0.1:8000/v1"] {
            let error = Client::new("openai", url, &key(), &[]).unwrap_err().to_string();
            assert!(error.contains("use https"), "{error}");
            assert!(Client::new("openai", url, &Auth::None, &[]).is_ok(), "without a key nothing is lost");
        }
        for url in ["http://127.0.0.1:9/v1", "http://localhost/v1", "http://[::1]:1/v1", "https://models.example/v1"] {
            assert!(Client::new("openai", url, &key(), &[]).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_debugged_client_shows_no_key() {
        let auth = Auth::Bearer(Key::new("sk-secret").unwrap());
        let client = Client::new("openai", "https://host/v1", &auth, &[]).unwrap();
        assert!(!format!("{client:?}").contains("sk-secret"));
    }

    #[test]
    fn waits_are_read_in_every_form() {
        let wait = |name, value: &'static str| {
            retry_after(&HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]))
        };
        assert_eq!(wait("retry-after-ms", "1500"), Some(Duration::from_millis(1500)));
        assert_eq!(wait("retry-after", "2"), Some(Duration::from_secs(2)));
        assert!(wait("retry-after", "Fri, 31 Dec 2100 23:59:59 GMT").unwrap() > Duration::from_secs(1_000_000));
        assert_eq!(wait("retry-after", "soon"), None);
    }
}
