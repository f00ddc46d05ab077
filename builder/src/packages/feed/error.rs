//! Why a feed cannot be made.

use openwrt_formats::{apk, opkg};
use thiserror::Error;

/// Why a feed cannot be made.
#[derive(Debug, Error)]
pub enum FeedError {
    /// A file that is no whole package.
    #[error("{file}: {source}")]
    Ipk {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: opkg::IpkError,
    },
    /// A file that is no whole package.
    #[error("{file}: {source}")]
    Apk {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: apk::Error,
    },
    /// Two files with one version of a package.
    #[error("{first} and {second} both hold {name} {version}, and differ")]
    Twice {
        /// The one.
        first: String,
        /// The other.
        second: String,
        /// The package's name.
        name: String,
        /// Its version.
        version: String,
    },
    /// A file that apk would look for under another name.
    #[error("{file} holds {wanted}")]
    Name {
        /// The file.
        file: String,
        /// The name that it must have.
        wanted: String,
    },
    /// Packages for two kinds of routers.
    #[error("{first} is for {of_first}, {second} for {of_second}")]
    Architectures {
        /// The one.
        first: String,
        /// Its architecture.
        of_first: String,
        /// The other.
        second: String,
        /// Its architecture.
        of_second: String,
    },
    /// The index cannot be written or signed.
    #[error("the index cannot be written: {0}")]
    Index(apk::Error),
}

impl FeedError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Ipk { .. } | Self::Apk { .. } => {
                "take it out of the folder, or get it again".to_owned()
            }
            Self::Twice { .. } => {
                "take one of them out, or give it a higher release: routers that have the one never get the other".to_owned()
            }
            Self::Name { wanted, .. } => format!("rename it to {wanted}"),
            Self::Architectures { .. } => {
                "make a feed for each architecture, or name the one that index.json is to say with --arch".to_owned()
            }
            Self::Index(_) => "make several feeds of it".to_owned(),
        }
    }
}
