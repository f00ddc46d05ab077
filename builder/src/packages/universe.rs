//! What feeds offer.

use std::fmt;

use openwrt_formats::{apk, opkg};

/// The package manager of a release. The two differ in formats, in the order of versions, and in what fields mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Manager {
    /// opkg, up to 24.10: `.ipk`, `Packages`.
    Opkg,
    /// apk v3, from 25.12: `.apk`, `packages.adb`.
    Apk,
}

impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opkg => "opkg",
            Self::Apk => "apk",
        })
    }
}

/// A package as its manager describes it, in an index or in the package itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Description {
    /// Of opkg.
    Opkg(Box<opkg::Package>),
    /// Of apk.
    Apk(Box<apk::PackageInfo>),
}

impl Description {
    /// Its name; in OpenWrt with the ABI version behind, if it has one.
    pub fn name(&self) -> &str {
        match self {
            Self::Opkg(package) => &package.name,
            Self::Apk(package) => &package.name,
        }
    }

    /// Its version, as text. The order of versions is the manager's own.
    pub fn version(&self) -> &str {
        match self {
            Self::Opkg(package) => package.version.as_str(),
            Self::Apk(package) => package.version.as_str(),
        }
    }

    /// The architecture, `mipsel_24kc`; `all` (opkg) and `noarch` (apk) suit any.
    pub fn architecture(&self) -> &str {
        match self {
            Self::Opkg(package) => package.architecture.as_deref().unwrap_or("all"),
            Self::Apk(package) => &package.arch,
        }
    }

    /// Length of the package file in bytes; `None` where it is not said.
    pub fn file_size(&self) -> Option<u64> {
        match self {
            Self::Opkg(package) => package.size,
            Self::Apk(package) => (package.file_size > 0).then_some(package.file_size),
        }
    }
}

/// One feed with the packages of its index, in the index's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Its name, `base`, for messages and the lock.
    pub name: String,
    /// What it offers.
    pub packages: Vec<Description>,
}

/// What all feeds of an image offer; where two offer the same version of a package, the earlier feed is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Universe {
    /// Whose packages these are. All [`Description`]s are of this kind.
    pub manager: Manager,
    /// The feeds, in order.
    pub feeds: Vec<Feed>,
}

/// A package of a [`Universe`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageId {
    /// Index of the feed.
    pub feed: u32,
    /// Index of the package in it.
    pub package: u32,
}

impl Universe {
    /// The package of this id; `None` when the id is of another universe.
    pub fn get(&self, id: PackageId) -> Option<&Description> {
        self.feeds
            .get(id.feed as usize)?
            .packages
            .get(id.package as usize)
    }

    /// All packages, feed by feed.
    pub fn iter(&self) -> impl Iterator<Item = (PackageId, &Description)> {
        self.feeds.iter().zip(0..).flat_map(|(feed, at)| {
            feed.packages
                .iter()
                .zip(0..)
                .map(move |(description, package)| (PackageId { feed: at, package }, description))
        })
    }
}
