//! The blocks of a container.

use std::fmt;

use super::Database;
use crate::apk::{Error, PublicKey, Signature};

/// The magic of a plain container.
pub(super) const MAGIC: &[u8; 4] = b"ADB.";
/// Blocks begin at multiples of this.
pub(super) const ALIGNMENT: usize = 8;
/// The types of blocks.
pub(super) const VALUES: u32 = 0;
pub(super) const SIGNATURE: u32 = 1;
pub(super) const DATA: u32 = 2;
const EXTENDED: u32 = 3;

/// What a container holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema(pub [u8; 4]);

impl Schema {
    /// What a feed offers.
    pub const INDEX: Self = Self(*b"indx");
    /// A package.
    pub const PACKAGE: Self = Self(*b"pckg");
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::INDEX => f.write_str("the index of a feed"),
            Self::PACKAGE => f.write_str("a package"),
            Self(other) => write!(f, "\"{}\"", other.escape_ascii()),
        }
    }
}

/// A plain container, taken apart into its blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File<'a> {
    /// What it holds.
    pub schema: Schema,
    /// The payload of the block of values.
    pub values: &'a [u8],
    /// The payloads of the blocks of signatures.
    pub signatures: Vec<&'a [u8]>,
    /// The payloads of the blocks of content.
    pub data: Vec<&'a [u8]>,
}

impl<'a> File<'a> {
    /// Takes a plain container apart. Nothing in it is believed yet: see [`File::verify`].
    ///
    /// # Errors
    /// [`Error::NotAdb`], [`Error::Truncated`], [`Error::Block`].
    pub fn read(plain: &'a [u8]) -> Result<Self, Error> {
        if !plain.starts_with(MAGIC) {
            return Err(Error::NotAdb);
        }
        let schema = plain.get(4..).and_then(<[u8]>::first_chunk);
        let schema = Schema(*schema.ok_or(Error::Truncated {
            what: "the header",
            at: plain.len(),
        })?);
        let (mut at, mut values) = (8, None);
        let (mut signatures, mut data) = (Vec::new(), Vec::new());
        while at < plain.len() {
            let (kind, payload, next) = block(plain, at)?;
            match (kind, values) {
                (VALUES, None) => values = Some(payload),
                (SIGNATURE, Some(_)) if data.is_empty() => signatures.push(payload),
                (DATA, Some(_)) => data.push(payload),
                _ => return Err(Error::Block { kind, at }),
            }
            at = next;
        }
        let values = values.ok_or(Error::Truncated {
            what: "the block of values",
            at,
        })?;
        Ok(Self {
            schema,
            values,
            signatures,
            data,
        })
    }

    /// As [`File::read`], for a container that must hold this.
    ///
    /// # Errors
    /// As [`File::read`]; [`Error::Schema`].
    pub fn read_as(plain: &'a [u8], schema: Schema) -> Result<Self, Error> {
        let file = Self::read(plain)?;
        if file.schema == schema {
            return Ok(file);
        }
        Err(Error::Schema {
            found: file.schema.to_string(),
            wanted: match schema {
                Schema::INDEX => "the index of a feed",
                _ => "a package",
            },
        })
    }

    /// Its values.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::Compatibility`].
    pub fn database(&self) -> Result<Database<'a>, Error> {
        Database::new(self.values)
    }

    /// Checks that one of these keys signed the values, and says which.
    ///
    /// The content of a package's files is not signed itself: its hashes are, among the values.
    ///
    /// # Errors
    /// [`Error::Unsigned`], [`Error::UnknownKey`] with the ids of all keys that signed, [`Error::BadSignature`] when a
    /// trusted key's signature does not fit and no other does, [`Error::Signature`] for one that is not understood.
    pub fn verify<'k>(&self, trusted: &'k [PublicKey]) -> Result<&'k PublicKey, Error> {
        let (mut unknown, mut failure) = (Vec::new(), None);
        for block in &self.signatures {
            let signature = match Signature::read(block) {
                Ok(signature) => signature,
                Err(error) => {
                    failure = failure.or(Some(error));
                    continue;
                }
            };
            // Two keys may have one id only if someone found a collision, but trying both costs nothing.
            let mut known = false;
            for key in trusted.iter().filter(|key| key.id() == signature.key) {
                known = true;
                if signature.verify(self.schema, self.values, key) {
                    return Ok(key);
                }
                // A signature that does not fit tells more than one that is not understood.
                failure = Some(Error::BadSignature(signature.key));
            }
            if !known && !unknown.contains(&signature.key) {
                unknown.push(signature.key);
            }
        }
        match failure {
            Some(failure) => Err(failure),
            None if unknown.is_empty() => Err(Error::Unsigned),
            None => Err(Error::UnknownKey(unknown)),
        }
    }
}

/// The block at `at`: its type, its payload, and where the next one begins.
fn block(plain: &[u8], at: usize) -> Result<(u32, &[u8], usize), Error> {
    let cut = Error::Truncated {
        what: "a block",
        at,
    };
    let read = || {
        let rest = plain.get(at..)?;
        let word = u32::from_le_bytes(*rest.first_chunk()?);
        let (kind, header, size) = match word >> 30 {
            EXTENDED => {
                let size = u64::from_le_bytes(*rest.get(8..)?.first_chunk()?);
                (word & 0x3fff_ffff, 16, usize::try_from(size).ok()?)
            }
            kind => (kind, 4, (word & 0x3fff_ffff) as usize),
        };
        let payload = rest.get(header..size)?;
        let padded = size.checked_next_multiple_of(ALIGNMENT)?;
        rest.get(size..padded)?;
        Some((kind, payload, at + padded))
    };
    read().ok_or(cut)
}
