//! From a provider's name to a client: base URL, key and headers, from arguments and the environment.

use std::time::Duration;

use super::{Anthropic, BatchApi, Gemini, OpenAi, Pace, anthropic, gemini};
use crate::dialect::Service;
use crate::http::{self, Key};
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
                known_place(connection, "ANTHROPIC_BASE_URL", anthropic::BASE_URL, "ANTHROPIC_API_KEY", None)?;
            Ok(Box::new(Anthropic::new(&base_url, key, connection.pace())?))
        }
        Provider::Gemini => {
            let (base_url, key) = known_place(connection, "GEMINI_BASE_URL", gemini::BASE_URL, "GEMINI_API_KEY", None)?;
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
    let own = env("OPENAI_BASE_URL").filter(|_| assumed.takes_openai_key());
    let url = match (connection.place, own.or_else(|| assumed.base_url.clone())) {
        (Place::Usual, None) => {
            return Err(Error::Usage(format!("`{}` has no URL for all: give yours with --base-url", assumed.name)));
        }
        (Place::Usual, Some(usual)) => usual,
        (Place::Given(url) | Place::Remembered(url), _) => url.to_owned(),
    };
    let service = named.map_or_else(|| Service::at(&url), Ok)?;
    let like = if service.takes_openai_key() { Service::openai() } else { service };
    let official = like.base_url.as_deref().unwrap_or_default();
    // The key of one service never goes to another: only its own variable is read.
    let (base_url, key) = match service.takes_openai_key() {
        true => known_place(connection, "OPENAI_BASE_URL", official, &service.key_env, Some(like))?,
        false => known_place(
            Connection { place: at(connection.place, &url, service), ..connection },
            "",
            official,
            &service.key_env,
            Some(service),
        )?,
    };
    if key.is_none() && !service.takes_openai_key() && !is_here(&base_url) {
        Key::from_env(&service.key_env)?;
    }
    let (organization, project) = match service.takes_openai_key() {
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
fn at<'a>(place: Place<'a>, url: &'a str, service: &Service) -> Place<'a> {
    match place {
        Place::Usual => Place::Given(url),
        // A host that only this service can have needs no confirmation.
        Place::Remembered(url) if service.owns(url) => Place::Given(url),
        place => place,
    }
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The base URL, and the key for it: the usual one goes to the provider's hosts, to this machine and to where the
/// environment says; to any other host only when it is named for it.
fn known_place(
    connection: Connection<'_>,
    url_env: &str,
    official: &str,
    key_env: &str,
    service: Option<&Service>,
) -> Result<(String, Option<Key>)> {
    let own = env(url_env).unwrap_or_else(|| official.to_owned());
    let base_url = match connection.place {
        Place::Usual => own.clone(),
        Place::Given(url) => url.to_owned(),
        Place::Remembered(url) => {
            confirmed(url, &[&own, official])?;
            url.to_owned()
        }
    };
    match (connection.key_env, Key::from_env(connection.key_env.unwrap_or(key_env))) {
        (None, Ok(_)) if !same_url(&base_url, &own) && is_strange(&base_url, official, service)? => {
            let detail = "is sent to a host that is not known here only when it is named for it";
            Err(Error::Usage(format!(
                "{key_env} {detail}: add --api-key-env {key_env}, or unset it where none is wanted"
            )))
        }
        (_, Ok(key)) => Ok((base_url, Some(key))),
        (None, Err(_)) if !same_url(&base_url, official) => Ok((base_url, None)),
        (_, Err(missing)) => Err(missing),
    }
}

/// Whether a URL is at a host that is neither the provider's nor this machine. Where a key would go in clear text, the
/// client refuses it with the better reason.
fn is_strange(url: &str, official: &str, service: Option<&Service>) -> Result<bool> {
    let origin = http::origin(url)?;
    let theirs = service.is_some_and(|service| service.has(&origin.host))
        || (!official.is_empty() && http::origin(official)?.host == origin.host);
    Ok(origin.is_secure && !origin.is_loopback() && !theirs)
}

/// Whether a key may follow the ledger to `url`.
fn confirmed(url: &str, usual: &[&str]) -> Result<()> {
    // A customer's own host at a known service, as Azure gives them, is confirmed each time: anybody may have one there.
    if is_here(url) || usual.iter().any(|usual| !usual.is_empty() && same_url(usual, url)) {
        return Ok(());
    }
    Err(Error::Usage(format!("the ledger says that these jobs are at {url}; if that is right, add --base-url {url}")))
}

/// Whether a URL is at this machine.
fn is_here(url: &str) -> bool {
    http::origin(url).is_ok_and(|origin| origin.is_loopback())
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

    #[test]
    fn a_host_is_strange_unless_it_is_the_providers_or_here() {
        let azure = Service::named("azure").unwrap();
        let official = anthropic::BASE_URL;
        for (url, service, expected) in [
            (official, None, false),
            ("https://proxy.example/v1", None, true),
            ("https://api.anthropic.com.evil.example", None, true),
            ("https://127.0.0.1:4100/v1", None, false),
            ("https://mine.openai.azure.com/openai/v1", Some(azure), false),
            ("https://openai.azure.com.evil.example/v1", Some(azure), true),
        ] {
            assert_eq!(is_strange(url, official, service).unwrap(), expected, "{url}");
        }
    }

    #[test]
    fn no_service_gets_the_key_of_another_because_the_ledger_says_so() {
        let connection = |service, place| Connection { place, service, key_env: Some("PATH"), interval: None };
        for (provider, service, url) in [
            (Provider::Anthropic, "", "https://api.groq.com/openai/v1"),
            (Provider::OpenAi, "mistral", "https://api.groq.com/openai/v1"),
            (Provider::OpenAi, "azure", "https://anybody.openai.azure.com/openai/v1"),
            (Provider::OpenAi, "openai", "https://api.mistral.ai/v1"),
        ] {
            let refused = connect(provider, connection(service, Place::Remembered(url))).err().unwrap();
            assert!(refused.to_string().contains("--base-url"), "{url}: {refused}");
        }
        let own = connection("mistral", Place::Remembered("https://api.mistral.ai/v1"));
        assert!(connect(Provider::OpenAi, own).is_ok());
    }
}
