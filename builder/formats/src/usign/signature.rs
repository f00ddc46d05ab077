//! Signatures.

use super::{Error, KeyNumber, What, text};

/// The signature of a file, which lies beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub(super) comment: Vec<u8>,
    pub(super) number: KeyNumber,
    pub(super) bytes: [u8; 64],
}

impl Signature {
    /// Reads a signature file.
    ///
    /// # Errors
    /// When it is none. signify's signatures with the message inside (`-e`) are refused.
    pub fn parse(file: &[u8]) -> Result<Self, Error> {
        let (comment, content) = text::read::<72>(file, What::Signature)?;
        let short = || Error::Form {
            what: What::Signature,
            why: "it is too short".to_owned(),
        };
        let (number, bytes) = content.split_first_chunk::<8>().ok_or_else(short)?;
        Ok(Self {
            comment,
            number: KeyNumber(*number),
            bytes: bytes.try_into().map_err(|_| short())?,
        })
    }

    /// The file's text.
    pub fn to_text(&self) -> Vec<u8> {
        text::write(&self.comment, &[&self.number.0[..], &self.bytes].concat()).to_vec()
    }

    /// What the first line says after `untrusted comment: `; not always UTF-8.
    pub fn comment(&self) -> &[u8] {
        &self.comment
    }

    /// The key that it says to be by.
    pub fn number(&self) -> KeyNumber {
        self.number
    }
}
