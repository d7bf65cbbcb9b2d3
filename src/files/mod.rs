//! Files as the stages see them: JSON Lines in, whole files out.
//!
//! A file appears under its final name by rename after fsync, so a half-written one is never mistaken for a whole one.

mod atomic;
mod blocks;
mod digest;
mod lines;
mod piles;
mod stream;
mod sync;
mod unpack;
mod walk;

pub use atomic::{AtomicFile, is_half_written};
pub use blocks::{Block, Blocks};
pub use digest::{Sha256, sha256};
pub use lines::{Line, Lines, MAX_LINE_BYTES};
pub use piles::Piles;
pub use stream::{Packer, Packing, Sink, open, unpacking};
pub use unpack::{Unpacked, unpack};
pub use walk::jsonl_files;
