//! Signatures of containers.
//!
//! Source: apk-tools' `src/adb.c`.
//!
//! ```text
//! u8     0       version
//! u8     4       what hashes the values: 4 SHA-512
//! 16     id of the key
//!        ECDSA in DER, over SHA-512 of: the schema (4 bytes), the 18 bytes above, the SHA-512 of the values
//! ```

use sha2::{Digest, Sha512};

use super::Error;
use super::adb::Schema;
use super::key::{KeyId, PrivateKey, PublicKey};

/// The version and the hash that are known.
const KNOWN: [u8; 2] = [0, 4];
/// apk-tools takes no longer block.
const LONGEST: usize = 2048;

/// A signature of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature<'a> {
    /// Whose it is.
    pub key: KeyId,
    /// ECDSA in DER.
    bytes: &'a [u8],
}

impl<'a> Signature<'a> {
    /// Reads a block's payload.
    ///
    /// # Errors
    /// [`Error::Signature`].
    pub fn read(block: &'a [u8]) -> Result<Self, Error> {
        let (head, rest) = block
            .split_first_chunk::<2>()
            .ok_or_else(|| Error::Signature("cut short".into()))?;
        match *head {
            KNOWN => {}
            [0, hash] => {
                return Err(Error::Signature(format!(
                    "over a hash that is not known ({hash})"
                )));
            }
            [version, _] => {
                return Err(Error::Signature(format!(
                    "of a version that is not known ({version})"
                )));
            }
        }
        match rest.split_first_chunk::<16>() {
            Some((key, bytes)) if block.len() <= LONGEST => Ok(Self {
                key: KeyId(*key),
                bytes,
            }),
            Some(_) => Err(Error::Signature("too long".into())),
            None => Err(Error::Signature("cut short".into())),
        }
    }

    /// Whether it is this key's for these values.
    pub fn verify(&self, schema: Schema, values: &[u8], key: &PublicKey) -> bool {
        self.key == key.id() && key.verify(&digest(schema, self.key, values), self.bytes)
    }

    /// Signs the payload of a block of values and gives the payload of the signature's block.
    ///
    /// # Errors
    /// [`Error::Signature`], which no key gives that was read.
    pub fn make(schema: Schema, values: &[u8], key: &PrivateKey) -> Result<Vec<u8>, Error> {
        let id = key.public().id();
        let mut block = KNOWN.to_vec();
        block.extend(id.0);
        block.extend(key.sign(&digest(schema, id, values))?);
        Ok(block)
    }
}

fn digest(schema: Schema, key: KeyId, values: &[u8]) -> Vec<u8> {
    let mut hash = Sha512::new();
    hash.update(schema.0);
    hash.update(KNOWN);
    hash.update(key.0);
    hash.update(Sha512::digest(values));
    hash.finalize().to_vec()
}
