//! Files from disk to a server, streamed. Each call is made once: whether it may be repeated is for the caller to know.

use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, RequestBuilder, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::io::ReaderStream;

use super::{Answer, Cause, Client, Failure};
use crate::Error;
use crate::files::Lines;

const PIECE: usize = 1 << 16;

/// A file to be uploaded.
#[derive(Debug, Clone, Copy)]
pub struct Upload<'a> {
    /// The file.
    pub path: &'a Path,
    /// The name it is given at the server.
    pub name: &'a str,
}

/// What stands around and between the lines of a file, to make one JSON document of them.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Before the first line.
    pub before: &'static str,
    /// Between two lines.
    pub between: &'static str,
    /// After the last.
    pub after: &'static str,
}

impl Client {
    /// POSTs a form of `fields` and one file.
    ///
    /// # Errors
    /// A [`Failure`]; its cause is [`Cause::Ours`] when the file cannot be read.
    pub async fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        fields: &[(&'static str, &str)],
        upload: Upload<'_>,
    ) -> Answer<T> {
        let file = std::fs::File::open(upload.path).map_err(|error| self.unread(upload.path, error))?;
        let (body, length) = stream(file).map_err(|error| self.unread(upload.path, error))?;
        let part = Part::stream_with_length(body, length)
            .file_name(upload.name.to_owned())
            .mime_str("application/octet-stream")
            .expect("a media type");
        let form = fields.iter().fold(Form::new(), |form, (name, value)| form.text(*name, (*value).to_owned()));
        let request = self.request(Method::POST, path).multipart(form.part("file", part));
        self.read(self.send(request).await?).await
    }

    /// POSTs the lines of a file as one JSON document.
    ///
    /// # Errors
    /// A [`Failure`]; its cause is [`Cause::Ours`] when the file cannot be read or copied.
    pub async fn post_lines<T: DeserializeOwned>(&self, path: &str, file: &Path, frame: Frame) -> Answer<T> {
        let ours = |error| self.fail(Cause::Ours(Box::new(error)));
        let framed = framed(file, frame).map_err(ours)?;
        let (body, length) = stream(framed).map_err(|error| self.unread(file, error))?;
        let request = self.request(Method::POST, path).header(CONTENT_TYPE, "application/json");
        self.read(self.send(request.header(CONTENT_LENGTH, length).body(body)).await?).await
    }

    /// Begins a resumable upload as Google does it: announces the file, and gives the URL that its bytes go to.
    ///
    /// # Errors
    /// A [`Failure`].
    pub async fn begin_resumable(&self, path: &str, length: u64, media_type: &str, body: &Value) -> Answer<String> {
        let request = self
            .request(Method::POST, path)
            .header("x-goog-upload-protocol", "resumable")
            .header("x-goog-upload-command", "start")
            .header("x-goog-upload-header-content-length", length)
            .header("x-goog-upload-header-content-type", media_type)
            .json(body);
        let response = self.send(request).await?;
        let url = response.headers().get("x-goog-upload-url").and_then(|value| value.to_str().ok());
        url.map(str::to_owned).ok_or_else(|| Failure::nonsense(self.provider(), "no URL to upload to"))
    }

    /// Sends the bytes of a resumable upload, all at once.
    ///
    /// # Errors
    /// A [`Failure`]; its cause is [`Cause::Ours`] when the file cannot be read.
    pub async fn finish_resumable<T: DeserializeOwned>(&self, url: &str, path: &Path) -> Answer<T> {
        let url = Url::parse(url).map_err(|_| Failure::nonsense(self.provider(), "no URL to upload to"))?;
        let file = std::fs::File::open(path).map_err(|error| self.unread(path, error))?;
        let (body, length) = stream(file).map_err(|error| self.unread(path, error))?;
        let request: RequestBuilder = self
            .request_to(Method::POST, url)
            .header("x-goog-upload-command", "upload, finalize")
            .header("x-goog-upload-offset", "0")
            .header(CONTENT_LENGTH, length)
            .body(body);
        self.read(self.send(request).await?).await
    }

    fn unread(&self, path: &Path, error: io::Error) -> Failure {
        self.fail(Cause::Ours(Box::new(Error::io("read", path)(error))))
    }
}

fn stream(file: std::fs::File) -> io::Result<(Body, u64)> {
    let length = file.metadata()?.len();
    let reader = tokio::fs::File::from_std(file);
    Ok((Body::wrap_stream(ReaderStream::with_capacity(reader, PIECE)), length))
}

/// The document, in a nameless temporary file: its length must be known before it is sent.
fn framed(path: &Path, frame: Frame) -> Result<std::fs::File, Error> {
    let failed = |error| Error::io("copy", path)(error);
    let mut file = BufWriter::new(tempfile::tempfile().map_err(failed)?);
    let mut lines = Lines::open(path)?;
    let mut separator = frame.before;
    while let Some(line) = lines.next()? {
        if !line.bytes.is_empty() {
            file.write_all(separator.as_bytes()).and_then(|()| file.write_all(line.bytes)).map_err(failed)?;
            separator = frame.between;
        }
    }
    file.write_all(frame.after.as_bytes()).map_err(failed)?;
    let mut file = file.into_inner().map_err(io::IntoInnerError::into_error).map_err(failed)?;
    file.rewind().map_err(failed)?;
    Ok(file)
}
