//! Base URLs: what they may hold, and where they point.

use reqwest::Url;

use crate::origin::Origin;
use crate::{Error, Result};

/// Where a base URL points, as calls to it will understand it.
///
/// # Errors
/// As [`super::Client::new`].
pub fn origin(base_url: &str) -> Result<Origin> {
    parse(base_url).map(|(_, origin)| origin)
}

pub(super) fn parse(text: &str) -> Result<(Url, Origin)> {
    // The text is not repeated: it may hold a password.
    let wrong = |detail: &str| Error::Usage(format!("the base URL {detail}"));
    let url = Url::parse(text.trim_end_matches('/')).map_err(|error| wrong(&format!("is not one: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("must begin with https:// or http:// and name a host"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must not hold a user name, password, query or fragment; keys belong in the environment"));
    }
    // From the URL as it was parsed: in the text a host may be written in more than one way.
    let origin = Origin::of(url.as_str()).ok_or_else(|| wrong("names no host that can be called"))?;
    Ok((url, origin))
}

#[cfg(test)]
mod tests {
    use crate::http::{Auth, Client};

    #[test]
    fn a_base_url_holds_no_secret() {
        for url in ["https://u:p@host/v1", "https://host/v1?key=sk-1", "ftp://host", "host/v1", "https://host#sk"] {
            let error = Client::new("openai", url, &Auth::None, &[]).unwrap_err().to_string();
            assert!(error.contains("base URL") && !error.contains("sk") && !error.contains("u:p"), "{error}");
        }
        let client = Client::new("openai", "https://host/v1/", &Auth::None, &[]).unwrap();
        assert_eq!(client.base_url(), "https://host/v1");
    }
}
