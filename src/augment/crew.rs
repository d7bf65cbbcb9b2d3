//! Lines through several threads, results in the order of the lines, memory bounded.
//!
//! Each worker reads a chunk, works on it, and lays the result down; whoever lays down the next one in line writes all that are
//! ready. No thread is kept for reading or writing, so none waits while there is work.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::files::{Line, Lines};
use crate::progress::{Progress, go_on};
use crate::{Error, Result};

/// Bytes of input in a chunk, about.
const CHUNK_BYTES: usize = 128 << 10;

/// Some lines of a file.
#[derive(Debug, Default)]
pub struct Chunk {
    bytes: Vec<u8>,
    lines: Vec<(u64, usize, bool)>,
}

impl Chunk {
    fn push(&mut self, line: Line<'_>) {
        self.bytes.extend_from_slice(line.bytes);
        self.lines.push((line.number, self.bytes.len(), line.too_long));
    }

    /// The lines; offsets are those within the chunk.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let mut start = 0;
        self.lines.iter().map(move |&(number, end, too_long)| {
            let line = Line { number, offset: start as u64, bytes: &self.bytes[start..end], too_long };
            start = end;
            line
        })
    }

    /// Bytes in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    fn fill(&mut self, lines: &mut Lines<impl BufRead>) -> Result<bool> {
        self.bytes.clear();
        self.lines.clear();
        while self.bytes.len() < CHUNK_BYTES {
            match lines.next()? {
                Some(line) if line.bytes.is_empty() => {}
                Some(line) => self.push(line),
                None => break,
            }
        }
        Ok(!self.lines.is_empty())
    }
}

/// Results on their way out.
struct Outlet<T, W> {
    /// The number of the next result to write.
    next: u64,
    ready: BTreeMap<u64, T>,
    /// Away while someone writes.
    sink: Option<W>,
    /// Results that were written, for use again.
    spare: Vec<T>,
    failure: Option<Error>,
}

/// Works on the chunks of `lines` in `jobs` threads and hands the results to `sink` in order.
///
/// `start` makes what a thread keeps for itself; `work` fills a result, which is one used before when there is one.
///
/// # Errors
/// The first of reading and writing; [`Error::Interrupted`].
pub fn in_order<R, S, T, W>(
    lines: Lines<R>,
    jobs: usize,
    progress: &dyn Progress,
    start: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &Chunk, &mut T) + Sync,
    sink: W,
) -> Result<()>
where
    R: BufRead + Send,
    T: Default + Send,
    W: FnMut(&mut T) -> Result<()> + Send,
{
    let feed = Mutex::new((lines, 0u64));
    let outlet =
        Mutex::new(Outlet { next: 0, ready: BTreeMap::new(), sink: Some(sink), spare: Vec::new(), failure: None });
    let moved = Condvar::new();
    let ahead = 2 * jobs as u64 + 2;
    let run = || -> Result<()> {
        let mut state = start();
        let mut chunk = Chunk::default();
        loop {
            go_on(progress)?;
            let number = {
                let mut feed = lock(&feed);
                if !chunk.fill(&mut feed.0)? {
                    return Ok(());
                }
                feed.1 += 1;
                feed.1 - 1
            };
            let mut outlet_now = lock(&outlet);
            while number >= outlet_now.next + ahead && outlet_now.failure.is_none() {
                outlet_now = moved.wait(outlet_now).unwrap_or_else(PoisonError::into_inner);
            }
            if outlet_now.failure.is_some() {
                return Ok(());
            }
            let mut result = outlet_now.spare.pop().unwrap_or_default();
            drop(outlet_now);
            work(&mut state, &chunk, &mut result);
            deliver(&outlet, &moved, number, result)?;
        }
    };
    let worker = || {
        if let Err(error) = run() {
            lock(&outlet).failure.get_or_insert(error);
            moved.notify_all();
        }
    };
    if jobs <= 1 {
        worker();
    } else {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
        let pool = pool.map_err(|error| Error::Usage(format!("cannot start {jobs} threads: {error}")))?;
        pool.broadcast(|_| worker());
    }
    let failure = lock(&outlet).failure.take();
    failure.map_or(Ok(()), Err)
}

/// Lays down a result, and writes all that are next in line unless someone else is at it.
fn deliver<T, W>(outlet: &Mutex<Outlet<T, W>>, moved: &Condvar, number: u64, result: T) -> Result<()>
where
    W: FnMut(&mut T) -> Result<()>,
{
    let mut now = lock(outlet);
    now.ready.insert(number, result);
    let mut batch = Vec::new();
    while let Some(mut sink) = now.sink.take() {
        while let Some((number, result)) = now.ready.pop_first() {
            if number != now.next {
                now.ready.insert(number, result);
                break;
            }
            now.next += 1;
            batch.push(result);
        }
        if batch.is_empty() {
            now.sink = Some(sink);
            break;
        }
        drop(now);
        batch.iter_mut().try_for_each(&mut sink)?;
        now = lock(outlet);
        now.sink = Some(sink);
        now.spare.append(&mut batch);
        moved.notify_all();
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
