//! Gets files from servers and from this machine's disk, verified.
//!
//! What is downloaded goes into the content store; what the store has is not downloaded. Every place of a [`Wanted`]
//! is tried in order, several rounds, until one gives what is known of the thing; a download that breaks off goes on
//! where it was, at the next try or in the next process. Nothing is ever accepted on a server's word alone: either a
//! hash is known, or the server is known by its certificate, or the caller checks a signature.
//!
//! TLS is rustls on `ring`: it needs a C compiler and nothing else, where aws-lc wants CMake on some hosts.

mod client;
mod download;
mod error;
mod local;
mod location;
mod mirrors;
mod progress;
mod wanted;

pub use error::{FetchError, Problem};
pub use location::{BadLocation, Location};
pub use wanted::{Fetched, Options, Wanted};

use std::cell::OnceCell;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use reqwest::Client;

use self::mirrors::{Hosts, Net};
use self::progress::Progress;
use crate::store::content::{ContentStore, Partial, Purpose, StoreError};
use crate::ui::Ui;

/// Files on their way at once, waiting ones included: each holds a file open.
const UNDER_WAY: usize = 64;
/// How often to look whether another process is ready with what both want.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Gets files. Cheap to make: it speaks to nobody before it must.
#[derive(Debug)]
pub struct Fetcher<'ui> {
    options: Options,
    store: ContentStore,
    ui: &'ui Ui,
    client: OnceCell<Result<Client, String>>,
}

impl<'ui> Fetcher<'ui> {
    /// A fetcher that keeps what it gets in `store`.
    pub fn new(options: Options, store: ContentStore, ui: &'ui Ui) -> Self {
        Self {
            options,
            store,
            ui,
            client: OnceCell::new(),
        }
    }

    /// Where it keeps what it gets.
    pub fn store(&self) -> &ContentStore {
        &self.store
    }

    /// Gets all of these, several at once, and gives the results in the same order.
    pub fn get(&self, wanted: &[Wanted]) -> Vec<Result<Fetched, FetchError>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        match runtime {
            Ok(runtime) => runtime.block_on(self.get_all(wanted)),
            Err(error) => {
                let failed = |_| Err(FetchError::Setup(error.to_string()));
                wanted.iter().map(failed).collect()
            }
        }
    }

    /// Gets one.
    ///
    /// # Errors
    /// When no place gives it, or it cannot be kept.
    pub fn get_one(&self, wanted: &Wanted) -> Result<Fetched, FetchError> {
        let nowhere = || {
            Err(FetchError::Nowhere {
                what: wanted.what.clone(),
            })
        };
        self.get(std::slice::from_ref(wanted))
            .pop()
            .unwrap_or_else(nowhere)
    }

    async fn get_all(&self, wanted: &[Wanted]) -> Vec<Result<Fetched, FetchError>> {
        let progress = Progress::new(self.ui, wanted.len());
        let hosts = Hosts::new(&self.options);
        let one = async |(number, wanted)| {
            let result = self.obtain(wanted, &hosts, &progress).await;
            if result.is_ok() {
                progress.file_done(&wanted.what);
            }
            (number, result)
        };
        let mut results: Vec<_> = stream::iter(wanted.iter().enumerate().map(one))
            .buffer_unordered(UNDER_WAY)
            .collect()
            .await;
        results.sort_by_key(|(number, _)| *number);
        let results: Vec<_> = results.into_iter().map(|(_, result)| result).collect();
        progress.end(results.iter().all(Result::is_ok));
        results
    }

    async fn obtain(
        &self,
        wanted: &Wanted,
        hosts: &Hosts,
        progress: &Progress<'ui>,
    ) -> Result<Fetched, FetchError> {
        if let Some(found) = self.stored(wanted)? {
            return Ok(found);
        }
        let (found, tried) = local::find(wanted);
        if let Some(found) = found {
            return Ok(found);
        }
        if wanted.urls.is_empty() {
            return Err(FetchError::Nowhere {
                what: wanted.what.clone(),
            });
        }
        let Some(first) = wanted.urls.iter().find_map(Location::url) else {
            return Err(FetchError::Mirrors {
                what: wanted.what.clone(),
                tried,
            });
        };
        if self.options.offline {
            return Err(FetchError::Offline {
                what: wanted.what.clone(),
                urls: wanted.urls.clone(),
            });
        }
        let client = self.client.get_or_init(|| client::build(&self.options));
        let client = client
            .as_ref()
            .map_err(|error| FetchError::Setup(error.clone()))?;

        let purpose = match wanted.sha256 {
            Some(hash) => Purpose::Content(hash),
            None => Purpose::Url(first.to_string()),
        };
        let mut partial = match self.partial(wanted, &purpose).await? {
            Ok(partial) => partial,
            Err(found) => return Ok(found),
        };
        let missing = wanted.size.unwrap_or(0).saturating_sub(partial.len());
        self.store
            .make_sure_of_room(missing)
            .map_err(|error| cannot_keep(wanted, error))?;
        let item = progress.item(wanted.size);
        let net = Net {
            client,
            options: &self.options,
            hosts,
            ui: self.ui,
        };
        let from = mirrors::download(&net, wanted, &mut partial, &item, tried).await?;
        let (sha256, size) = commit(partial)
            .await
            .map_err(|error| cannot_keep(wanted, error))?;
        Ok(Fetched {
            what: wanted.what.clone(),
            path: self.store.path(&sha256),
            sha256,
            size,
            from: Some(from.clone()),
        })
    }

    /// What the store has.
    fn stored(&self, wanted: &Wanted) -> Result<Option<Fetched>, FetchError> {
        let Some(sha256) = wanted.sha256 else {
            return Ok(None);
        };
        let size = self
            .store
            .verify(&sha256)
            .map_err(|error| cannot_keep(wanted, error))?;
        Ok(size.map(|size| Fetched {
            what: wanted.what.clone(),
            path: self.store.path(&sha256),
            sha256,
            size,
            from: None,
        }))
    }

    /// The unfinished download, once no other process has it; or the thing itself, if that process got it.
    async fn partial(
        &self,
        wanted: &Wanted,
        purpose: &Purpose,
    ) -> Result<Result<Partial, Fetched>, FetchError> {
        let start = Instant::now();
        let mut told = false;
        loop {
            let partial = self
                .store
                .partial(purpose)
                .map_err(|error| cannot_keep(wanted, error))?;
            // Looked for while the download is ours, so that nobody can put it unseen.
            if let Some(found) = self.stored(wanted)? {
                if let Some(partial) = partial {
                    partial.discard();
                }
                return Ok(Err(found));
            }
            if let Some(partial) = partial {
                return Ok(Ok(partial));
            }
            if !told && start.elapsed() > Duration::from_secs(2) {
                told = true;
                let what = &wanted.what;
                self.ui
                    .note(&format!("waiting for another download of {what}"));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// Commits on another thread: flushing to a slow disk must not hold up the other downloads.
async fn commit(partial: Partial) -> Result<(crate::store::Sha256, u64), StoreError> {
    match tokio::task::spawn_blocking(move || partial.commit()).await {
        Ok(result) => result,
        Err(died) => Err(StoreError::Write {
            dir: std::path::PathBuf::new(),
            error: std::io::Error::other(died),
        }),
    }
}

fn cannot_keep(wanted: &Wanted, error: StoreError) -> FetchError {
    FetchError::Store {
        what: wanted.what.clone(),
        error,
    }
}
