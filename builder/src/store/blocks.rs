//! Compressed squashfs blocks on disk.
//!
//! One file per block, in 256 folders by the first byte of its key, each written beside its place and renamed.
//! Nothing is flushed to the disk on purpose: every entry carries a hash of itself and is checked when it is
//! read. Whatever a crash, a full disk or a failing one leaves behind is found out, removed, and compressed anew.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use openwrt_formats::squashfs::{BlockCache, Key};

use super::clean::{Entry, Shelf, Worth, list, measure};

/// Begins every entry. Another layout gets another number.
const MAGIC: &[u8; 8] = b"clomblk1";
/// Magic and hash.
const HEADER_LEN: usize = 40;
/// Entries used within this time are not marked as used again.
const MARK_AFTER: Duration = Duration::from_secs(24 * 3600);
/// A temporary file this old belongs to no running process.
const STALE_AFTER: Duration = Duration::from_secs(3600);

/// A folder of compressed blocks; several processes can use it at once.
#[derive(Debug)]
pub struct DiskBlocks {
    dir: PathBuf,
    /// Names temporary files within this process.
    counter: AtomicU64,
    /// Why nothing is written any more.
    failure: Mutex<Option<String>>,
}

impl DiskBlocks {
    /// The blocks in the cache folder `cache`; a folder for them is made there when the first one is put.
    pub fn open(cache: &Path) -> Self {
        Self {
            dir: cache.join("blocks"),
            counter: AtomicU64::new(0),
            failure: Mutex::new(None),
        }
    }

    /// Why blocks could not be written, if so: worth a warning, as the next build will be slow.
    /// After the first failure no more writes are tried.
    pub fn failure(&self) -> Option<String> {
        self.lock_failure().clone()
    }

    /// Whether this process put blocks that were not there.
    pub fn has_written(&self) -> bool {
        self.counter.load(Ordering::Relaxed) > 0
    }

    /// Removes the entries that were not used for longest until all together have at most `max_bytes` bytes, even if
    /// they were used a moment ago: they are read whole at once, so nobody is disturbed.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn prune(&self, max_bytes: u64) -> io::Result<()> {
        let now = SystemTime::now();
        let mut entries = self.entries()?;
        entries.retain(|entry| {
            let is_left = entry.worth == Worth::Nothing;
            if is_left && now.duration_since(entry.used).unwrap_or_default() > STALE_AFTER {
                remove(&entry.path);
            }
            !is_left
        });
        entries.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
        let mut total: u64 = entries.iter().map(|entry| entry.bytes).sum();
        for entry in entries {
            if total <= max_bytes {
                break;
            }
            remove(&entry.path);
            total -= entry.bytes;
        }
        Ok(())
    }

    /// All blocks, and what killed processes left.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for shard in list(&self.dir)? {
            for path in list(&shard)? {
                // What vanishes meanwhile was removed by another process.
                let Some((bytes, used)) = measure(&path) else {
                    continue;
                };
                entries.push(Entry {
                    shelf: Shelf::Blocks,
                    worth: match path.extension() {
                        Some(_) => Worth::Nothing,
                        None => Worth::Time,
                    },
                    path,
                    bytes,
                    used,
                    lock: None,
                });
            }
        }
        Ok(entries)
    }

    fn path(&self, key: &Key) -> PathBuf {
        let name = key.to_string();
        let (shard, rest) = name.split_at(2);
        self.dir.join(shard).join(rest)
    }

    fn write(&self, path: &Path, key: &Key, bytes: &[u8]) -> io::Result<()> {
        if let Some(shard) = path.parent() {
            fs::create_dir_all(shard)?;
        }
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_extension(format!("{}-{number}", std::process::id()));
        let written = File::create(&temporary)
            .and_then(|mut file| {
                let mut entry = Vec::with_capacity(HEADER_LEN + bytes.len());
                entry.extend(MAGIC);
                entry.extend(hash(key, bytes));
                entry.extend(bytes);
                file.write_all(&entry)
            })
            .and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            remove(&temporary);
        }
        written
    }

    fn lock_failure(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BlockCache for DiskBlocks {
    fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let path = self.path(key);
        let entry = fs::read(&path).ok()?;
        let Some(bytes) = open(key, &entry) else {
            remove(&path);
            return None;
        };
        mark_used(&path);
        Some(bytes.to_vec())
    }

    fn put(&self, key: &Key, bytes: &[u8]) {
        if self.lock_failure().is_some() {
            return;
        }
        let path = self.path(key);
        if let Err(error) = self.write(&path, key, bytes) {
            let why = format!("{}: {error}", path.display());
            self.lock_failure().get_or_insert(why);
        }
    }
}

