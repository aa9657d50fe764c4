//! The records that were there before, by their digests.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, PoisonError};

/// The set is split so that threads rarely wait for one another.
const SHARDS: usize = 64;

/// A digest is spread already, under keys that nobody knows; it is its own hash.
#[derive(Debug, Default)]
pub(super) struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write_u128(&mut self, digest: u128) {
        self.0 = digest as u64;
    }
}

/// Hashes keys that are digests.
pub(super) type ByItself = BuildHasherDefault<Itself>;

type Shard = Mutex<HashSet<u128, ByItself>>;

/// Digests of what a pass keeps: sixteen bytes beside a row of half a kilobyte.
#[derive(Debug)]
pub(super) struct Seen(Vec<Shard>);

impl Default for Seen {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| Shard::default()).collect())
    }
}

impl Seen {
    pub(super) fn is_new(&self, digest: u128) -> bool {
        // The table takes its places from the other half.
        let shard = self.0.get((digest >> 64) as usize % SHARDS);
        shard
            .is_none_or(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).insert(digest))
    }
}
