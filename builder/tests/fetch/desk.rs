//! A folder that is served, a cache, and a fetcher between them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clom::fetch::{FetchError, Fetched, Fetcher, Location, Options, Wanted};
use clom::store::Sha256;
use clom::store::content::ContentStore;
use clom::ui::{Mode, Ui};

pub(crate) struct Desk {
    dir: tempfile::TempDir,
    ui: Ui,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("site")).unwrap();
        Self {
            dir,
            ui: Ui::new(Mode::Plain),
        }
    }

    /// The folder that is served.
    pub(crate) fn site(&self) -> PathBuf {
        self.dir.path().join("site")
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    pub(crate) fn store(&self) -> ContentStore {
        ContentStore::open(&self.cache())
    }

    /// Puts a file of this size on the site, and gives its bytes.
    pub(crate) fn publish(&self, path: &str, size: usize) -> Vec<u8> {
        let bytes = noise(size);
        let file = self.site().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, &bytes).unwrap();
        bytes
    }

    pub(crate) fn fetcher(&self, ca: &Path) -> Fetcher<'_> {
        Fetcher::new(quick(ca), self.store(), &self.ui)
    }

    /// The same, that tries only once.
    pub(crate) fn impatient(&self, ca: &Path) -> Fetcher<'_> {
        self.with(Options {
            retries: 0,
            ..quick(ca)
        })
    }

    pub(crate) fn with(&self, options: Options) -> Fetcher<'_> {
        Fetcher::new(options, self.store(), &self.ui)
    }

    /// Files in the cache that are not finished content.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let mut names = Vec::new();
        for entry in self.store().entries().unwrap() {
            let name = entry
                .path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .into_owned();
            if name.parse::<Sha256>().is_err() {
                names.push(name);
            }
        }
        names
    }
}

/// Options under which tests do not wait for long.
pub(crate) fn quick(ca: &Path) -> Options {
    Options {
        connect_timeout: Duration::from_secs(5),
        stall_timeout: Duration::from_secs(1),
        retries: 2,
        backoff: Duration::from_millis(20),
        proxy: false,
        extra_roots: vec![ca.to_owned()],
        ..Options::default()
    }
}

/// Bytes that do not repeat.
pub(crate) fn noise(size: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64 + size as u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..size).map(|_| next()).collect()
}

/// Wanted from these URLs, with the hash of these bytes known.
pub(crate) fn pinned(bytes: &[u8], urls: &[String]) -> Wanted {
    loose(urls).pinned(Sha256::of(bytes), None)
}

/// Wanted from these URLs, with nothing known.
pub(crate) fn loose(urls: &[String]) -> Wanted {
    let urls = urls.iter().map(|url| url.parse::<Location>().unwrap());
    Wanted::new("the thing", urls.collect())
}

/// Checks that these bytes came.
pub(crate) fn came(result: Result<Fetched, FetchError>, bytes: &[u8]) -> Fetched {
    let fetched = result.unwrap_or_else(|error| panic!("{error}"));
    assert!(fetched.read().unwrap() == bytes);
    assert_eq!(fetched.size, bytes.len() as u64);
    assert_eq!(fetched.sha256, Sha256::of(bytes));
    fetched
}

/// The message of the failure that this must be, with a cure.
pub(crate) fn failed(result: Result<Fetched, FetchError>) -> String {
    let failure = clom::failure::Failure::from(result.expect_err("it should fail"));
    assert_eq!(failure.class() as u8, 4);
    failure.to_string()
}
