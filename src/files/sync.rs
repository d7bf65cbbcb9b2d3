//! Bringing a long file to the disk while it is still being written, so that little is left to wait for at the end.

use std::fs::File;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// Bytes after which the disk is asked to take what was written so far; shorter files are not worth a thread.
const AT_ONCE: u64 = 4 << 20;

/// A thread that syncs a file each time it has grown.
#[derive(Debug)]
pub struct Syncer {
    file: File,
    /// Bytes written since the disk was last asked.
    waiting: u64,
    thread: Option<(SyncSender<()>, JoinHandle<io::Result<()>>)>,
}

impl Syncer {
    /// For `file`; there is no thread until there is something to do.
    ///
    /// # Errors
    /// When there are no file handles left.
    pub fn new(file: &File) -> io::Result<Self> {
        Ok(Self { file: file.try_clone()?, waiting: 0, thread: None })
    }

    /// Takes note of bytes written.
    ///
    /// # Errors
    /// When the file can have no second handle, or there can be no thread.
    pub fn wrote(&mut self, bytes: usize) -> io::Result<()> {
        self.waiting += bytes as u64;
        if self.waiting < AT_ONCE {
            return Ok(());
        }
        self.waiting = 0;
        let (sender, _) = match &mut self.thread {
            Some(thread) => thread,
            none => none.insert(start(self.file.try_clone()?)?),
        };
        // When the thread is still at work it has not seen all of the file, but its next turn or the last sync will.
        let _ = sender.try_send(());
        Ok(())
    }

    /// Waits for the disk to have the whole file.
    ///
    /// # Errors
    /// What went wrong now or earlier: the system tells it only once.
    pub fn finish(self) -> io::Result<()> {
        if let Some((sender, thread)) = self.thread {
            drop(sender);
            thread.join().map_err(|_| io::Error::other("the thread that syncs has stopped"))??;
        }
        self.file.sync_all()
    }
}

fn start(file: File) -> io::Result<(SyncSender<()>, JoinHandle<io::Result<()>>)> {
    let (sender, receiver) = sync_channel::<()>(1);
    let thread = thread::Builder::new().name("sync".to_owned()).spawn(move || {
        for () in receiver {
            file.sync_data()?;
        }
        Ok(())
    })?;
    Ok((sender, thread))
}
