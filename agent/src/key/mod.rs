//! The node's key: who the node is.
//!
//! An ed25519 key pair, made on the node on its first start and never sent anywhere. The public half is
//! the node's id. The file is one line:
//!
//! ```text
//! clomd-node-key-1 SECRET PUBLIC
//! ```
//!
//! both in lower-case base32 (RFC 4648, no padding). The public half is there so that a damaged file is
//! noticed: it must follow from the secret half.

use std::fmt;

use base32ct::{Base32Unpadded, Encoding};
use ed25519_dalek::SigningKey;
use thiserror::Error;

/// The first word of a key file.
const MAGIC: &str = "clomd-node-key-1";
/// Bytes of either half of a key.
const HALF: usize = 32;
/// No key file is longer than this many bytes.
pub const LONGEST: usize = 256;

/// The node's secret key. It is wiped from memory when dropped and is never printed.
pub struct NodeKey(SigningKey);

/// A node's public id: its ed25519 public key, written as 52 characters of lower-case base32. It fits a DNS label.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId([u8; HALF]);

/// Why a key file is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// No bytes at all.
    #[error("it is empty")]
    Empty,
    /// Another first word, or not text.
    #[error("it does not start with `{MAGIC}`")]
    Magic,
    /// Not the three words of a key file, or cut off before the end of its line.
    #[error("it is cut off or has extra text: expected one line of three words")]
    Shape,
    /// A half that is not base32 of 32 bytes.
    #[error("its {0} half is not 52 characters of base32")]
    Half(&'static str),
    /// Halves that do not belong together.
    #[error("its public half does not follow from its secret half")]
    Mismatch,
}

impl NodeKey {
    /// The key whose secret half is `seed`, which must come from a secure random source.
    pub fn from_seed(seed: &[u8; HALF]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public id.
    pub fn id(&self) -> NodeId {
        NodeId(self.0.verifying_key().to_bytes())
    }

    /// The text of the key file.
    pub fn to_file(&self) -> String {
        format!(
            "{MAGIC} {} {}\n",
            Base32Unpadded::encode_string(self.0.as_bytes()),
            self.id()
        )
    }

    /// Reads the content of a key file.
    ///
    /// # Errors
    /// [`KeyError`] says how it is damaged.
    pub fn from_file(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.is_empty() {
            return Err(KeyError::Empty);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| KeyError::Magic)?;
        let rest = text.strip_prefix(MAGIC).ok_or(KeyError::Magic)?;
        let line = rest.strip_suffix('\n').ok_or(KeyError::Shape)?;
        let mut words = line.split(' ');
        let (Some(""), Some(secret), Some(public), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(KeyError::Shape);
        };
        let key = Self::from_seed(&half("secret", secret)?);
        if key.id() != NodeId(half("public", public)?) {
            return Err(KeyError::Mismatch);
        }
        Ok(key)
    }
}

fn half(which: &'static str, word: &str) -> Result<[u8; HALF], KeyError> {
    let mut bytes = [0; HALF];
    match Base32Unpadded::decode(word, &mut bytes) {
        // Only the one right way to write it: the last character has bits that decoding passes over.
        Ok(decoded) if decoded.len() == HALF && Base32Unpadded::encode_string(decoded) == word => {
            Ok(bytes)
        }
        _ => Err(KeyError::Half(which)),
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base32Unpadded::encode_string(&self.0))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 8032, section 7.1, test 1.
    const SEED: [u8; 32] = [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c,
        0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae,
        0x7f, 0x60,
    ];
    const PUBLIC: [u8; 32] = [
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07,
        0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07,
        0x51, 0x1a,
    ];

    #[test]
    fn the_id_is_the_public_key_of_the_standard() {
        let key = NodeKey::from_seed(&SEED);
        assert_eq!(key.id(), NodeId(PUBLIC));
        // python3: base64.b32encode(PUBLIC).decode().lower().rstrip("=")
        assert_eq!(
            key.id().to_string(),
            "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkena"
        );
    }

    #[test]
    fn a_torn_file_is_noticed_wherever_it_is_torn() {
        let file = NodeKey::from_seed(&SEED).to_file();
        assert_eq!(
            NodeKey::from_file(file.as_bytes()).map(|key| key.id()).ok(),
            Some(NodeId(PUBLIC))
        );
        for length in 0..file.len() {
            assert!(
                NodeKey::from_file(&file.as_bytes()[..length]).is_err(),
                "{length}"
            );
        }
    }

    #[test]
    fn damage_is_named() {
        let file = NodeKey::from_seed(&SEED).to_file();
        let said = |text: &str| NodeKey::from_file(text.as_bytes()).err();
        assert_eq!(said(""), Some(KeyError::Empty));
        assert_eq!(said(&"\0".repeat(120)), Some(KeyError::Magic));
        assert_eq!(said(&file.replace("-1 ", "-2 ")), Some(KeyError::Magic));
        assert_eq!(
            said(&(file.clone() + "x\n")),
            Some(KeyError::Half("public"))
        );
        assert_eq!(said(&file.replace('\n', " x\n")), Some(KeyError::Shape));
        assert_eq!(
            said(
                &file
                    .to_uppercase()
                    .replace("CLOMD-NODE-KEY", "clomd-node-key")
            ),
            Some(KeyError::Half("secret"))
        );
        assert_eq!(
            said(&file.replace("25nj", "25nk")),
            Some(KeyError::Mismatch)
        );
        assert_eq!(
            said(&file.replace("yhkena", "yhkenb")),
            Some(KeyError::Half("public"))
        );
    }

    proptest! {
        #[test]
        fn keys_round_trip_and_one_changed_byte_is_noticed(
            seed: [u8; 32], at in any::<prop::sample::Index>(), other in any::<u8>()
        ) {
            let key = NodeKey::from_seed(&seed);
            let mut file = key.to_file().into_bytes();
            prop_assert!(file.len() <= LONGEST);
            prop_assert_eq!(NodeKey::from_file(&file).map(|key| key.id()), Ok(key.id()));
            let at = at.index(file.len());
            if file[at] != other {
                file[at] = other;
                prop_assert!(NodeKey::from_file(&file).is_err());
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(NodeKey::from_file(&bytes).is_err());
        }
    }
}
