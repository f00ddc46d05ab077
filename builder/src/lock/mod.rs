//! `clom.lock`: every file that builds may fetch, pinned by SHA-256, size and origin.
//!
//! `clom update` writes it, builds read it and fetch nothing else; it lies in the profile library and is kept in version control with the
//! profiles. TOML, one table for each pin, sorted, so that a change of one package is a change of a few lines.
//!
//! ```toml
//! version = 1
//!
//! [[build]]                 # what the lock was made for
//! site = "valley"
//! device = "tplink_archer-c7-v2"
//!
//! [[donor]]
//! place = "openwrt:releases/25.12.5/targets/ath79/generic/openwrt-25.12.5-...-squashfs-sysupgrade.bin"
//! ...
//! ```

mod change;
mod file;

pub use change::{Change, changes};
pub use file::{Build, Donor, Feed, Lock, LockError, NAME, Package, Signature};
