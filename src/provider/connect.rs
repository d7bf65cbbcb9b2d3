//! From a provider's name to a client: base URL, key and headers, from arguments and the environment.

use std::time::Duration;

use super::openai::{self, OpenAi};
use super::{BatchApi, Pace};
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
        Provider::Anthropic | Provider::Gemini => {
            Err(Error::Usage(format!("batches cannot be sent to {provider} from here yet: upload the files by hand")))
        }
    }
}

fn connect_openai(connection: Connection<'_>) -> Result<Box<dyn BatchApi>> {
    let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let named = env("OPENAI_BASE_URL");
    let own = named.as_deref().unwrap_or(openai::BASE_URL);
    let base_url = match connection.place {
        Place::Usual => own,
        Place::Given(url) => url,
        Place::Remembered(url) => {
            confirmed(url, &[own, openai::BASE_URL])?;
            url
        }
    };
    let key = match (connection.key_env, Key::from_env(connection.key_env.unwrap_or("OPENAI_API_KEY"))) {
        (_, Ok(key)) => Some(key),
        (None, Err(_)) if !same_url(base_url, openai::BASE_URL) => None,
        (_, Err(missing)) => return Err(missing),
    };
    let (organization, project) = (env("OPENAI_ORG_ID"), env("OPENAI_PROJECT_ID"));
    let mut api = OpenAi::new(base_url, key, organization.as_deref(), project.as_deref())?;
    if let Some(interval) = connection.interval {
        api = api.with_pace(Pace { first: interval, longest: interval });
    }
    Ok(Box::new(api))
}

/// Whether a key may follow the ledger to `url`.
fn confirmed(url: &str, usual: &[&str]) -> Result<()> {
    let host = url.split("//").nth(1).unwrap_or(url).split('/').next().unwrap_or(url);
    let here = ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|name| host.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')));
    if here || usual.iter().any(|usual| same_url(usual, url)) {
        return Ok(());
    }
    Err(Error::Usage(format!("the ledger says that these jobs are at {url}; if that is right, add --base-url {url}")))
}

fn same_url(a: &str, b: &str) -> bool {
    a.trim_end_matches('/') == b.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_follows_the_ledger_to_known_places_only() {
        let usual = [openai::BASE_URL];
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
