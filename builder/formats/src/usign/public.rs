//! Public keys.

use std::fmt;

use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha256};

use super::{Error, KeyNumber, Signature, What, text};

/// A key that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) comment: Vec<u8>,
    pub(super) number: KeyNumber,
    pub(super) key: VerifyingKey,
}

/// SHA-256 over the 32 bytes of an Ed25519 public key: what to compare over the telephone, since anybody can make a key with a given
/// number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// `SHA256:` and 64 hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SHA256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl PublicKey {
    /// Reads a key file.
    ///
    /// # Errors
    /// When it is none, or its 32 bytes are not the key of anything.
    pub fn parse(file: &[u8]) -> Result<Self, Error> {
        let (comment, content) = text::read::<40>(file, What::PublicKey)?;
        let wrong = |why: &str| Error::Form {
            what: What::PublicKey,
            why: why.to_owned(),
        };
        let (number, key) = content
            .split_first_chunk::<8>()
            .ok_or_else(|| wrong("it is too short"))?;
        let key = key.try_into().map_err(|_| wrong("it is too short"))?;
        let key = VerifyingKey::from_bytes(key)
            .map_err(|_| wrong("its 32 bytes are no point of the curve"))?;
        if key.is_weak() {
            return Err(wrong("it is a weak key, for which anybody can sign"));
        }
        Ok(Self {
            comment,
            number: KeyNumber(*number),
            key,
        })
    }

    /// The file's text.
    pub fn to_text(&self) -> Vec<u8> {
        text::write(
            &self.comment,
            &[&self.number.0[..], self.key.as_bytes()].concat(),
        )
        .to_vec()
    }

    /// What the first line says after `untrusted comment: `; not always UTF-8.
    pub fn comment(&self) -> &[u8] {
        &self.comment
    }

    /// The name of the key.
    pub fn number(&self) -> KeyNumber {
        self.number
    }

    /// The 32 bytes of the Ed25519 public key.
    pub fn bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// What identifies the key for certain.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(self.bytes()).into())
    }

    /// Whether `signature` is this key's over `message`.
    ///
    /// # Errors
    /// [`Error::OtherKey`] when it names another key, [`Error::Mismatch`] when it does not match.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), Error> {
        if signature.number != self.number {
            return Err(Error::OtherKey {
                signature: signature.number,
                key: self.number,
            });
        }
        let bytes = ed25519_dalek::Signature::from_bytes(&signature.bytes);
        self.key
            .verify_strict(message, &bytes)
            .map_err(|_| Error::Mismatch { key: self.number })
    }
}
