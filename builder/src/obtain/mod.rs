//! Getting files: pinned ones for builds, fresh ones for `clom update`.

mod fresh;
mod origins;
mod release;

use std::time::Duration;

use anyhow::anyhow;
use bytes::Bytes;

pub use fresh::{FreshFeed, SIGNATURE, Signers, feed};
pub use origins::{Origins, path_in_mirror};
pub use release::{Target, target};

use crate::dirs;
use crate::failure::{Class, Failure, OrFail};
use crate::fetch::{FetchError, Fetcher, Location, Options, Problem, Wanted};
use crate::openwrt::Place;
use crate::store::Sha256;
use crate::store::content::ContentStore;
use crate::ui::Ui;

/// More than any image has, bytes.
pub const MAX_IMAGE: u64 = 1 << 30;
/// More than a list or an index has, bytes.
pub const MAX_LIST: u64 = 64 << 20;
/// More than any package has, bytes.
pub const MAX_PACKAGE: u64 = 256 << 20;

/// A file of which all is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// What it is, for messages.
    pub what: String,
    /// Where it lies.
    pub place: Place,
    /// Its hash.
    pub sha256: Sha256,
    /// Its length, bytes.
    pub size: u64,
}

/// The network and the content store.
#[derive(Debug)]
pub struct Net<'a> {
    fetcher: Fetcher<'a>,
}

impl<'a> Net<'a> {
    /// Opens the content store; without a network if `offline`.
    pub fn open(offline: bool, ui: &'a Ui) -> Self {
        let mut options = Options {
            offline,
            ..Options::default()
        };
        options.stall_timeout = patience().unwrap_or(options.stall_timeout);
        let store = ContentStore::open(&dirs::cache());
        Self {
            fetcher: Fetcher::new(options, store, ui),
        }
    }

    /// Gets files from these origins.
    pub fn obtain(&self, origins: Origins) -> Obtain<'_> {
        Obtain {
            fetcher: &self.fetcher,
            origins,
        }
    }
}

/// Gets files from where they are.
#[derive(Debug)]
pub struct Obtain<'a> {
    fetcher: &'a Fetcher<'a>,
    origins: Origins,
}

/// A file that a signed list speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What it is, for messages.
    pub what: String,
    /// Where it lies.
    pub place: Place,
    /// Its hash, if the list says it.
    pub sha256: Option<Sha256>,
    /// Its length in bytes, if the list says it.
    pub size: Option<u64>,
    /// It has no more bytes than this.
    pub at_most: u64,
}

