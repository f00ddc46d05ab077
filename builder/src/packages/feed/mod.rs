//! Making a feed of a folder of packages: the indexes that opkg and apk read, signed.
//!
//! ```text
//! opkg   Packages, Packages.gz, Packages.sig    what there is, compressed, and usign's signature of the first
//!        Packages.manifest                      the same with all fields
//! apk    packages.adb                           what there is, with the signatures in it
//! both   index.json                             names and versions alone
//! ```
//!
//! Source: OpenWrt's `package/Makefile`, `scripts/{ipkg-make-index.sh,make-index-json.py}`; apk-tools' `src/app_mkndx.c`.

mod apk;
mod error;
mod folder;
mod opkg;
mod summary;

pub use apk::Apk;
pub use error::FeedError;
pub use folder::{Indexed, index};
pub use opkg::Opkg;

/// A feed's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Names and contents, in the order in which they are to be put in place.
    pub files: Vec<(String, Vec<u8>)>,
    /// How many packages it has.
    pub packages: usize,
    /// What its maker should know.
    pub remarks: Vec<String>,
}

#[cfg(test)]
mod tests;
