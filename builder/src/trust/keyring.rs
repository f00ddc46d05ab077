//! A set of trusted keys, and what they say of a file.

use std::fmt;

use jiff::civil::Date;
use openwrt_formats::tree::{Kind, Tree};
use openwrt_formats::{apk, usign};
use thiserror::Error;

use super::shipped;
use crate::terminal::clean_bytes;

/// A public key of either kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyKey {
    /// Ed25519, of usign and signify: signs `sha256sums` and opkg's indexes.
    Usign(usign::PublicKey),
    /// P-256 or secp256k1: signs apk's indexes.
    Apk(apk::PublicKey),
}

/// Why a file is no public key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("it is no public key, neither usign's ({usign}) nor apk's ({apk})")]
pub struct KeyFault {
    usign: String,
    apk: String,
}

impl AnyKey {
    /// Reads a key file of either kind.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(file: &[u8]) -> Result<Self, KeyFault> {
        let usign = match usign::PublicKey::parse(file) {
            Ok(key) => return Ok(Self::Usign(key)),
            Err(error) => error.to_string(),
        };
        match apk::PublicKey::from_pem(&String::from_utf8_lossy(file)) {
            Ok(key) => Ok(Self::Apk(key)),
            Err(error) => Err(KeyFault {
                usign,
                apk: error.to_string(),
            }),
        }
    }

    /// What identifies it for certain, to compare with what its owner says.
    pub fn fingerprint(&self) -> String {
        match self {
            Self::Usign(key) => key.fingerprint().to_string(),
            Self::Apk(key) => format!("key id {}", key.id()),
        }
    }
}

/// A trusted key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// The key.
    pub key: AnyKey,
    /// What it is called.
    pub name: String,
    /// Why it is trusted: `shipped with clom`, where a profile names it.
    pub from: String,
    /// The last day on which it is trusted.
    pub not_after: Option<Date>,
}

impl Trusted {
    /// Its name and what identifies it, wherever it is named.
    pub fn identity(&self) -> String {
        format!("{} ({})", self.name, self.key.fingerprint())
    }
}

/// `name (from)`
impl fmt::Display for Trusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.from)
    }
}

/// A set of trusted keys on a day.
#[derive(Debug, Clone)]
pub struct Keyring {
    keys: Vec<Trusted>,
    today: Date,
}

/// Why a file is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Distrust {
    /// The signature is by a key that is not known.
    #[error(
        "it is signed by key {key}, which is not trusted (the signature's comment, which proves nothing: \"{comment}\")"
    )]
    Unknown {
        /// The key's number (usign) or id (apk).
        key: String,
        /// What the signature says of its maker.
        comment: String,
    },
    /// The key is known, and its time is over.
    #[error("it is signed by key {key}, which is trusted until {until} only, and today is {today}")]
    Expired {
        /// The key.
        key: String,
        /// Its last day.
        until: Date,
        /// Today, by this machine's clock.
        today: Date,
    },
    /// The signature is not for these bytes.
    #[error(
        "its signature by key {key} does not match it: it was changed, or its server is just being updated and it and its signature are of different times"
    )]
    Mismatch {
        /// The key.
        key: String,
    },
    /// There is no signature, or none that can be read.
    #[error("{0}")]
    Unsigned(String),
}

impl Keyring {
    /// The keys that are shipped, on this day.
    pub fn shipped(today: Date) -> Self {
        Self {
            keys: shipped::keys(),
            today,
        }
    }

    /// No keys at all.
    pub fn empty(today: Date) -> Self {
        Self {
            keys: Vec::new(),
            today,
        }
    }

    /// Trusts one more key.
    pub fn add(&mut self, key: Trusted) {
        self.keys.push(key);
    }

    /// The keys of these names only.
    #[must_use]
    pub fn only(&self, names: &[String]) -> Self {
        let keys = self.keys.iter().filter(|key| names.contains(&key.name));
        Self {
            keys: keys.cloned().collect(),
            today: self.today,
        }
    }

    /// Trusts what a router with this root file system trusts: the keys in `/etc/opkg/keys` and `/etc/apk/keys`.
    /// `from` says what the tree is. Files there that are no keys are left out, as the router does.
    pub fn add_tree(&mut self, tree: &Tree, from: &str) {
        for folder in ["etc/opkg/keys", "etc/apk/keys"] {
            let Some(Kind::Dir(entries)) = tree.get(folder).map(|inode| &inode.kind) else {
                continue;
            };
            for name in entries.keys() {
                let path = [folder.as_bytes(), b"/", name].concat();
                let file = tree.read(&path).unwrap_or_default();
                if let Ok(key) = AnyKey::parse(&file) {
                    self.add(Trusted {
                        key,
                        name: String::from_utf8_lossy(name).into_owned(),
                        from: from.to_owned(),
                        not_after: None,
                    });
                }
            }
        }
    }

    /// The keys.
    pub fn keys(&self) -> &[Trusted] {
        &self.keys
    }