impl Obtain<'_> {
    /// Gets pinned files, in the order asked: from the content store, else from where they are.
    ///
    /// # Errors
    /// [`Class::Source`] with all that failed.
    pub fn pinned(&self, files: &[Pinned]) -> Result<Vec<Bytes>, Failure> {
        let listed = files.iter().map(|file| Listed {
            what: file.what.clone(),
            place: file.place.clone(),
            sha256: Some(file.sha256),
            size: Some(file.size),
            at_most: file.size,
        });
        all(self.listed(&listed.collect::<Vec<_>>())?)
    }

    /// Gets files that a signed list speaks of. Of those without a hash the caller makes sure that they are what the list means.
    ///
    /// # Errors
    /// When an address is none.
    pub fn listed(&self, files: &[Listed]) -> Result<Vec<Result<Bytes, Failure>>, Failure> {
        let wanted: Result<Vec<Wanted>, Failure> = files
            .iter()
            .map(|file| {
                let addresses = self.origins.addresses(&file.place);
                let urls: Result<_, _> =
                    addresses.iter().map(|address| location(address)).collect();
                let wanted = Wanted::new(&file.what, urls?).at_most(file.at_most);
                Ok(match file.sha256 {
                    Some(sha256) => wanted.pinned(sha256, file.size),
                    None => Wanted {
                        size: file.size,
                        ..wanted.signed()
                    },
                })
            })
            .collect();
        let fetched = self.fetcher.get(&wanted?).into_iter();
        Ok(fetched.map(|file| Ok(file?.read()?)).collect())
    }

    /// As [`Obtain::listed`], of one file.
    ///
    /// # Errors
    /// [`Class::Source`].
    pub fn one(&self, file: Listed) -> Result<Bytes, Failure> {
        let what = file.what.clone();
        let mut bytes = self.listed(&[file])?;
        let nothing = || Err(Failure::new(Class::Source, anyhow!("{what} did not come")));
        bytes.pop().unwrap_or_else(nothing)
    }

    /// Gets files that belong together (a list and its signature) and are known by no hash: all from one server, and from the next one
    /// when `check` does not believe them.
    ///
    /// # Errors
    /// [`Class::Source`], or [`Class::Trust`] when `check` did not believe what came, with what was wrong at each server.
    pub fn together<T>(
        &self,
        what: &str,
        files: &[(Place, u64)],
        check: impl Fn(&[Bytes]) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let addresses = files.iter().map(|(place, _)| self.origins.addresses(place));
        let addresses: Vec<Vec<String>> = addresses.collect();
        let servers = addresses.iter().map(Vec::len).min().unwrap_or(0);
        let mut class = Class::Source;
        let mut wrong = Vec::new();
        let mut cure = None;
        for server in 0..servers {
            let here = addresses.iter().filter_map(|all| all.get(server));
            let wanted: Result<Vec<Wanted>, Failure> = here
                .clone()
                .zip(files)
                .map(|(address, (_, at_most))| {
                    Ok(Wanted::new(what, vec![location(address)?])
                        .at_most(*at_most)
                        .signed())
                })
                .collect();
            let fetched = self.fetcher.get(&wanted?).into_iter();
            let bytes: Result<Vec<Bytes>, FetchError> = fetched.map(|file| file?.read()).collect();
            match bytes {
                // No other server would do better.
                Err(error @ (FetchError::Store { .. } | FetchError::Setup(_))) => {
                    return Err(error.into());
                }
                Err(error) => {
                    cure = cure.or_else(|| cure_of(&error));
                    wrong.push(error.to_string());
                }
                Ok(bytes) => match check(&bytes) {
                    Ok(good) => return Ok(good),
                    Err(why) => {
                        class = Class::Trust;
                        let address = here.clone().next().map_or("", String::as_str);
                        wrong.push(format!("{what}: {address}: {why}"));
                    }
                },
            }
        }
        let failure = Failure::new(class, anyhow!(wrong.join("\n")));
        Err(match cure.filter(|_| class == Class::Source) {
            Some(cure) => failure.help(cure),
            None => failure,
        })
    }
}

/// `CLOM_STALL_TIMEOUT`: for how many seconds to wait for a server's next bytes; links by satellite or over many hops may need more
/// than is usual.
fn patience() -> Option<Duration> {
    let seconds: u64 = std::env::var("CLOM_STALL_TIMEOUT").ok()?.parse().ok()?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// The cure for what could not be fetched at all. Of what is not there nobody knows whether it ever was.
fn cure_of(error: &FetchError) -> Option<String> {
    let absent = |problem: &Problem| {
        matches!(
            problem,
            Problem::Status {
                code: 404 | 410,
                ..
            }
        )
    };
    match error {
        FetchError::Mirrors { tried, .. } if tried.iter().any(|(_, problem)| absent(problem)) => {
            None
        }
        error => error.cure(),
    }
}

fn location(address: &str) -> Result<Location, Failure> {
    address.parse::<Location>().or_fail(Class::Source)
}

/// All of them, or one failure that tells every error.
///
/// # Errors
/// When one is.
pub fn all<T>(files: Vec<Result<T, Failure>>) -> Result<Vec<T>, Failure> {
    let mut good = Vec::new();
    let mut failures = Vec::new();
    for file in files {
        match file {
            Ok(file) => good.push(file),
            Err(failure) => failures.push(failure),
        }
    }
    let mut failures = failures.into_iter();
    match failures.next() {
        None => Ok(good),
        Some(first) => {
            let rest: String = failures
                .map(|failure| format!("\n{}", failure.reason()))
                .collect();
            Err(if rest.is_empty() {
                first
            } else {
                first.and(&rest)
            })
        }
    }
}
