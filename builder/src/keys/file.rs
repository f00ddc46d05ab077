//! Reading one file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, anyhow};
use openwrt_formats::usign::{Error, KeyNumber, PublicKey, SecretKey, Signature, What};
use zeroize::Zeroizing;

use crate::failure::{Class, Failure, OrFail};
use crate::terminal::clean_bytes;

/// Keys and signatures are a few hundred bytes.
const LIMIT: u64 = 64 << 10;

/// One of the three kinds of files.
#[derive(Debug)]
pub enum Any {
    /// A key that verifies.
    Public(PublicKey),
    /// A key that signs.
    Secret(SecretKey),
    /// A signature.
    Signature(Signature),
}

impl Any {
    /// What it is.
    pub fn kind(&self) -> What {
        match self {
            Self::Public(_) => What::PublicKey,
            Self::Secret(_) => What::SecretKey,
            Self::Signature(_) => What::Signature,
        }
    }

    /// The key's number; of a signature, that of the key it says to be by.
    pub fn number(&self) -> KeyNumber {
        match self {
            Self::Public(key) => key.number(),
            Self::Secret(key) => key.number(),
            Self::Signature(signature) => signature.number(),
        }
    }

    /// The comment, which nothing vouches for.
    pub fn comment(&self) -> String {
        let bytes = match self {
            Self::Public(key) => key.comment(),
            Self::Secret(key) => key.comment(),
            Self::Signature(signature) => signature.comment(),
        };
        clean_bytes(bytes)
    }

    /// The fingerprint of the public key; a signature does not have it.
    pub fn fingerprint(&self) -> Option<String> {
        match self {
            Self::Public(key) => Some(key.fingerprint().to_string()),
            Self::Secret(key) => Some(key.public("").ok()?.fingerprint().to_string()),
            Self::Signature(_) => None,
        }
    }
}

/// The file's bytes, if they are few enough for a key.
pub(super) fn read(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let cannot = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(cannot)?;
    let mut bytes = Zeroizing::new(Vec::new());
    let read = file.take(LIMIT + 1).read_to_end(&mut bytes);
    if read.with_context(cannot)? as u64 > LIMIT {
        return Err(anyhow!(
            "{} is too large for a key or signature",
            path.display()
        ));
    }
    Ok(bytes)
}

fn parse<T>(
    path: &Path,
    class: Class,
    parse: impl Fn(&[u8]) -> Result<T, Error>,
) -> Result<T, Failure> {
    let bytes = read(path).or_fail(class)?;
    parse(&bytes)
        .with_context(|| path.display().to_string())
        .or_fail(class)
}

/// Reads a public key.
///
/// # Errors
/// [`Class::Source`] when it is none.
pub fn public(path: &Path) -> Result<PublicKey, Failure> {
    parse(path, Class::Source, PublicKey::parse)
}

/// Reads a secret key.
///
/// # Errors
/// [`Class::Profile`] when it is none, is damaged or has a passphrase.
pub fn secret(path: &Path) -> Result<SecretKey, Failure> {
    parse(path, Class::Profile, SecretKey::parse)
}

/// Reads a signature.
///
/// # Errors
/// [`Class::Source`] when it is none.
pub fn signature(path: &Path) -> Result<Signature, Failure> {
    parse(path, Class::Source, Signature::parse)
}

/// Reads whichever of the three it is.
///
/// # Errors
/// [`Class::Source`] when it is none.
pub fn any(path: &Path) -> Result<Any, Failure> {
    parse(path, Class::Source, |bytes| match PublicKey::parse(bytes) {
        Err(Error::Other {
            found: What::SecretKey,
            ..
        }) => SecretKey::parse(bytes).map(Any::Secret),
        Err(Error::Other {
            found: What::Signature,
            ..
        }) => Signature::parse(bytes).map(Any::Signature),
        public => public.map(Any::Public),
    })
}
