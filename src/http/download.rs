//! Files from a server to disk: whole, or not there.

use std::path::{Path, PathBuf};

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, LOCATION};
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::de::IgnoredAny;

use super::{Answer, Cause, Client, Failure};
use crate::files::AtomicFile;

/// Redirects followed on the way to a file.
const REDIRECTS: usize = 5;

/// A file that has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// Where it is; `None` when the server's file has no lines, and nothing was written.
    pub path: Option<PathBuf>,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its lines that are not blank.
    pub rows: u64,
}

impl Client {
    /// Fetches the JSON Lines file at `location`, a path below the base URL or a whole URL, to `to`, again when it was cut.
    ///
    /// It is streamed to a temporary file; its length is compared with the announced one and its last line must be
    /// whole JSON; then it is synced and renamed. At another host than the base URL's it is asked for without the key.
    ///
    /// # Errors
    /// The last [`Failure`]; an older file of that name is then untouched.
    pub async fn download(&self, location: &str, to: &Path) -> Answer<Downloaded> {
        self.patience().repeat(|| self.download_once(location, to)).await
    }

    async fn download_once(&self, location: &str, to: &Path) -> Answer<Downloaded> {
        let mut response = self.open(location).await?;
        let announced = announced_length(&response);
        let ours = |error| self.fail(Cause::Ours(Box::new(error)));
        let mut file = AtomicFile::create(to).map_err(ours)?;
        let mut lines = LineCount::default();
        while let Some(piece) = response.chunk().await.map_err(|error| self.broken(error))? {
            lines.take(&piece);
            file.put(&piece).map_err(ours)?;
        }
        let bytes = file.bytes();
        if announced.is_some_and(|announced| announced != bytes) {
            let announced = announced.unwrap_or_default();
            return Err(self.cut(format!("{bytes} of {announced} bytes came")));
        }
        let rows = lines.finish().map_err(|detail| self.cut(detail))?;
        let path = if rows == 0 { None } else { Some(file.finish().map_err(ours)?) };
        Ok(Downloaded { path, bytes, rows })
    }

    async fn open(&self, location: &str) -> Answer<Response> {
        let accept = |request: RequestBuilder| {
            request
                .header(ACCEPT, "application/binary, application/octet-stream, */*")
                .header(ACCEPT_ENCODING, "identity")
        };
        let mut response = match Url::parse(location) {
            Ok(url) => self.send(accept(self.request_to(Method::GET, url))).await?,
            Err(_) => self.send(accept(self.request(Method::GET, location))).await?,
        };
        for _ in 0..REDIRECTS {
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let next = response
                .headers()
                .get(LOCATION)
                .and_then(|value| response.url().join(value.to_str().ok()?).ok())
                .ok_or_else(|| Failure::nonsense(self.provider(), "a redirect to nowhere"))?;
            response = self.send(accept(self.request_to(Method::GET, next))).await?;
        }
        Err(Failure::nonsense(self.provider(), format!("more than {REDIRECTS} redirects")))
    }

    fn cut(&self, detail: String) -> Failure {
        self.fail(Cause::Unanswered(format!("the download was cut: {detail}")))
    }
}

/// The length of the file, when the server told it and did not pack the file on the way.
fn announced_length(response: &Response) -> Option<u64> {
    let headers = response.headers();
    if headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Counts lines that are not blank, and keeps the last one to see whether it is whole.
#[derive(Default)]
struct LineCount {
    rows: u64,
    last: Vec<u8>,
}

impl LineCount {
    fn take(&mut self, mut piece: &[u8]) {
        while let Some(at) = memchr::memchr(b'\n', piece) {
            let blank = self.last.trim_ascii().is_empty() && piece[..at].trim_ascii().is_empty();
            self.rows += u64::from(!blank);
            self.last.clear();
            piece = &piece[at + 1..];
        }
        self.last.extend_from_slice(piece);
    }

    /// The count, or in what way the end is not one: a last line without a line feed must be whole JSON.
    fn finish(self) -> Result<u64, String> {
        let last = self.last.trim_ascii();
        if last.is_empty() {
            return Ok(self.rows);
        }
        match serde_json::from_slice::<IgnoredAny>(last) {
            Ok(_) => Ok(self.rows + 1),
            Err(_) => Err(format!("line {} ends in the middle", self.rows + 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(pieces: &[&str]) -> Result<u64, String> {
        let mut lines = LineCount::default();
        pieces.iter().for_each(|piece| lines.take(piece.as_bytes()));
        lines.finish()
    }

    #[test]
    fn lines_are_counted_across_pieces_and_a_cut_last_one_is_noticed() {
        assert_eq!(count(&["{\"a\"", ":1}\n{}", "\n\n"]), Ok(2));
        assert_eq!(count(&["{}\r\n{\"b\":2}"]), Ok(2));
        assert_eq!(count(&[]), Ok(0));
        assert_eq!(count(&["\n \n"]), Ok(0));
        assert_eq!(count(&["{}\n{\"b\":"]), Err("line 2 ends in the middle".to_owned()));
    }
}
