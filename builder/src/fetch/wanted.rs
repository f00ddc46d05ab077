//! What to fetch, how, and what came.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;

use super::error::{FetchError, Problem};
use super::location::Location;
use crate::store::Sha256;

/// How to fetch.
#[derive(Debug, Clone)]
pub struct Options {
    /// Ask no server: only the content store and local paths.
    pub offline: bool,
    /// Downloads at once.
    pub parallel: usize,
    /// Downloads at once from one host.
    pub per_host: usize,
    /// For how long to wait for a connection.
    pub connect_timeout: Duration,
    /// For how long to wait for the next bytes. There is no limit for a whole download: slow links are welcome.
    pub stall_timeout: Duration,
    /// How many more times all mirrors are tried after troubles that may pass.
    pub retries: u32,
    /// The wait before the first of them; it doubles each time.
    pub backoff: Duration,
    /// Whether `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` count.
    pub proxy: bool,
    /// PEM files with certificates to trust, besides the system's (or `SSL_CERT_FILE`'s).
    pub extra_roots: Vec<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            offline: false,
            parallel: 8,
            per_host: 6,
            connect_timeout: Duration::from_secs(15),
            stall_timeout: Duration::from_secs(30),
            retries: 3,
            backoff: Duration::from_millis(500),
            proxy: true,
            extra_roots: Vec::new(),
        }
    }
}

/// Something to fetch.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What it is, for messages: `package babeld 1.13.1-r1`.
    pub what: String,
    /// Where it can be got, best first: the mirrors.
    pub urls: Vec<Location>,
    /// Its hash, when that is known: then it is taken from the store if that has it, and nothing else is accepted.
    pub sha256: Option<Sha256>,
    /// Its size in bytes, when that is known.
    pub size: Option<u64>,
    /// The most bytes that are accepted. No server can fill the disk.
    pub at_most: u64,
    /// Whether the caller checks a signature over it, so that it may come over plain HTTP without a known hash.
    pub signed: bool,
}

impl Wanted {
    /// The most bytes that [`Wanted::new`] accepts: an index of 10,000 packages has 10 MiB, an image rarely more.
    pub const AT_MOST: u64 = 256 << 20;

    /// Something of which nothing is known yet.
    pub fn new(what: impl Into<String>, urls: Vec<Location>) -> Self {
        Self {
            what: what.into(),
            urls,
            sha256: None,
            size: None,
            at_most: Self::AT_MOST,
            signed: false,
        }
    }

    /// The same, of known hash and perhaps size.
    #[must_use]
    pub fn pinned(self, sha256: Sha256, size: Option<u64>) -> Self {
        Self {
            sha256: Some(sha256),
            size,
            ..self
        }
    }

    /// The same, with a signature that the caller checks.
    #[must_use]
    pub fn signed(self) -> Self {
        Self {
            signed: true,
            ..self
        }
    }

    /// The same, of no more than this many bytes.
    #[must_use]
    pub fn at_most(self, at_most: u64) -> Self {
        Self { at_most, ..self }
    }
}

/// What came: verified, and on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// What it is, for messages.
    pub what: String,
    /// The file: in the content store, or the local one that was named.
    pub path: PathBuf,
    /// Its hash.
    pub sha256: Sha256,
    /// Bytes.
    pub size: u64,
    /// Where it was got now; `None` when the store had it.
    pub from: Option<Location>,
}

impl Fetched {
    /// The bytes, verified once more: the file may have changed meanwhile.
    ///
    /// # Errors
    /// When the file cannot be read, or is another one now.
    pub fn read(&self) -> Result<Bytes, FetchError> {
        let failed = |problem| FetchError::Mirrors {
            what: self.what.clone(),
            tried: vec![(Location::Local(self.path.clone()), problem)],
        };
        let bytes = std::fs::read(&self.path).map_err(|error| failed(Problem::Local(error)))?;
        let got = Sha256::of(&bytes);
        if got != self.sha256 {
            return Err(failed(Problem::WrongHash {
                got,
                expected: self.sha256,
            }));
        }
        Ok(bytes.into())
    }
}
