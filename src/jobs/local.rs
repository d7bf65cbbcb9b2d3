//! The server inside this program, for as long as a folder needs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::ledger::{Ledger, Phase};
use crate::model::Provider;
use crate::provider::OpenAi;
use crate::serve::{Engine, Options, Running, Server};
use crate::{Error, Result};

/// The folder of its state, below the folder of the batch files.
pub(super) const STATE: &str = ".local";

/// A server over the jobs of one folder.
#[derive(Debug)]
pub struct Local {
    running: Running,
    state: PathBuf,
    api: OpenAi,
}

impl Local {
    /// Starts a server on a free port, its state in `folder/.local`.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start(folder: &Path, engine: Arc<dyn Engine>, now: Option<Timestamp>) -> Result<Self> {
        let state = folder.join(STATE);
        let running = Server::start(Options { now, ..Options::new(&state, engine) }).await?;
        let api = OpenAi::local(&running.base_url())?;
        Ok(Self { running, state, api })
    }

    /// The client that talks to it.
    #[must_use]
    pub fn api(&self) -> &OpenAi {
        &self.api
    }

    /// Stops the server, and removes its state when everything of it has been fetched.
    ///
    /// # Errors
    /// [`Error::Database`] when the ledger cannot be read, [`Error::Io`] when the state cannot be removed.
    pub async fn stop(self, ledger: &Ledger) -> Result<()> {
        let Self { running, state, .. } = self;
        running.stop().await;
        let needed = ledger
            .jobs()?
            .into_iter()
            .any(|job| job.provider == Provider::Local.name() && !matches!(job.phase, Phase::Fetched | Phase::Lost));
        if needed { Ok(()) } else { fs::remove_dir_all(&state).map_err(Error::io("remove", &state)) }
    }
}
