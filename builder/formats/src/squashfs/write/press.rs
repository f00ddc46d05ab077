//! Where compressed blocks come from: the donor, the cache, the compressor; in this order.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::cache::{BlockCache, Key};
use super::super::codec::{Encoder, Role};
use super::super::error::WriteError;
use super::super::seeds::{Digest, Seeds};
use super::Stats;

pub(super) struct Press<'a> {
    encoder: Encoder,
    cache: &'a dyn BlockCache,
    seeds: Option<&'a Seeds>,
    data_settings: Digest,
    metadata_settings: Digest,
    from_donor: AtomicUsize,
    from_cache: AtomicUsize,
    compressed: AtomicUsize,
}

impl<'a> Press<'a> {
    pub(super) fn new(
        encoder: Encoder,
        cache: &'a dyn BlockCache,
        seeds: Option<&'a Seeds>,
    ) -> Self {
        let settings = |role| Digest::of(encoder.fingerprint(role).as_bytes());
        Self {
            data_settings: settings(Role::Data),
            metadata_settings: settings(Role::Metadata),
            encoder,
            cache,
            seeds,
            from_donor: AtomicUsize::new(0),
            from_cache: AtomicUsize::new(0),
            compressed: AtomicUsize::new(0),
        }
    }

    pub(super) fn seeds(&self) -> Option<&'a Seeds> {
        self.seeds
    }

    /// The compressed form of a data or fragment block; `None` when it is to be stored as it is.
    pub(super) fn data(
        &self,
        digest: &Digest,
        block: &[u8],
    ) -> Result<Option<Cow<'a, [u8]>>, WriteError> {
        if let Some(found) = self.seeds.and_then(|seeds| seeds.get(digest)) {
            self.from_donor.fetch_add(1, Ordering::Relaxed);
            return Ok(found.map(Cow::Borrowed));
        }
        let (packed, cached) = self.cached(Role::Data, digest, block)?;
        let counter = if cached {
            &self.from_cache
        } else {
            &self.compressed
        };
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(packed.map(Cow::Owned))
    }

    /// The compressed form of a metadata block; `None` when it is to be stored as it is.
    pub(super) fn metadata(&self, block: &[u8]) -> Result<Option<Vec<u8>>, WriteError> {
        let (packed, _) = self.cached(Role::Metadata, &Digest::of(block), block)?;
        Ok(packed)
    }

    /// Compresses, unless the cache knows the result; and whether it did.
    fn cached(
        &self,
        role: Role,
        digest: &Digest,
        block: &[u8],
    ) -> Result<(Option<Vec<u8>>, bool), WriteError> {
        let settings = match role {
            Role::Data => self.data_settings,
            Role::Metadata => self.metadata_settings,
        };
        let key = Key(Digest::of(&[settings.0, digest.0].concat()).0);
        if let Some(known) = self
            .cache
            .get(&key)
            .filter(|known| known.len() < block.len())
        {
            return Ok(((!known.is_empty()).then_some(known), true));
        }
        let packed = self.encoder.compress(role, block)?;
        self.cache.put(&key, packed.as_deref().unwrap_or_default());
        Ok((packed, false))
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            from_donor: self.from_donor.load(Ordering::Relaxed),
            from_cache: self.from_cache.load(Ordering::Relaxed),
            compressed: self.compressed.load(Ordering::Relaxed),
            ..Stats::default()
        }
    }
}
