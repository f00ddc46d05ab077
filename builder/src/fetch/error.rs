//! Why something could not be fetched.

use std::fmt::Write;
use std::io;

use super::location::Location;
use crate::failure::{Class, Failure};
use crate::store::Sha256;
use crate::store::content::StoreError;

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No place that was named could give it.
    #[error("cannot get {what}{}", lines(tried))]
    Mirrors {
        /// What it is.
        what: String,
        /// What happened last at each place.
        tried: Vec<(Location, Problem)>,
    },
    /// No place was named.
    #[error("cannot get {what}: it is not in the cache, and nothing says where else it is")]
    Nowhere {
        /// What it is.
        what: String,
    },
    /// It is not in the store, and the network must not be asked.
    #[error(
        "cannot get {what} while offline: it is not in the cache{}",
        places(urls)
    )]
    Offline {
        /// What it is.
        what: String,
        /// Where it could be got.
        urls: Vec<Location>,
    },
    /// The disk under the store.
    #[error("cannot keep {what}: {error}")]
    Store {
        /// What it is.
        what: String,
        /// What the store said.
        error: StoreError,
    },
    /// HTTPS does not work on this machine.
    #[error("cannot set up HTTPS: {0}")]
    Setup(String),
}

/// What happened at one place.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The server refused.
    #[error("the server answers {code}{}", reason(*code))]
    Status {
        /// The HTTP status.
        code: u16,
        /// For how many seconds the server asks to be left alone.
        retry_after: Option<u64>,
    },
    /// There is no way to the server.
    #[error("no connection: {0}")]
    Connect(String),
    /// The server is not who it says, as far as can be known.
    #[error("its certificate is not accepted: {0}")]
    Certificate(String),
    /// It fell silent.
    #[error("no bytes for {seconds} s, after {got} bytes")]
    Stalled {
        /// For how long.
        seconds: u64,
        /// Bytes that there were.
        got: u64,
    },
    /// It hung up too early.
    #[error("the connection ended after {got}{} bytes: {why}", of.map_or_else(String::new, |of| format!(" of {of}")))]
    CutShort {
        /// Bytes that there were.
        got: u64,
        /// Bytes that there should be.
        of: Option<u64>,
        /// What the connection said.
        why: String,
    },
    /// There is more than is accepted.
    #[error("it is longer than the {limit} bytes that are accepted")]
    TooLong {
        /// Bytes.
        limit: u64,
    },
    /// It is of another size than is known in advance.
    #[error("it has {got} bytes, not {expected}")]
    WrongSize {
        /// Bytes that the server announces, or that there are.
        got: u64,
        /// Bytes that there should be.
        expected: u64,
    },
    /// It is something else.
    #[error("it is something else: its SHA-256 is {got}, not {expected}")]
    WrongHash {
        /// What it is.
        got: Sha256,
        /// What it should be.
        expected: Sha256,
    },
    /// The server sends elsewhere, where `clom` does not go.
    #[error("{0}")]
    Redirect(String),
    /// Nothing would prove that it is the right thing.
    #[error("plain HTTP proves nothing, and neither a hash nor a signature is known")]
    PlainHttp,
    /// The rest of the file does not go with the beginning that was there, or the server refuses to give the rest.
    #[error("the rest that it sends does not go with the beginning")]
    Unresumable,
    /// The answer is against the rules.
    #[error("{0}")]
    Protocol(String),
    /// A local file cannot be read.
    #[error("{0}")]
    Local(io::Error),
}

impl Problem {
    /// Whether it is worth to ask again a little later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Status { code, .. } => matches!(code, 408 | 425 | 429 | 500..),
            Self::Connect(_) | Self::Stalled { .. } | Self::CutShort { .. } | Self::Unresumable => {
                true
            }
            _ => false,
        }
    }

    /// Whether the place gave something else than what is known of the thing.
    pub fn is_a_lie(&self) -> bool {
        matches!(
            self,
            Self::WrongSize { .. } | Self::WrongHash { .. } | Self::TooLong { .. }
        )
    }
}

fn reason(code: u16) -> String {
    reqwest::StatusCode::from_u16(code)
        .ok()
        .and_then(|status| status.canonical_reason())
        .map_or_else(String::new, |reason| format!(" {reason}"))
}

fn lines(tried: &[(Location, Problem)]) -> String {
    if let [(place, problem)] = tried {
        return format!(": {place}: {problem}");
    }
    let mut text = " from any mirror:".to_owned();
    for (place, problem) in tried {
        let _ = write!(text, "\n  {place}: {problem}");
    }
    text
}

fn places(urls: &[Location]) -> String {
    match urls.first() {
        Some(first) => format!("; online it could be got from {first}"),
        None => String::new(),
    }
}

impl FetchError {
    /// What the user can do, in a sentence or two.
    pub fn cure(&self) -> Option<String> {
        Some(match self {
            Self::Store { error, .. } => match error {
                StoreError::Full { .. } => {
                    "`clom clean` makes room in the cache; CLOM_CACHE puts it elsewhere".into()
                }
                _ => "all in the cache can be deleted at any time; CLOM_CACHE puts it elsewhere"
                    .into(),
            },
            Self::Offline { .. } => {
                "run it once without --offline: from then on it is in the cache".into()
            }
            Self::Nowhere { .. } => "name a mirror in the profile's `source`".into(),
            Self::Setup(_) => {
                "install the package ca-certificates, or let SSL_CERT_FILE name a PEM file with certificates to trust".into()
            }
            Self::Mirrors { tried, .. } => return cure_of(tried),
        })
    }
}

/// The cure for what went wrong first, in the order in which things are worth looking at.
fn cure_of(tried: &[(Location, Problem)]) -> Option<String> {
    let any = |is: fn(&Problem) -> bool| tried.iter().any(|(_, problem)| is(problem));
    let cure = if any(|p| matches!(p, Problem::Certificate(_))) {
        "is the clock of this machine right? A certificate authority of your own is trusted when SSL_CERT_FILE names its PEM file"
    } else if any(|p| matches!(p, Problem::PlainHttp)) {
        "use https"
    } else if any(Problem::is_a_lie) {
        "if the publisher changed it, `clom update` shows what is new; else the mirror is damaged: name another"
    } else if any(|p| {
        matches!(
            p,
            Problem::Status {
                code: 404 | 410,
                ..
            }
        )
    }) {
        "the publisher may have removed it: `clom update` takes what there is now, or name a mirror that still has it"
    } else if any(|p| matches!(p, Problem::Local(error) if error.kind() == io::ErrorKind::NotFound))
    {
        "is the path right? `clom mirror` brings an offline mirror up to date with the lock"
    } else if any(Problem::may_pass) {
        "is this machine online? A proxy is taken from HTTPS_PROXY. What was got so far is kept: run it again later, or name another mirror"
    } else {
        return None;
    };
    Some(cure.into())
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        let class = match error {
            FetchError::Store { .. } => Class::Output,
            FetchError::Setup(_) => Class::Host,
            _ => Class::Source,
        };
        let cure = error.cure();
        let failure = Self::new(class, error);
        match cure {
            Some(cure) => failure.help(cure),
            None => failure,
        }
    }
}
