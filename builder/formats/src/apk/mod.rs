//! Packages and feeds of apk version 3, which OpenWrt uses from 25.12 on.
//!
//! What apk-tools 3 keeps in files is one container, [`adb`], with different content in it: [`Index`] is what a feed offers
//! (`packages.adb`), [`Package`] a package (`.apk`). What is installed on a router is a text, [`Installed`].
//!
//! Signatures ([`Signature`]) are over the container, so they are checked before anything in it is believed:
//! [`adb::File::verify`]. Versions ([`Version`]) and what a package asks for ([`Dependency`]) have an order of their own.

pub mod adb;
mod dependency;
mod error;
mod index;
mod info;
mod installed;
mod key;
pub mod package;
mod recorded;
mod signature;
mod version;

pub use dependency::{Condition, Dependency, Relation};
pub use error::Error;
pub use index::Index;
pub use info::PackageInfo;
pub use installed::{Installed, InstalledFile, InstalledFolder, InstalledPackage, Mode};
pub use key::{Curve, KeyId, PrivateKey, PublicKey};
pub use package::Package;
pub use signature::Signature;
pub use version::Version;

#[cfg(test)]
mod tests;
