//! Files from a server to disk: whole, or not there.

use std::path::{Path, PathBuf};

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderValue,
    IF_RANGE, LOCATION, RANGE,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::de::IgnoredAny;

use super::{Answer, Cause, Client, Failure, Patience};
use crate::files::AtomicFile;

/// Redirects followed on the way to a file.
const REDIRECTS: usize = 5;
const RANGE_NOT_SATISFIABLE: u16 = 416;

/// A file that has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// Where it is; `None` when the server's file has no lines, and nothing was written.
    pub path: Option<PathBuf>,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its lines that are not blank.
    pub rows: u64,
    /// Whether the server told its length, so that a cut between two lines would have been seen.
    pub announced: bool,
}

/// A file of which a part is here.
struct Part {
    file: AtomicFile,
    lines: LineCount,
    /// The length of the whole.
    announced: Option<u64>,
    /// The server gives files from a byte on.
    resumable: bool,
    /// What tells this file from a later one under its name.
    tag: Option<HeaderValue>,
}

impl Client {
    /// Fetches the JSON Lines file at `location`, a path below the base URL or a whole URL, to `to`. When it is cut, the
    /// rest is asked for where the server gives parts of files, else all of it again.
    ///
    /// It is streamed to a temporary file; its length is compared with the announced one and its last line must be
    /// whole JSON; then it is synced and renamed. At another host than the base URL's it is asked for without the key.
    ///
    /// # Errors
    /// The last [`Failure`]; an older file of that name is then untouched.
    pub async fn download(&self, location: &str, to: &Path) -> Answer<Downloaded> {
        let mut waits = self.patience().waits();
        let mut part = None;
        loop {
            let before = part.as_ref().map_or(0, |part: &Part| part.file.bytes());
            let failure = match self.download_once(location, to, &mut part).await {
                Ok(downloaded) => return Ok(downloaded),
                Err(failure) => failure,
            };
            // Patience begins anew as long as something comes.
            if part.as_ref().is_some_and(|part| part.file.bytes() > before) {
                waits = self.patience().waits();
            }
            match waits.next() {
                Some(wait) if failure.is_retryable() => tokio::time::sleep(Patience::after(&failure, wait)).await,
                _ => return Err(failure),
            }
        }
    }

    /// Goes on with `part`, or begins; leaves in `part` what can be gone on with.
    async fn download_once(&self, location: &str, to: &Path, part: &mut Option<Part>) -> Answer<Downloaded> {
        let ours = |error| self.fail(Cause::Ours(Box::new(error)));
        let begun = part.take().filter(|part| part.resumable && part.file.bytes() > 0);
        let mut response = match self.open(location, begun.as_ref()).await {
            Ok(response) => response,
            Err(failure) => {
                // What is here goes on later, unless the server says that there is no such rest.
                *part = begun.filter(|_| failure.status() != Some(RANGE_NOT_SATISFIABLE));
                return match part {
                    None if failure.status() == Some(RANGE_NOT_SATISFIABLE) => Err(self.cut("no rest".to_owned())),
                    _ => Err(failure),
                };
            }
        };
        let Part { mut file, mut lines, announced, resumable, tag } = match (begun, range(&response)) {
            (Some(begun), Some((start, whole)))
                if start == begun.file.bytes() && begun.announced.is_none_or(|length| whole == Some(length)) =>
            {
                begun
            }
            (_, Some(_)) => return Err(self.cut("another part came than the one asked for".to_owned())),
            (_, None) => Part::begin(to, &response).map_err(ours)?,
        };
        let broke = loop {
            match response.chunk().await {
                Ok(Some(piece)) => {
                    lines.take(&piece);
                    file.put(&piece).map_err(ours)?;
                }
                Ok(None) => break None,
                Err(error) => break Some(self.broken(error)),
            }
        };
        let bytes = file.bytes();
        let short = announced.filter(|announced| *announced != bytes);
        if broke.is_some() || short.is_some() {
            let cut = || self.cut(format!("{bytes} of {} bytes came", announced.unwrap_or_default()));
            *part =
                Some(Part { file, lines, announced, resumable, tag }).filter(|_| short.is_none_or(|all| all > bytes));
            return Err(broke.unwrap_or_else(cut));
        }
        let rows = lines.finish().map_err(|detail| self.cut(detail))?;
        let path = if rows == 0 { None } else { Some(file.finish().map_err(ours)?) };
        Ok(Downloaded { path, bytes, rows, announced: announced.is_some() })
    }

    async fn open(&self, location: &str, begun: Option<&Part>) -> Answer<Response> {
        let accept = |request: RequestBuilder| {
            let request = request
                .header(ACCEPT, "application/binary, application/octet-stream, */*")
                .header(ACCEPT_ENCODING, "identity");
            let Some(begun) = begun else { return request };
            let request = request.header(RANGE, format!("bytes={}-", begun.file.bytes()));
            match &begun.tag {
                Some(tag) => request.header(IF_RANGE, tag),
                None => request,
            }
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

impl Part {
    fn begin(to: &Path, response: &Response) -> crate::Result<Self> {
        let headers = response.headers();
        let announced = announced_length(response);
        let resumable = announced.is_some() && headers.get(ACCEPT_RANGES).is_some_and(|units| units == "bytes");
        // A weak tag does not promise the same bytes.
        let tag = headers.get(ETAG).filter(|tag| tag.as_bytes().starts_with(b"\"")).cloned();
        Ok(Self { file: AtomicFile::create(to)?, lines: LineCount::default(), announced, resumable, tag })
    }
}

/// Where the part that comes begins, and the length of the whole: `content-range: bytes 10-99/100`. `None` when the whole
/// file comes.
fn range(response: &Response) -> Option<(u64, Option<u64>)> {
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return None;
    }
    let read = || {
        let text = response.headers().get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?;
        let (part, whole) = text.split_once('/')?;
        Some((part.split_once('-')?.0.parse().ok()?, whole.parse().ok()))
    };
    // A part of which nothing is known is none that was asked for.
    Some(read().unwrap_or((u64::MAX, None)))
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
