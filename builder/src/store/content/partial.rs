//! Downloads under way, which go on where a killed process left them.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{ContentStore, PARTIAL, StoreError, make_parent, sync_folder};
use crate::store::{Hasher, Sha256};

/// What an unfinished download is for. It decides the file's name, so that the next process finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// To become the content of this hash, from whatever mirror.
    Content(Sha256),
    /// To become whatever this URL gives.
    Url(String),
}

impl Purpose {
    fn file_name(&self) -> String {
        match self {
            Self::Content(hash) => format!("content-{hash}"),
            Self::Url(url) => format!("url-{}", Sha256::of(url.as_bytes())),
        }
    }
}

/// Where the bytes of an unfinished download are from, kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The URL, without credentials.
    pub url: String,
    /// The server's `ETag` or `Last-Modified` that came with them.
    pub validator: Option<String>,
}

/// An unfinished download, locked until dropped. Dropped without [`commit`](Self::commit) or
/// [`discard`](Self::discard), it stays for the next try.
#[derive(Debug)]
pub struct Partial {
    store: ContentStore,
    path: PathBuf,
    file: File,
    hasher: Hasher,
    /// Whether the file is no longer at `path`.
    gone: bool,
}

impl Partial {
    pub(super) fn take(
        store: &ContentStore,
        purpose: &Purpose,
    ) -> Result<Option<Self>, StoreError> {
        let path = store.dir.join(PARTIAL).join(purpose.file_name());
        Self::lock(store, path).map_err(|error| StoreError::write(&store.dir, 0, error))
    }

    fn lock(store: &ContentStore, path: PathBuf) -> io::Result<Option<Self>> {
        make_parent(&path)?;
        loop {
            let mut file = File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Between opening and locking, its holder may have moved or removed it: then what is locked is no
            // longer what the name says.
            let (here, there) = (file.metadata()?, fs::metadata(&path));
            if !there.is_ok_and(|there| (there.dev(), there.ino()) == (here.dev(), here.ino())) {
                continue;
            }
            let mut hasher = Hasher::default();
            hash_rest(&mut file, &mut hasher)?;
            return Ok(Some(Self {
                store: store.clone(),
                path,
                file,
                hasher,
                gone: false,
            }));
        }
    }

    /// Bytes so far, from this process and from earlier ones.
    pub fn len(&self) -> u64 {
        self.hasher.len()
    }

    /// Whether there is nothing yet.
    pub fn is_empty(&self) -> bool {
        self.hasher.is_empty()
    }

    /// Where the bytes so far are from, if that is known.
    pub fn origin(&self) -> Option<Origin> {
        serde_json::from_slice(&fs::read(self.origin_path()).ok()?).ok()
    }

    /// Begins anew, with bytes from `origin`.
    ///
    /// # Errors
    /// When the disk cannot be written.
    pub fn restart(&mut self, origin: &Origin) -> Result<(), StoreError> {
        self.hasher = Hasher::default();
        // The order matters to a process that is killed in between: bytes never stand beside a wrong origin.
        self.file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .and_then(|_| fs::write(self.origin_path(), serde_json::to_vec(origin)?))
            .map_err(|error| self.full_or_failed(0, error))
    }

    /// Appends what came.
    ///
    /// # Errors
    /// When the disk cannot be written. On a full one, what there was is given up, so that it is not in the way.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        match self.file.write_all(bytes) {
            Ok(()) => {
                self.hasher.update(bytes);
                Ok(())
            }
            Err(error) => Err(self.full_or_failed(self.len() + bytes.len() as u64, error)),
        }
    }

    /// The hash of the bytes so far.
    pub fn hash(&self) -> Sha256 {
        self.hasher.clone().finish().0
    }

    /// Puts the bytes into the store, under their hash, and gives it with their number. When this returns, they are
    /// on the disk. Whether the hash is the right one is for the caller to ask first: [`hash`](Self::hash).
    ///
    /// # Errors
    /// When the disk cannot be written.
    pub fn commit(mut self) -> Result<(Sha256, u64), StoreError> {
        let (hash, len) = (self.hash(), self.len());
        let place = self.store.path(&hash);
        let done = make_parent(&place).and_then(|shard| {
            self.file.sync_all()?;
            // First: whoever begins the same anew once this has its name must not lose what he wrote.
            let _ = fs::remove_file(self.origin_path());
            // Fetched ages ago, used now.
            self.file.set_modified(std::time::SystemTime::now())?;
            fs::rename(&self.path, &place)?;
            self.gone = true;
            sync_folder(&shard)
        });
        done.map_err(|error| StoreError::write(&self.store.dir, len, error))?;
        Ok((hash, len))
    }

    /// Gives the bytes up.
    pub fn discard(mut self) {
        self.remove();
    }

    fn remove(&mut self) {
        if self.gone {
            return;
        }
        self.gone = true;
        // What cannot be removed is found out the next time.
        let _ = fs::remove_file(self.origin_path());
        let _ = fs::remove_file(&self.path);
    }

    fn full_or_failed(&mut self, needed: u64, error: io::Error) -> StoreError {
        let error = StoreError::write(&self.store.dir, needed, error);
        if matches!(error, StoreError::Full { .. }) {
            self.remove();
        }
        error
    }

    fn origin_path(&self) -> PathBuf {
        origin_path(&self.path)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.is_empty() {
            self.remove();
        }
    }
}

/// Where the origin of this unfinished download is kept.
pub(super) fn origin_path(path: &Path) -> PathBuf {
    path.with_extension("origin")
}

fn hash_rest(file: &mut File, hasher: &mut Hasher) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(len) => hasher.update(buffer.get(..len).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