/// The bytes of an entry, if it is whole and belongs to the key.
fn open<'a>(key: &Key, entry: &'a [u8]) -> Option<&'a [u8]> {
    let entry = entry.strip_prefix(MAGIC)?;
    let (stored, bytes) = entry.split_at_checked(HEADER_LEN - MAGIC.len())?;
    (stored == hash(key, bytes)).then_some(bytes)
}

fn hash(key: &Key, bytes: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new()
        .update(&key.0)
        .update(bytes)
        .finalize()
        .as_bytes()
}

/// Notes on the entry that it was used, for [`DiskBlocks::prune`]. That fails on a read-only disk, and does not matter.
fn mark_used(path: &Path) {
    let now = SystemTime::now();
    let marked = fs::metadata(path).and_then(|meta| meta.modified());
    if marked.is_ok_and(|at| now.duration_since(at).unwrap_or_default() > MARK_AFTER) {
        let _ = File::options()
            .append(true)
            .open(path)
            .and_then(|file| file.set_modified(now));
    }
}

/// Removes a file that is of no use; if that fails, it is found out again the next time.
fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        Key([byte; 32])
    }

    #[test]
    fn gives_back_what_was_put_even_to_another_process() {
        let dir = tempfile::tempdir().unwrap();
        let blocks = DiskBlocks::open(dir.path());
        assert_eq!(blocks.get(&key(1)), None);
        assert!(!blocks.has_written());
        blocks.put(&key(1), b"packed");
        assert!(blocks.has_written());
        blocks.put(&key(2), b"");
        let again = DiskBlocks::open(dir.path());
        assert_eq!(again.get(&key(1)).unwrap(), b"packed");
        assert_eq!(again.get(&key(2)).unwrap(), b"");
        assert_eq!(again.failure(), None);
    }

    #[test]
    fn any_flipped_bit_or_cut_is_found_out_and_the_entry_removed() {
        let dir = tempfile::tempdir().unwrap();
        let blocks = DiskBlocks::open(dir.path());
        let path = blocks.path(&key(3));
        blocks.put(&key(3), b"some packed bytes");
        let good = fs::read(&path).unwrap();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, bad).unwrap();
            assert_eq!(blocks.get(&key(3)), None, "bit {bit}");
            assert!(!path.exists());
        }
        for len in 0..good.len() {
            fs::write(&path, &good[..len]).unwrap();
            assert_eq!(blocks.get(&key(3)), None, "cut to {len}");
        }
        blocks.put(&key(3), b"anew");
        assert_eq!(blocks.get(&key(3)).unwrap(), b"anew");
    }

    #[test]
    fn an_entry_under_the_wrong_name_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let blocks = DiskBlocks::open(dir.path());
        blocks.put(&key(4), b"four");
        blocks.put(&key(5), b"five");
        fs::copy(blocks.path(&key(4)), blocks.path(&key(5))).unwrap();
        assert_eq!(blocks.get(&key(5)), None);
        assert_eq!(blocks.get(&key(4)).unwrap(), b"four");
    }

    #[test]
    fn failing_writes_are_told_once_and_do_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        let blocks = DiskBlocks::open(dir.path());
        // A file where the folder should be: writing fails, for root too.
        fs::create_dir(dir.path().join("blocks")).unwrap();
        fs::write(dir.path().join("blocks/06"), "in the way").unwrap();
        blocks.put(&key(6), b"six");
        assert!(blocks.failure().unwrap().contains("06"));
        assert_eq!(blocks.get(&key(6)), None);
        blocks.put(&key(7), b"seven");
        assert_eq!(blocks.get(&key(7)), None);
    }

    #[test]
    fn prune_keeps_what_was_used_last_and_clears_leftovers() {
        let dir = tempfile::tempdir().unwrap();
        let blocks = DiskBlocks::open(dir.path());
        let ago = |days: u64| SystemTime::now() - Duration::from_secs(days * 24 * 3600);
        for (byte, days) in [(1, 30), (2, 20), (3, 10)] {
            blocks.put(&key(byte), &[byte; 100]);
            let file = File::options().append(true).open(blocks.path(&key(byte)));
            file.unwrap().set_modified(ago(days)).unwrap();
        }
        let leftover = blocks.path(&key(1)).with_extension("99-1");
        fs::write(&leftover, "half").unwrap();
        let file = File::options().append(true).open(&leftover).unwrap();
        file.set_modified(ago(1)).unwrap();
        // Using the oldest makes it the youngest.
        assert!(blocks.get(&key(1)).is_some());
        blocks.prune(300).unwrap();
        assert!(blocks.get(&key(1)).is_some());
        assert!(blocks.get(&key(2)).is_none());
        assert!(blocks.get(&key(3)).is_some());
        assert!(!leftover.exists());
        DiskBlocks::open(&dir.path().join("none")).prune(0).unwrap();
    }
}