    /// Which trusted key signed `message`, by the text of its usign signature file.
    ///
    /// # Errors
    /// [`Distrust`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<&Trusted, Distrust> {
        let signature = usign::Signature::parse(signature)
            .map_err(|error| Distrust::Unsigned(error.to_string()))?;
        let number = signature.number();
        let mut why = Distrust::Unknown {
            key: number.to_string(),
            comment: clean_bytes(signature.comment()),
        };
        for trusted in &self.keys {
            let AnyKey::Usign(key) = &trusted.key else {
                continue;
            };
            if key.number() != number {
                continue;
            }
            if let Err(expired) = self.in_time(trusted, number.to_string()) {
                why = expired;
                continue;
            }
            // Anybody can make a key with a given number: another of the same number may still be the one.
            match key.verify(message, &signature) {
                Ok(()) => return Ok(trusted),
                Err(_) => {
                    why = Distrust::Mismatch {
                        key: number.to_string(),
                    };
                }
            }
        }
        Err(why)
    }

    /// Reads an index of apk that a trusted key signed, and says which.
    ///
    /// # Errors
    /// [`Distrust`]; an index that is damaged counts as one that nobody signed.
    pub fn read_apk(&self, file: &[u8]) -> Result<(apk::Index, &Trusted), Distrust> {
        let (mut keys, mut owners): (Vec<apk::PublicKey>, Vec<&Trusted>) = (Vec::new(), Vec::new());
        let mut expired = Vec::new();
        for trusted in &self.keys {
            let AnyKey::Apk(key) = &trusted.key else {
                continue;
            };
            match self.in_time(trusted, key.id().to_string()) {
                Ok(()) => {
                    keys.push(key.clone());
                    owners.push(trusted);
                }
                Err(why) => expired.push((key.clone(), why)),
            }
        }
        match apk::Index::read(file, &keys) {
            Ok((index, key)) => {
                let owner = owners
                    .into_iter()
                    .find(|owner| owner.key == AnyKey::Apk(key.clone()));
                let owner =
                    owner.ok_or_else(|| Distrust::Unsigned("no key signed it".to_owned()))?;
                Ok((index, owner))
            }
            Err(error) => {
                for (key, why) in expired {
                    if apk::Index::read(file, &[key]).is_ok() {
                        return Err(why);
                    }
                }
                Err(Distrust::Unsigned(error.to_string()))
            }
        }
    }

    fn in_time(&self, trusted: &Trusted, key: String) -> Result<(), Distrust> {
        match trusted.not_after {
            Some(until) if until < self.today => Err(Distrust::Expired {
                key,
                until,
                today: self.today,
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use openwrt_formats::tree::Meta;

    use super::*;

    fn secret(number: u8, seed: u8) -> usign::SecretKey {
        usign::SecretKey::new(&[seed; 32], usign::KeyNumber([number; 8]), [0; 16], "test").unwrap()
    }

    fn trusted(secret: &usign::SecretKey, name: &str, not_after: Option<&str>) -> Trusted {
        Trusted {
            key: AnyKey::Usign(secret.public("test").unwrap()),
            name: name.to_owned(),
            from: "a test".to_owned(),
            not_after: not_after.map(|date| date.parse().unwrap()),
        }
    }

    #[test]
    fn old_and_new_keys_overlap_and_an_expired_one_is_refused() {
        let (old, new) = (secret(1, 1), secret(2, 2));
        let today = "2026-11-24".parse().unwrap();
        let mut ring = Keyring::empty(today);
        ring.add(trusted(&old, "old", Some("2026-11-24")));
        ring.add(trusted(&new, "new", None));
        for key in [&old, &new] {
            ring.verify(b"hello", &key.sign(b"hello").to_text())
                .unwrap();
        }
        let mut later = Keyring::empty("2026-11-25".parse().unwrap());
        later.keys = ring.keys.clone();
        let error = later
            .verify(b"hello", &old.sign(b"hello").to_text())
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("until 2026-11-24 only, and today is 2026-11-25"),
            "{error}"
        );
        assert_eq!(
            later
                .verify(b"hello", &new.sign(b"hello").to_text())
                .unwrap()
                .name,
            "new"
        );
    }

    #[test]
    fn unknown_keys_changed_files_and_forged_numbers_are_refused() {
        let ours = secret(1, 1);
        let forged = secret(1, 9);
        let mut ring = Keyring::empty("2026-11-24".parse().unwrap());
        let signature = ours.sign(b"hello").to_text();
        let error = ring.verify(b"hello", &signature).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("key 0101010101010101, which is not trusted"),
            "{error}"
        );
        ring.add(trusted(&forged, "forged", None));
        assert!(matches!(
            ring.verify(b"hello", &signature),
            Err(Distrust::Mismatch { .. })
        ));
        ring.add(trusted(&ours, "ours", None));
        assert_eq!(ring.verify(b"hello", &signature).unwrap().name, "ours");
        assert!(matches!(
            ring.verify(b"hellO", &signature),
            Err(Distrust::Mismatch { .. })
        ));
        assert!(matches!(
            ring.verify(b"hello", b"<html>"),
            Err(Distrust::Unsigned(_))
        ));
    }

    #[test]
    fn a_tree_brings_its_keys() {
        let key = secret(3, 3);
        let mut tree = Tree::default();
        let text = key.public("x").unwrap().to_text();
        tree.put_file("etc/opkg/keys/0303030303030303", text, Meta::file(0o644))
            .unwrap();
        tree.put_file("etc/opkg/keys/junk", "junk", Meta::file(0o644))
            .unwrap();
        let mut ring = Keyring::shipped("2026-11-24".parse().unwrap());
        let before = ring.keys().len();
        ring.add_tree(&tree, "the image x");
        assert_eq!(ring.keys().len(), before + 1);
        let signer = ring.verify(b"m", &key.sign(b"m").to_text()).unwrap();
        assert_eq!(signer.to_string(), "0303030303030303 (the image x)");
    }
}
