//! Remembering compressed blocks.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Names a compressed block: a hash of the uncompressed bytes and of everything that decides how they
/// are compressed (settings, version of the compressor).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub [u8; 32]);

impl fmt::Display for Key {
    /// 64 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A place where compressed blocks are kept from one build to the next.
///
/// It is asked from several threads at once. It may forget anything at any time, but must never give
/// other bytes than were put under the key: what is read from a disk has to be verified.
/// Losing a block costs time only; the image stays the same.
pub trait BlockCache: Sync {
    /// The bytes put under `key`, if they are still there.
    fn get(&self, key: &Key) -> Option<Vec<u8>>;
    /// Keeps `bytes` under `key`. Empty bytes are a value too: "this block does not compress".
    fn put(&self, key: &Key, bytes: &[u8]);
}

/// Remembers nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCache;

impl BlockCache for NoCache {
    fn get(&self, _: &Key) -> Option<Vec<u8>> {
        None
    }

    fn put(&self, _: &Key, _: &[u8]) {}
}

/// Remembers everything for as long as it lives.
#[derive(Debug, Default)]
pub struct MemoryCache(Mutex<HashMap<Key, Vec<u8>>>);

impl BlockCache for MemoryCache {
    fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.get(key).cloned()
    }

    fn put(&self, key: &Key, bytes: &[u8]) {
        let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.insert(*key, bytes.to_vec());
    }
}
