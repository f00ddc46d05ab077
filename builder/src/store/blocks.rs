//! Compressed squashfs blocks on disk, by the hash of their content and settings.
//!
//! One file for each block, `blocks/ab/cdef…`: BLAKE3 of key and bytes (32 bytes), then the bytes. An image has some
//! dozens to hundreds of them. A file that does not fit its hash (a torn write after a power cut, a bad disk, another
//! block's file) counts as absent and is replaced. A cache that cannot be written to costs time only.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use openwrt_formats::squashfs::{BlockCache, Key};

/// A folder of compressed blocks.
#[derive(Debug, Clone)]
pub struct DiskBlocks {
    dir: PathBuf,
}

impl DiskBlocks {
    /// The blocks in the cache folder `cache`; made when the first one is put there.
    pub fn open(cache: &Path) -> Self {
        Self {
            dir: cache.join("blocks"),
        }
    }

    fn path(&self, key: &Key) -> PathBuf {
        let name = key.to_string();
        let (shard, rest) = name.split_at(2);
        self.dir.join(shard).join(rest)
    }

    fn write(&self, key: &Key, bytes: &[u8]) -> std::io::Result<()> {
        let path = self.path(key);
        let shard = path.parent().unwrap_or(&self.dir);
        fs::create_dir_all(shard)?;
        // No sync: what a power cut tears is found out by its hash.
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .tempfile_in(shard)?;
        file.write_all(seal(key, bytes).as_bytes())?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    }
}

fn seal(key: &Key, bytes: &[u8]) -> blake3::Hash {
    let mut hash = blake3::Hasher::new();
    hash.update(&key.0);
    hash.update(bytes);
    hash.finalize()
}

impl BlockCache for DiskBlocks {
    fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let mut stored = fs::read(self.path(key)).ok()?;
        let hash: [u8; 32] = *stored.first_chunk()?;
        let bytes = stored.split_off(hash.len());
        (seal(key, &bytes) == hash).then_some(bytes)
    }

    fn put(&self, key: &Key, bytes: &[u8]) {
        // A full disk, or a folder that is not ours: the block is compressed again next time.
        let _ = self.write(key, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_comes_back_and_what_was_damaged_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let blocks = DiskBlocks::open(dir.path());
        let (key, other) = (Key([7; 32]), Key([8; 32]));
        assert_eq!(blocks.get(&key), None);
        blocks.put(&key, b"compressed");
        blocks.put(&other, b"");
        assert_eq!(blocks.get(&key).unwrap(), b"compressed");
        assert_eq!(blocks.get(&other).unwrap(), b"");
        let path = blocks.path(&key);
        for damage in [&b""[..], b"short", &[0; 50]] {
            fs::write(&path, damage).unwrap();
            assert_eq!(blocks.get(&key), None);
        }
        // Another block's file under this name.
        fs::copy(blocks.path(&other), &path).unwrap();
        assert_eq!(blocks.get(&key), None);
        blocks.put(&key, b"again");
        assert_eq!(blocks.get(&key).unwrap(), b"again");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("blocks"), "a file in the way").unwrap();
        let blocks = DiskBlocks::open(dir.path());
        blocks.put(&Key([1; 32]), b"x");
        assert_eq!(blocks.get(&Key([1; 32])), None);
    }
}
