//! The answer.

use super::PackageId;

/// The packages of the image, and what is to be done to get there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Solution {
    /// All packages that the image has in the end, each behind what it needs (cycles are cut where they close).
    pub packages: Vec<Package>,
    /// Those that are new or newer, in the order in which they are to be installed: places in [`Self::packages`].
    pub install: Vec<usize>,
    /// Which of the new ones are instead of which installed ones.
    pub replaced: Vec<Replaced>,
    /// Installed ones that go and have no newer version coming, in the order in which they are to be removed.
    pub remove: Vec<Removed>,
    /// Installed ones that stay as they are, by name.
    pub keep: Vec<String>,
    /// Unwanted names that were not there anyway, with names of packages that may have been meant.
    pub without_effect: Vec<(String, Vec<String>)>,
}

/// A package of the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name, with the ABI version: as `/etc/apk/world` has it.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Why it is there.
    pub because: Because,
    /// All wants it is there for: places in the question.
    pub wants: Vec<usize>,
    /// Asked for by name, now or before: apk's world, opkg's flag `user`.
    pub named: bool,
    /// What it needs: places in [`Solution::packages`], in the order in which it names them.
    pub needs: Vec<usize>,
    /// Bytes of the package file, compressed; `None` where it is not said.
    pub file_size: Option<u64>,
    /// Bytes it takes installed, as it says itself.
    pub installed_size: Option<u64>,
}

/// Where a package comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It is in the image already: its place in the question.
    Installed(usize),
    /// From a feed.
    Feed(PackageId),
    /// It is the kernel, which comes with the image though nothing describes it.
    Kernel,
}

/// Why a package is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// Somebody wants it: the first one's [`super::Want::why`].
    Wanted(String),
    /// It was asked for when the image was made.
    Before,
    /// The first of those that need it.
    NeededBy(String),
    /// It would go with what is there: apk's `install_if`, opkg's `Recommends` and `*`.
    GoesWith(String),
}

/// A new package instead of an installed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Name of the installed one.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The new one, of the same name or another: its place in [`Solution::packages`].
    pub by: usize,
}

/// An installed package that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The reason.
    pub why: Why,
}

/// Why an installed package goes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Somebody does not want it: the [`super::Unwanted::why`].
    Unwanted(String),
    /// This package takes its place.
    ReplacedBy(String),
    /// It was there for others only, and none of them is there any more.
    NoLongerNeeded,
}

impl Solution {
    /// The package of this name.
    pub fn get(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// The packages that are to be installed, in order.
    pub fn installs(&self) -> impl Iterator<Item = &Package> {
        let places = self.install.iter();
        places.filter_map(|place| self.packages.get(*place))
    }

    /// Bytes of all files to be installed; without those whose size is not said.
    pub fn file_size(&self) -> u64 {
        self.installs()
            .filter_map(|package| package.file_size)
            .sum()
    }

    /// Bytes that all to be installed take, as they say themselves.
    pub fn installed_size(&self) -> u64 {
        self.installs()
            .filter_map(|package| package.installed_size)
            .sum()
    }
}
