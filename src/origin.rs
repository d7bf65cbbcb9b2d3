//! Where a URL points.

use std::net::IpAddr;

/// The scheme and host of an `http` or `https` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Whether it is `https`.
    pub is_secure: bool,
    /// The host in lower case, without port.
    pub host: String,
}

impl Origin {
    /// Reads it from a URL; `None` for other schemes, and for hosts that clients may read in different ways: with a user
    /// name, a backslash, or characters that no host has.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'[' | b']' | b':');
        let is_host = !host.is_empty() && host.bytes().all(plain);
        is_host.then(|| Self { is_secure, host: host.to_ascii_lowercase() })
    }

    /// Whether the host is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_in_one_way_or_not_at_all() {
        let host = |url| Origin::of(url).map(|origin| (origin.host.clone(), origin.is_loopback()));
        for (url, expected) in [
            ("https://API.mistral.ai:443/v1", Some(("api.mistral.ai", false))),
            ("http://127.0.0.1:4100/v1", Some(("127.0.0.1", true))),
            ("http://127.0.0.1.evil.example/v1", Some(("127.0.0.1.evil.example", false))),
            ("http://localhost", Some(("localhost", true))),
            ("http://[::1]:1/v1", Some(("[::1]", true))),
            ("http://[::1]", Some(("[::1]", true))),
            ("http://localhost@evil.example/v1", None),
            ("http://evil.example\\@localhost/v1", None),
            ("ftp://localhost", None),
            ("https:///v1", None),
            ("localhost", None),
        ] {
            assert_eq!(host(url), expected.map(|(host, here)| (host.to_owned(), here)), "{url}");
        }
    }
}
