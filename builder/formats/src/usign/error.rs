//! What can be wrong.

use std::fmt;

use thiserror::Error;

use super::KeyNumber;

/// The three kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Verifies.
    PublicKey,
    /// Signs.
    SecretKey,
    /// Lies beside a file, named `FILE.sig`.
    Signature,
}

impl What {
    /// How many bytes the base64 of such a file holds.
    pub(super) fn len(self) -> usize {
        match self {
            Self::PublicKey => 42,
            Self::SecretKey => 104,
            Self::Signature => 74,
        }
    }

    /// The kind of file whose base64 holds `len` bytes.
    pub(super) fn of_len(len: usize) -> Option<Self> {
        let mut all = [Self::PublicKey, Self::SecretKey, Self::Signature].into_iter();
        all.find(|what| what.len() == len)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PublicKey => "public key",
            Self::SecretKey => "secret key",
            Self::Signature => "signature",
        })
    }
}

/// Why a file is not a key or signature, or does not verify.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// It is none of usign's or signify's files.
    #[error("not a {what} of usign or signify: {why}")]
    Form {
        /// What was wanted.
        what: What,
        /// What is wrong.
        why: String,
    },
    /// It is one of the others.
    #[error("this is a {found}, not a {what}")]
    Other {
        /// What was wanted.
        what: What,
        /// What it is.
        found: What,
    },
    /// A secret key with a passphrase.
    #[error(
        "secret key {number} is encrypted with a passphrase (signify's bcrypt), which is not supported: use one that is not, as `signify -G -n`, `usign -G` and `clom keys new` make them"
    )]
    Encrypted {
        /// The key's number.
        number: KeyNumber,
    },
    /// A secret key that does not match its own checksum or public key.
    #[error("secret key {number} is damaged: {why}")]
    Damaged {
        /// The key's number.
        number: KeyNumber,
        /// What does not match.
        why: &'static str,
    },
    /// A comment that does not fit on the first line.
    #[error("a comment is one line of at most {max} bytes")]
    Comment {
        /// The limit.
        max: usize,
    },
    /// A signature by another key.
    #[error("it is signed by key {signature}, not by key {key}")]
    OtherKey {
        /// The number in the signature.
        signature: KeyNumber,
        /// The number of the key that was to verify it.
        key: KeyNumber,
    },
    /// The signature is not one of this key over these bytes.
    #[error(
        "the signature by key {key} is not one of these bytes: they were changed after they were signed, or another key has this number"
    )]
    Mismatch {
        /// The key's number.
        key: KeyNumber,
    },
}
