//! The embedded batch service: OpenAI's Files and Batches endpoints over an engine of this crate's own.
//!
//! `aacorn serve` runs it for others; `--provider local` runs it inside the process, so that the keyless default walks
//! the same path as a paid provider. Its state is a SQLite database and a folder of files: a restart in the middle of a
//! batch goes on with it. This module owns `axum`.

mod answering;
mod batches;
mod blobs;
mod chat;
mod engine;
mod error;
mod faults;
mod files;
mod finishing;
mod ids;
mod live;
mod objects;
mod phrasebook;
mod routes;
pub mod sample;
mod store;
mod validate;
mod worker;

use std::fs::{self, File, TryLockError};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle as Task;

use crate::http::Key;
use crate::model::Clock;
use crate::{Error, Result};

pub use engine::{Composer, Engine, EngineAnswer, EngineError, EngineRequest, Usage, prompt_text};
pub use faults::Faults;
pub use live::Live;
pub use phrasebook::{MODEL as PHRASEBOOK, Phrasebook};

use store::Store;

/// How long [`Running::stop`] waits for calls under way.
const GRACE: Duration = Duration::from_secs(5);

/// How a server is to run.
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The folder that holds everything it must remember. One server at a time may use it.
    pub state: PathBuf,
    /// What answers.
    pub engine: Arc<dyn Engine>,
    /// Stops the clock: every time and id the server gives is then a function of its inputs.
    pub now: Option<Timestamp>,
    /// The key that clients must send as `Authorization: Bearer KEY`; without one nobody is asked.
    pub api_key: Option<Key>,
    /// What is to go wrong; nothing by default.
    pub faults: Faults,
}

impl Options {
    /// A server on a free port of 127.0.0.1 that asks for no key.
    #[must_use]
    pub fn new(state: impl Into<PathBuf>, engine: Arc<dyn Engine>) -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            state: state.into(),
            engine,
            now: None,
            api_key: None,
            faults: Faults::default(),
        }
    }
}

/// The server.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Starts to serve; batches that an earlier server left under way go on. Needs a tokio runtime with time and I/O.
    ///
    /// # Errors
    /// [`Error::Io`] when the address or the state folder cannot be used; [`Error::Usage`] when another server uses the
    /// folder; [`Error::Database`] when its state cannot be read.
    pub async fn start(options: Options) -> Result<Running> {
        let Options { listen, state, engine, now, api_key, faults } = options;
        fs::create_dir_all(&state).map_err(Error::io("make folder", &state))?;
        let lock = lock(&state)?;
        let clock = Clock::new(now);
        let store = Store::open(&state, clock)?;
        let shown = PathBuf::from(listen.to_string());
        let listener = TcpListener::bind(listen).await.map_err(Error::io("listen on", &shown))?;
        let address = listener.local_addr().map_err(Error::io("listen on", &shown))?;
        let shared = Arc::new(Shared {
            store,
            engine,
            clock,
            api_key,
            faults,
            bell: Bell::default(),
            stopping: AtomicBool::new(false),
            trouble: Mutex::default(),
            _lock: lock,
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let service = axum::serve(listener, routes::router(Arc::clone(&shared))).with_graceful_shutdown(async {
            // An error means that the sender is gone, which is as good as a word from it.
            let _ = stopped.await;
        });
        let server = tokio::spawn(async move {
            // axum's serve ends only by the signal above.
            let _ = service.await;
        });
        Ok(Running { address, workers: worker::start(&shared), shared, server, stop: Some(stop) })
    }
}

/// A server at work. Dropping it stops its work at the next safe point; [`Running::stop`] also waits for that.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: Task<()>,
    workers: Vec<JoinHandle<()>>,
    stop: Option<oneshot::Sender<()>>,
}

impl Running {
    /// What clients take as base URL: `http://127.0.0.1:4100/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Stops: takes no more calls, ends those under way, records the answers that are being made. Batches under way go
    /// on when the next server opens the state folder.
    pub async fn stop(mut self) {
        self.begin_to_stop();
        let workers = std::mem::take(&mut self.workers);
        let joined = tokio::task::spawn_blocking(move || workers.into_iter().for_each(|worker| drop(worker.join())));
        // A worker that panicked has left the store as it was before its last transaction.
        let _ = joined.await;
        if tokio::time::timeout(GRACE, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }

    fn begin_to_stop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.bell.ring();
        self.stop.take();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.begin_to_stop();
    }
}

/// What the routes and the workers share.
struct Shared {
    store: Store,
    engine: Arc<dyn Engine>,
    clock: Clock,
    api_key: Option<Key>,
    faults: Faults,
    bell: Bell,
    stopping: AtomicBool,
    trouble: Mutex<Option<String>>,
    _lock: File,
}

impl Shared {
    /// Why the workers cannot go on, if so.
    fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("engine", &self.engine.model())
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// Wakes the workers.
#[derive(Debug, Default)]
struct Bell {
    rings: Mutex<u64>,
    condition: Condvar,
}

impl Bell {
    fn ring(&self) {
        *self.rings.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.condition.notify_all();
    }

    /// How often it has rung.
    fn count(&self) -> u64 {
        *self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it has rung more than `seen` times, or for `longest`.
    fn wait(&self, seen: u64, longest: Duration) {
        let rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        // Woken or timed out, the caller looks for work either way.
        let _ = self.condition.wait_timeout_while(rings, longest, |rings| *rings == seen);
    }
}

fn lock(state: &Path) -> Result<File> {
    let path = state.join("server.lock");
    let file = File::create(&path).map_err(Error::io("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::Usage(format!("another server uses {}: stop it, or choose another folder", state.display())))
        }
        Err(TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
    }
}
