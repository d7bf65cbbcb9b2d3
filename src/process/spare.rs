//! Buffers of earlier work, for use again: fresh memory costs more than what is written to it.

use std::sync::{Mutex, PoisonError};

/// A buffer above this is not kept, so that one long line does not stay in memory.
const MOST_BYTES: usize = 8 << 20;

/// Buffers that nobody uses.
#[derive(Debug, Default)]
pub(super) struct Spares(Mutex<Vec<Vec<u8>>>);

impl Spares {
    /// One of them, with what it held last; a new one when there is none.
    pub fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keeps a buffer.
    pub fn give(&self, buffer: Vec<u8>) {
        if (1..=MOST_BYTES).contains(&buffer.capacity()) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        }
    }
}
