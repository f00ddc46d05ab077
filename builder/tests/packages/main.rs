//! OpenWrt's packages as users meet them: `clom update`, `clom build`, `clom mirror` and `clom serve` against a real HTTPS server with the
//! layout of OpenWrt's, for an opkg release and an apk release.
//!
//! Keys are made by signify and openssl, opkg's packages and indexes by tar and gzip, and finished images are opened by unsquashfs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/https.rs"]
mod https;

#[macro_use]
mod world;

mod archives;
mod conflicts;
mod feeds;
mod install;
mod locked;
mod network;
mod offline;
mod parallel;
mod signatures;
mod solving;
