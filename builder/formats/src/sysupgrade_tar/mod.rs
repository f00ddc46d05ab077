//! The sysupgrade tarball: `sysupgrade-BOARD/{CONTROL, dtb, kernel, root}` in an old-GNU tar.
//!
//! Source of the format: OpenWrt's `scripts/sysupgrade-tar.sh`, and GNU tar for the headers.

mod format;
mod layer;
mod read;
mod write;

pub use read::{Entry, Error, Layout, Opened, Role, looks_like, open};

#[cfg(test)]
mod tests;
