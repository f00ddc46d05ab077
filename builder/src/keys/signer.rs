//! A key to sign with, of either package manager.

use std::path::Path;

use anyhow::Context;
use openwrt_formats::{apk, usign};

use super::{apk as pem, file};
use crate::failure::{Class, Failure, OrFail};

/// A key to sign with.
#[derive(Debug)]
pub enum Signer {
    /// Of usign, for opkg.
    Usign(usign::SecretKey),
    /// In a PEM file, for apk.
    Apk(apk::PrivateKey),
}

impl Signer {
    /// Reads a key, whichever it is.
    ///
    /// # Errors
    /// [`Class::Profile`] when it is neither, is damaged or has a passphrase.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = file::read(path).or_fail(Class::Profile)?;
        if pem::is_pem(&bytes) {
            return pem::private(path).map(Self::Apk);
        }
        usign::SecretKey::parse(&bytes)
            .with_context(|| path.display().to_string())
            .or_fail(Class::Profile)
            .map(Self::Usign)
    }
}
