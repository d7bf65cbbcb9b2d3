//! What each provider's API wants to read and writes.

pub mod decode;

pub use decode::{Api, Decoded, Glance, LineKind, decode, glance};
