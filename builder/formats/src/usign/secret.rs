//! Secret keys, those without a passphrase.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use super::{Error, KeyNumber, PublicKey, Signature, What, text};

/// The function that makes keys of passphrases, which every secret key names.
const BCRYPT: &[u8] = b"BK";

/// A key that signs. It is wiped from memory when dropped.
#[derive(Clone)]
pub struct SecretKey {
    comment: Vec<u8>,
    number: KeyNumber,
    /// Unused without a passphrase, and kept.
    salt: [u8; 16],
    key: SigningKey,
}

/// Shows which key, and nothing secret.
impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.number)
    }
}

impl SecretKey {
    /// A key of these random bytes, which its maker takes from the operating system.
    ///
    /// # Errors
    /// When the comment is not one line.
    pub fn new(
        seed: &[u8; 32],
        number: KeyNumber,
        salt: [u8; 16],
        comment: impl Into<Vec<u8>>,
    ) -> Result<Self, Error> {
        Ok(Self {
            comment: text::comment(comment)?,
            number,
            salt,
            key: SigningKey::from_bytes(seed),
        })
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// When it is none, has a passphrase, or is damaged.
    pub fn parse(file: &[u8]) -> Result<Self, Error> {
        let (comment, content) = text::read::<102>(file, What::SecretKey)?;
        let wrong = |why: &str| Error::Form {
            what: What::SecretKey,
            why: why.to_owned(),
        };
        let mut rest = &content[..];
        let mut take = |len: usize| {
            let (taken, behind) = rest.split_at_checked(len).unwrap_or_default();
            rest = behind;
            taken
        };
        let (function, rounds, salt) = (take(2), take(4), take(16));
        let (checksum, number, key) = (take(8), take(8), take(64));
        let short = |_| wrong("it is too short");
        let number = KeyNumber(number.try_into().map_err(short)?);
        if function != BCRYPT {
            return Err(wrong("its passphrase is for another function than bcrypt"));
        }
        if rounds.iter().any(|byte| *byte != 0) {
            return Err(Error::Encrypted { number });
        }
        if !Sha512::digest(key).starts_with(checksum) {
            let why = "it does not match its own checksum";
            return Err(Error::Damaged { number, why });
        }
        let pair = Zeroizing::new(<[u8; 64]>::try_from(key).map_err(short)?);
        let key = SigningKey::from_keypair_bytes(&pair).map_err(|_| Error::Damaged {
            number,
            why: "the public key in it is that of another secret key",
        })?;
        Ok(Self {
            comment,
            number,
            salt: salt.try_into().map_err(short)?,
            key,
        })
    }

    /// The file's text, which only its owner may read.
    pub fn to_text(&self) -> Zeroizing<Vec<u8>> {
        let pair = Zeroizing::new(self.key.to_keypair_bytes());
        let digest = Sha512::digest(&pair[..]);
        let checksum = digest.get(..8).unwrap_or_default();
        let parts = [
            BCRYPT,
            &[0; 4],
            &self.salt,
            checksum,
            &self.number.0,
            &pair[..],
        ];
        text::write(&self.comment, &Zeroizing::new(parts.concat()))
    }

    /// What the first line says after `untrusted comment: `; not always UTF-8.
    pub fn comment(&self) -> &[u8] {
        &self.comment
    }

    /// The name of the key.
    pub fn number(&self) -> KeyNumber {
        self.number
    }

    /// The key that verifies what this one signs.
    ///
    /// # Errors
    /// When the comment is not one line.
    pub fn public(&self, comment: impl Into<Vec<u8>>) -> Result<PublicKey, Error> {
        Ok(PublicKey {
            comment: text::comment(comment)?,
            number: self.number,
            key: self.key.verifying_key(),
        })
    }

    /// The signature over `message`; the same one every time. Its comment is that of usign.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature {
            comment: format!("signed by key {}", self.number).into_bytes(),
            number: self.number,
            bytes: self.key.sign(message).to_bytes(),
        }
    }
}
