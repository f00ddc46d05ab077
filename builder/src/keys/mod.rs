//! Keys and signatures in files: making, reading, signing, verifying.
//!
//! The files are those of usign and signify (see [`openwrt_formats::usign`]), so what is made here works on routers and the other way
//! round. A folder of trusted keys is laid out as `/etc/opkg/keys` on a router: each file named by its key's number.
//!
//! apk's keys are PEM files as openssl has them ([`apk`]); what they sign holds the signature itself.

pub mod apk;
mod file;
mod make;
mod ring;
mod sign;
mod signer;

pub use file::{Any, any, public, secret, signature};
pub use make::{Made, make};
pub use ring::{Entry, Ring};
pub use sign::{sign, verify};
pub use signer::Signer;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// `path` with `ending` appended to its name.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// Where the signature of `path` lies: `path.sig`.
pub fn signature_of(path: &Path) -> PathBuf {
    beside(path, ".sig")
}
