//! From a provider's name to a client: base URL, key and headers, from arguments and the environment.

use std::time::Duration;

use super::{Anthropic, BatchApi, Gemini, OpenAi, Pace, anthropic, gemini};
use crate::dialect::Service;
use crate::http::Key;
use crate::model::Provider;
use crate::{Error, Result};

/// Where a base URL was named, which decides whether a key may be sent there unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// The provider's own, or that of its environment variable.
    Usual,
    /// The person named it just now.
    Given(&'a str),
    /// The ledger names it. A ledger is a file that may have come from elsewhere, so no key follows it to a host that is
    /// neither the provider's nor this machine nor named by the person.
    Remembered(&'a str),
}

/// How to connect.
#[derive(Debug, Clone, Copy)]
pub struct Connection<'a> {
    /// To where.
    pub place: Place<'a>,
    /// Which service of OpenAI's shape, when the host does not tell; empty for that.
    pub service: &'a str,
    /// The environment variable that holds the key; by default the provider's usual one.
    pub key_env: Option<&'a str>,
    /// How often to poll, instead of the provider's pace.
    pub interval: Option<Duration>,
}

/// A client of `provider`. The key comes from the environment: `OPENAI_API_KEY` by default; servers other than the
/// provider's own may need none.
///
/// # Errors
/// [`Error::Usage`] when a key is needed and not there, the base URL is none, or the provider cannot be reached from
/// outside the program that serves it.
pub fn connect(provider: Provider, connection: Connection<'_>) -> Result<Box<dyn BatchApi>> {
    match provider {
        Provider::OpenAi => connect_openai(connection),
        Provider::Local => Err(Error::Usage(
            "jobs of the provider `local` are answered inside `aacorn run`: start that again".to_owned(),
        )),
        Provider::Anthropic => {
            let (base_url, key) =
                known_place(connection, "ANTHROPIC_BASE_URL", anthropic::BASE_URL, "ANTHROPIC_API_KEY")?;
            Ok(Box::new(Anthropic::new(&base_url, key, connection.pace())?))
        }
        Provider::Gemini => {
            let (base_url, key) = known_place(connection, "GEMINI_BASE_URL", gemini::BASE_URL, "GEMINI_API_KEY")?;
            Ok(Box::new(Gemini::new(&base_url, key, connection.pace())?))
        }
    }
}

impl Connection<'_> {
    fn pace(self) -> Option<Pace> {
        self.interval.map(|interval| Pace { first: interval, longest: interval })
    }
}

fn connect_openai(connection: Connection<'_>) -> Result<Box<dyn BatchApi>> {
    let named = match connection.service {
        "" => None,
        name => Some(Service::named(name)?),
    };
    let assumed = named.unwrap_or_else(Service::openai);
    let url = match (connection.place, &assumed.base_url) {
        (Place::Usual, None) => {
            return Err(Error::Usage(format!("`{}` has no URL for all: give yours with --base-url", assumed.name)));
        }
        (Place::Usual, Some(usual)) if named.is_some_and(|service| service != Service::openai()) => usual.clone(),
        (Place::Usual, Some(usual)) => env("OPENAI_BASE_URL").unwrap_or_else(|| usual.clone()),
        (Place::Given(url) | Place::Remembered(url), _) => url.to_owned(),
    };
    let service = named.map_or_else(|| Service::at(&url), Ok)?;
    let official = service.base_url.as_deref().unwrap_or_default();
    // The key of one service never goes to another: only its own variable is read.
    let (base_url, key) = match service == Service::openai() {
        true => known_place(connection, "OPENAI_BASE_URL", official, &service.key_env)?,
        false => {
            known_place(Connection { place: at(connection.place, &url), ..connection }, "", official, &service.key_env)?
        }
    };
    if key.is_none() && service != Service::openai() && !is_here(host(&base_url)) {
        Key::from_env(&service.key_env)?;
    }
    let (organization, project) = match service == Service::openai() {
        true => (env("OPENAI_ORG_ID"), env("OPENAI_PROJECT_ID")),
        false => (None, None),
    };
    let api = OpenAi::of(service, &base_url, key, organization.as_deref(), project.as_deref())?;
    Ok(Box::new(match connection.pace() {
        Some(pace) => api.with_pace(pace),
        None => api,
    }))
}

/// The same place, with the usual one spelt out.
fn at<'a>(place: Place<'a>, url: &'a str) -> Place<'a> {
    if place == Place::Usual { Place::Given(url) } else { place }
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The base URL, and the key for it.
fn known_place(
    connection: Connection<'_>,
    url_env: &str,
    official: &str,
    key_env: &str,
) -> Result<(String, Option<Key>)> {
    let own = env(url_env).unwrap_or_else(|| official.to_owned());
    let base_url = match connection.place {
        Place::Usual => own,
        Place::Given(url) => url.to_owned(),
        Place::Remembered(url) => {
            if !Service::all().any(|service| service.owns(url)) {
                confirmed(url, &[&own, official])?;
            }
            url.to_owned()
        }
    };
    match (connection.key_env, Key::from_env(connection.key_env.unwrap_or(key_env))) {
        (_, Ok(key)) => Ok((base_url, Some(key))),
        (None, Err(_)) if !same_url(&base_url, official) => Ok((base_url, None)),
        (_, Err(missing)) => Err(missing),
    }
}

/// Whether a key may follow the ledger to `url`.
fn confirmed(url: &str, usual: &[&str]) -> Result<()> {
    // A customer's own host at a known service, as Azure gives them, is confirmed each time: anybody may have one there.
    if is_here(host(url)) || usual.iter().any(|usual| !usual.is_empty() && same_url(usual, url)) {
        return Ok(());
    }
    Err(Error::Usage(format!("the ledger says that these jobs are at {url}; if that is right, add --base-url {url}")))
}

/// Host and port of a URL.
fn host(url: &str) -> &str {
    url.split("//").nth(1).unwrap_or(url).split('/').next().unwrap_or(url)
}

/// Whether a host is this machine.
fn is_here(host: &str) -> bool {
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|name| host.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')))
}

fn same_url(a: &str, b: &str) -> bool {
    a.trim_end_matches('/') == b.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_follows_the_ledger_to_known_places_only() {
        let usual = [Service::openai().base_url.as_deref().unwrap()];
        for url in
            ["https://api.openai.com/v1/", "http://127.0.0.1:4100/v1", "http://localhost/v1", "http://[::1]:1/v1"]
        {
            assert!(confirmed(url, &usual).is_ok(), "{url}");
        }
        for url in ["https://evil.example/v1", "http://127.0.0.1.evil.example/v1", "http://localhost@evil.example/v1"] {
            assert!(confirmed(url, &usual).unwrap_err().to_string().contains("--base-url"), "{url}");
        }
    }
}
