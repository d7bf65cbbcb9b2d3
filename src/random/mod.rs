//! Randomness that depends on names, never on order: one ChaCha8 stream per (seed, stage, parts of an id).
//!
//! The key of a stream is a BLAKE3 hash of its name, so the same name gives the same numbers on every machine, at any
//! thread count and from any resume point. Choices are made with integers only. This module owns `rand` and `blake3`.

use std::sync::LazyLock;

use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// The context string of BLAKE3's key derivation; changing it changes every corpus.
const CONTEXT: &str = "aacorn 2026-01 random stream v1";

/// The key that [`CONTEXT`] stands for; hashing it once spares half of the work of each stream.
fn context_key() -> &'static ContextKey {
    static KEY: LazyLock<ContextKey> = LazyLock::new(|| hash_derive_key_context(CONTEXT));
    &KEY
}

/// A stream of numbers that belongs to a name.
#[derive(Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of `(seed, stage, parts)`. Parts are separated unambiguously: `["a", "bc"]` is not `["ab", "c"]`.
    #[must_use]
    pub fn new(seed: u64, stage: &str, parts: &[&[u8]]) -> Self {
        Streams::new(seed, stage, parts).stream(0)
    }

    /// 64 even bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 to `bound - 1`, each as likely as the others (Lemire's method).
    ///
    /// # Panics
    /// When `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        assert!(bound > 0, "nothing to choose from");
        let mut product = u64::from(self.0.next_u32()) * u64::from(bound);
        if (product as u32) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u32) < threshold {
                product = u64::from(self.0.next_u32()) * u64::from(bound);
            }
        }
        (product >> 32) as u32
    }

    /// An index into a slice of length `len`.
    ///
    /// # Panics
    /// When `len` is 0 or above `u32::MAX`.
    pub fn index(&mut self, len: usize) -> usize {
        self.below(u32::try_from(len).expect("a choice among fewer than 2^32")) as usize
    }

    /// An element of `items`.
    ///
    /// # Panics
    /// When `items` is empty.
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// An index drawn in proportion to `weights`.
    ///
    /// # Panics
    /// When the weights are empty, all zero, or sum above `u32::MAX`.
    pub fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let mut at = self.below(weights.clone().sum());
        for (index, weight) in weights.enumerate() {
            if at < weight {
                return index;
            }
            at -= weight;
        }
        unreachable!("the draw is below the sum of the weights")
    }

    /// Puts `items` in random order (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }
}

/// Streams that share a name, told apart by a number: ChaCha's stream number under the key that the name stands for.
#[derive(Debug)]
pub struct Streams([u8; 32]);

impl Streams {
    /// Those of `(seed, stage, parts)`, separated as in [`Stream::new`].
    #[must_use]
    pub fn new(seed: u64, stage: &str, parts: &[&[u8]]) -> Self {
        let mut name = Name::default();
        name.put(&seed.to_le_bytes());
        for part in std::iter::once(&stage.as_bytes()).chain(parts) {
            name.put(&(part.len() as u64).to_le_bytes());
            name.put(part);
        }
        Self(name.key())
    }

    /// The stream of that number.
    #[must_use]
    pub fn stream(&self, number: u64) -> Stream {
        let mut stream = ChaCha8Rng::from_seed(self.0);
        stream.set_stream(number);
        Stream(stream)
    }
}

/// The number that stands for `name` among the streams of one [`Streams`].
#[must_use]
pub fn stream_number(name: &str) -> u64 {
    id_digest(name.as_bytes())[0]
}

/// The bytes of a name on their way into the hash: gathered, since each call into the hasher costs as much as a block.
struct Name {
    gathered: [u8; 192],
    length: usize,
    hasher: Option<blake3::Hasher>,
}

impl Default for Name {
    fn default() -> Self {
        Self { gathered: [0; 192], length: 0, hasher: None }
    }
}

impl Name {
    fn put(&mut self, bytes: &[u8]) {
        match self.gathered.get_mut(self.length..self.length + bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.length += bytes.len();
            }
            None => {
                self.flush().update(bytes);
            }
        }
    }

    fn flush(&mut self) -> &mut blake3::Hasher {
        let hasher = self.hasher.get_or_insert_with(|| blake3::Hasher::new_from_context_key(context_key()));
        hasher.update(&self.gathered[..self.length]);
        self.length = 0;
        hasher
    }

    fn key(mut self) -> [u8; 32] {
        *self.flush().finalize().as_bytes()
    }
}

/// The first `hex` digits of the BLAKE3 hash of `bytes` (at most 64).
#[must_use]
pub fn fingerprint(bytes: &[u8], hex: usize) -> String {
    blake3::hash(bytes).to_hex()[..hex].to_owned()
}

/// 128 bits that stand for `bytes` in an index: two different ids have the same ones in no corpus that will ever be made.
#[must_use]
pub fn id_digest(bytes: &[u8]) -> [u64; 2] {
    let hash = blake3::hash(bytes);
    let half = |at: usize| u64::from_le_bytes(hash.as_bytes()[at..at + 8].try_into().expect("eight bytes of 32"));
    [half(0), half(8)]
}

/// The whole BLAKE3 hash of `bytes` as 64 hex digits.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    fingerprint(bytes, 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_the_same_on_every_machine() {
        let mut stream = Stream::new(7, "plan", &[b"en-GB", b"0"]);
        let drawn: Vec<u32> = (0..8).map(|_| stream.below(1000)).collect();
        assert_eq!(drawn, GOLDEN);
    }

    const GOLDEN: [u32; 8] = [742, 873, 442, 979, 512, 488, 819, 110];

    #[test]
    fn a_long_name_is_hashed_as_one_text() {
        for length in [0, 1, 100, 150, 151, 152, 153, 191, 192, 193, 5000] {
            let part = vec![7u8; length];
            let mut hasher = blake3::Hasher::new_from_context_key(context_key());
            hasher.update(&9u64.to_le_bytes());
            for part in [b"stage".as_slice(), &part, b"end"] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
            let mut plain = Stream(ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()));
            assert_eq!(Stream::new(9, "stage", &[&part, b"end"]).bits(), plain.bits(), "{length}");
        }
    }

    #[test]
    fn names_are_separated() {
        let bits = |parts: &[&[u8]]| Stream::new(1, "s", parts).bits();
        assert_ne!(bits(&[b"a", b"bc"]), bits(&[b"ab", b"c"]));
        assert_ne!(bits(&[]), bits(&[b""]));
    }

    #[test]
    fn every_choice_is_about_as_likely() {
        let mut stream = Stream::new(1, "even", &[]);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[stream.index(7)] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
    }

    #[test]
    fn weights_of_zero_are_never_drawn() {
        let mut stream = Stream::new(1, "weights", &[]);
        assert!((0..1000).all(|_| stream.weighted([0, 3, 0, 1].into_iter()) % 2 == 1));
    }
}
