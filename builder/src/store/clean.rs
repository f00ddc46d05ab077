//! What of the cache goes, and what stays.
//!
//! Every store lists its entries; here it is decided, over all stores together, which go. Nothing that was used
//! within the last hour goes, as another process may be about to read it, unless everything is to go.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What was used this recently may be in use.
const SPARED: Duration = Duration::from_secs(3600);

/// Which store an entry belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// Downloads: the content store.
    Downloads,
    /// Downloads that are not finished.
    Unfinished,
    /// Compressed blocks of squashfs.
    Blocks,
    /// What was unpacked of ImageBuilders.
    ImageBuilders,
    /// Agents and lab tools that were compiled.
    Binaries,
    /// What compilers left to be faster the next time.
    Compilers,
}

impl Shelf {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::Downloads,
        Self::Unfinished,
        Self::Blocks,
        Self::ImageBuilders,
        Self::Binaries,
        Self::Compilers,
    ];

    /// What it is called before people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Downloads => "downloads",
            Self::Unfinished => "unfinished downloads",
            Self::Blocks => "compressed blocks",
            Self::ImageBuilders => "unpacked ImageBuilders",
            Self::Binaries => "compiled agents and tools",
            Self::Compilers => "compilers' intermediate results",
        }
    }
}

/// How much depends on an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// Nothing: a process that was killed left it.
    Nothing,
    /// The time to make or fetch it again.
    Time,
    /// The same, but it is the newest of its kind, which the next build will ask for.
    Newest,
}

/// Something in a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose it is.
    pub shelf: Shelf,
    /// A file or a folder.
    pub path: PathBuf,
    /// Bytes of all files in it.
    pub bytes: u64,
    /// When it was used last, as far as is known.
    pub used: SystemTime,
    /// How much depends on it.
    pub worth: Worth,
    /// A lock file that who uses it holds.
    pub lock: Option<PathBuf>,
}

/// What is to go. By default, only what killed processes left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// What was not used for this long.
    pub older_than: Option<Duration>,
    /// What was not used for longest, until all together have no more bytes than this.
    pub max_bytes: Option<u64>,
    /// Everything.
    pub all: bool,
}

/// The entries that go, those first that were not used for longest.
pub fn choose(mut entries: Vec<Entry>, policy: &Policy, now: SystemTime) -> Vec<Entry> {
    let age = |entry: &Entry| now.duration_since(entry.used).unwrap_or_default();
    entries.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
    let mut left: u64 = entries.iter().map(|entry| entry.bytes).sum();
    let mut go = Vec::new();
    let mut may_go = Vec::new();
    for entry in entries {
        let spared = age(&entry) < SPARED || entry.worth == Worth::Newest;
        let old = policy.older_than.is_some_and(|limit| age(&entry) >= limit);
        if policy.all || (!spared && (old || entry.worth == Worth::Nothing)) {
            left -= entry.bytes;
            go.push(entry);
        } else if !spared {
            may_go.push(entry);
        }
    }
    let Some(max) = policy.max_bytes else {
        return go;
    };
    for entry in may_go {
        if left <= max {
            break;
        }
        left -= entry.bytes;
        go.push(entry);
    }
    go
}

/// Removes an entry; `false` when somebody uses it right now, or removed it already.
///
/// # Errors
/// When the disk refuses.
pub fn remove(entry: &Entry) -> io::Result<bool> {
    // Held until all is removed.
    let _lock = match entry.lock.as_deref().map(try_lock).transpose()? {
        Some(Lock::Taken) => return Ok(false),
        lock => lock,
    };
    let removed = match fs::symlink_metadata(&entry.path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(&entry.path),
        Ok(_) => fs::remove_file(&entry.path),
        Err(error) => Err(error),
    };
    match removed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

enum Lock {
    /// Somebody has it.
    Taken,
    /// It is ours now, or there is none.
    Ours { _file: Option<fs::File> },
}

fn try_lock(path: &Path) -> io::Result<Lock> {
    let file = match fs::File::options().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Lock::Ours { _file: None });
        }
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => Ok(Lock::Ours { _file: Some(file) }),
        Err(fs::TryLockError::WouldBlock) => Ok(Lock::Taken),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Size and time of last change of a file, or of all in a folder. `None` when it is gone.
pub fn measure(path: &Path) -> Option<(u64, SystemTime)> {
    let meta = fs::symlink_metadata(path).ok()?;
    let changed = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    if !meta.is_dir() {
        return Some((meta.len(), changed));
    }
    let inside = fs::read_dir(path).ok()?.flatten();
    Some(
        inside
            .filter_map(|entry| measure(&entry.path()))
            .fold((0, changed), |(bytes, last), (more, other)| {
                (bytes + more, last.max(other))
            }),
    )
}

/// What is in a folder; nothing if there is none.
pub(super) fn list(dir: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn entry(name: &str, bytes: u64, hours: u32, worth: Worth) -> Entry {
        Entry {
            shelf: Shelf::Downloads,
            path: name.into(),
            bytes,
            used: SystemTime::UNIX_EPOCH + HOUR * (1000 - hours),
            worth,
            lock: None,
        }
    }

    fn names(policy: Policy) -> Vec<String> {
        let entries = vec![
            entry("young", 100, 0, Worth::Time),
            entry("day", 100, 24, Worth::Time),
            entry("week", 100, 168, Worth::Time),
            entry("newest", 100, 500, Worth::Newest),
            entry("left", 100, 2, Worth::Nothing),
            entry("being written", 100, 0, Worth::Nothing),
        ];
        let now = SystemTime::UNIX_EPOCH + HOUR * 1000;
        choose(entries, &policy, now)
            .into_iter()
            .map(|entry| entry.path.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn age_size_or_all_decide_and_the_last_hour_is_spared() {
        let none = Policy::default();
        assert_eq!(names(none), ["left"]);
        let old = |hours| Policy {
            older_than: Some(HOUR * hours),
            ..none
        };
        assert_eq!(names(old(100)), ["week", "left"]);
        assert_eq!(names(old(0)), ["week", "day", "left"]);
        let small = |max| Policy {
            max_bytes: Some(max),
            ..none
        };
        assert_eq!(names(small(500)), ["left"]);
        assert_eq!(names(small(499)), ["left", "week"]);
        assert_eq!(names(small(0)), ["left", "week", "day"]);
        let all = Policy { all: true, ..none };
        assert_eq!(names(all).len(), 6);
    }

    #[test]
    fn what_somebody_holds_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("f");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("x"), [0; 10]).unwrap();
        let lock = folder.join("lock");
        let held = fs::File::create(&lock).unwrap();
        held.lock().unwrap();
        let (bytes, used) = measure(&folder).unwrap();
        assert_eq!(bytes, 10);
        let entry = Entry {
            path: folder.clone(),
            bytes,
            used,
            lock: Some(lock),
            ..entry("", 0, 0, Worth::Time)
        };
        assert!(!remove(&entry).unwrap());
        assert!(folder.exists());
        drop(held);
        assert!(remove(&entry).unwrap());
        assert!(!folder.exists());
        assert!(!remove(&entry).unwrap());
    }
}
