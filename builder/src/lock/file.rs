//! The lock as a file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::openwrt::Place;
use crate::store::Sha256;
use crate::whole;

/// The lock's name in a profile library.
pub const NAME: &str = "clom.lock";
/// The version of its form; a reader refuses one it does not know.
const VERSION: u32 = 1;
const HEAD: &str = "# Made by `clom update`, which also changes it. Keep it with the profiles: builds fetch only what is pinned here.\n\n";

/// Every file that builds may fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The version of its form.
    pub(super) version: u32,
    /// What it was made for.
    #[serde(default, rename = "build", skip_serializing_if = "Vec::is_empty")]
    pub builds: Vec<Build>,
    /// Images of releases.
    #[serde(default, rename = "donor", skip_serializing_if = "Vec::is_empty")]
    pub donors: Vec<Donor>,
    /// Indexes of feeds.
    #[serde(default, rename = "feed", skip_serializing_if = "Vec::is_empty")]
    pub feeds: Vec<Feed>,
    /// Packages.
    #[serde(default, rename = "package", skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
}

/// A site on a device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// The site.
    pub site: String,
    /// The device.
    pub device: String,
}

/// A release's image for a device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Donor {
    /// Where it lies.
    pub place: Place,
    /// The release, as profiles write it.
    pub release: String,
    /// The device's id.
    pub device: String,
    /// `sysupgrade`, `factory`.
    pub image: String,
    /// Of the file.
    pub sha256: Sha256,
    /// Bytes.
    pub size: u64,
    /// The largest image that fits the device, bytes, if the release says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_limit: Option<u64>,
    /// The key that vouches for it.
    pub signed_by: String,
}

/// A feed's index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// The index's file, in the folder with the packages.
    pub place: Place,
    /// Of the file.
    pub sha256: Sha256,
    /// Bytes.
    pub size: u64,
    /// The key that vouches for it; of a folder on this machine there may be none.
    pub signed_by: String,
    /// The file with its signature, where that is one of its own (opkg's `Packages.sig`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

/// A signature's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Of the file.
    pub sha256: Sha256,
    /// Bytes.
    pub size: u64,
}

/// A package's file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it lies.
    pub place: Place,
    /// Of the file.
    pub sha256: Sha256,
    /// Bytes.
    pub size: u64,
}

/// Why a lock cannot be used.
#[derive(Debug, Error)]
pub enum LockError {
    /// It cannot be read.
    #[error("cannot read {path}: {why}")]
    Read {
        /// The lock.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// It cannot be written; the old one is as it was.
    #[error("cannot write {path}: {why}")]
    Write {
        /// The lock.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// It is damaged.
    #[error("{path} is no lock: {why}")]
    Form {
        /// The lock.
        path: PathBuf,
        /// What and where.
        why: String,
    },
    /// It is of another version.
    #[error(
        "{path} has version {found}, and this clom knows version {VERSION}: use the clom that made it, or make it anew with `clom update`"
    )]
    Version {
        /// The lock.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
}

impl Default for Lock {
    fn default() -> Self {
        Self {
            version: VERSION,
            builds: Vec::new(),
            donors: Vec::new(),
            feeds: Vec::new(),
            packages: Vec::new(),
        }
    }
}

impl Lock {
    /// Reads the lock; `None` when there is no file.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn read(path: &Path) -> Result<Option<Self>, LockError> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|why| LockError::Read {
                path: path.to_owned(),
                why,
            })?,
        };
        let mut lock = Self::parse(&text, path)?;
        lock.replace(|place| place.named_in(folder_of(path)));
        Ok(Some(lock))
    }

    fn replace(&mut self, place: impl Fn(&Place) -> Place) {
        let donors = self.donors.iter_mut().map(|donor| &mut donor.place);
        let feeds = self.feeds.iter_mut().map(|feed| &mut feed.place);
        let packages = self.packages.iter_mut().map(|package| &mut package.place);
        donors
            .chain(feeds)
            .chain(packages)
            .for_each(|it| *it = place(it));
    }

    /// Reads the lock's text; `path` is for messages.
    ///
    /// # Errors
    /// [`LockError::Form`], [`LockError::Version`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, LockError> {
        let form = |why: String| LockError::Form {
            path: path.to_owned(),
            why: format!(
                "{}\nif it was merged by hand, look for conflict marks; `clom update` makes it anew",
                why.trim_end()
            ),
        };
        let loose: toml::Table = toml::from_str(text).map_err(|error| form(error.to_string()))?;
        // A later version may have other fields, of which only the version is worth telling.
        match loose.get("version").and_then(toml::Value::as_integer) {
            Some(version) if version == i64::from(VERSION) => {}
            Some(version) => {
                return Err(LockError::Version {
                    path: path.to_owned(),
                    found: u32::try_from(version).unwrap_or(u32::MAX),
                });
            }
            None => return Err(form("it has no `version`".to_owned())),
        }
        let mut lock: Self = toml::from_str(text).map_err(|error| form(error.to_string()))?;
        lock.sort();
        Ok(lock)
    }

    /// Sorts, and leaves one of each.
    pub fn sort(&mut self) {
        self.builds.sort();
        self.builds.dedup();
        self.donors.sort();
        self.donors.dedup();
        self.feeds.sort();
        self.feeds.dedup();
        self.packages.sort();
        self.packages.dedup();
    }

    /// Its text.
    pub fn to_text(&self) -> String {
        let mut sorted = self.clone();
        sorted.sort();
        // Plain tables of strings and numbers always become TOML.
        format!("{HEAD}{}", toml::to_string(&sorted).unwrap_or_default())
    }

    /// Writes the lock, with paths as they are from its folder, so that it is the same in every copy of the profiles; the old one stays until the new one is whole. A lock that would not change is not touched.
    ///
    /// # Errors
    /// [`LockError::Write`].
    pub fn write(&self, path: &Path) -> Result<(), LockError> {
        let mut lock = self.clone();
        lock.replace(|place| place.seen_from(folder_of(path)));
        let text = lock.to_text();
        if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
            return Ok(());
        }
        whole::write(path, text.as_bytes()).map_err(|why| LockError::Write {
            path: path.to_owned(),
            why,
        })
    }

    /// The donor that is pinned for a device.
    pub fn donor(&self, release: &str, device: &str, image: &str) -> Option<&Donor> {
        let mut donors = self.donors.iter();
        donors.find(|donor| {
            donor.release == release && donor.device == device && donor.image == image
        })
    }

    /// The index that is pinned for the feed in this folder.
    pub fn feed(&self, folder: &Place) -> Option<&Feed> {
        self.feeds
            .iter()
            .find(|feed| feed.place.parent() == *folder)
    }

    /// The package that is pinned at this place.
    pub fn package(&self, place: &Place) -> Option<&Package> {
        self.packages.iter().find(|package| package.place == *place)
    }
}

/// The folder that a lock lies in.
fn folder_of(lock: &Path) -> &Path {
    match lock.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn lock() -> Lock {
        let sha256 = |byte: u8| Sha256::from([byte; 32]);
        let package = |name: &str, byte| Package {
            name: name.to_owned(),
            version: "1-r1".to_owned(),
            place: format!("openwrt:a/{name}.ipk").parse().unwrap(),
            sha256: sha256(byte),
            size: 9,
        };
        Lock {
            builds: vec![Build {
                site: "valley".into(),
                device: "acme_r1".into(),
            }],
            donors: vec![Donor {
                place: "openwrt:releases/24.10.1/targets/ath79/generic/x.bin"
                    .parse()
                    .unwrap(),
                release: "24.10.1".into(),
                device: "acme_r1".into(),
                image: "sysupgrade".into(),
                sha256: sha256(1),
                size: 4,
                size_limit: Some(8),
                signed_by: "key".into(),
            }],
            packages: vec![package("b", 2), package("a", 3), package("b", 2)],
            ..Lock::default()
        }
    }

    #[test]
    fn is_sorted_and_comes_back() {
        let text = lock().to_text();
        let back = Lock::parse(&text, Path::new("clom.lock")).unwrap();
        assert_eq!(back.packages.len(), 2);
        assert_eq!(back.packages[0].name, "a");
        assert_eq!(back.to_text(), text);
        let place = "openwrt:a/b.ipk".parse().unwrap();
        assert_eq!(back.package(&place).unwrap().sha256, Sha256::from([2; 32]));
        assert!(back.donor("24.10.1", "acme_r1", "sysupgrade").is_some());
        insta::assert_snapshot!(text);
    }

    #[test]
    fn is_written_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(NAME);
        assert!(Lock::read(&path).unwrap().is_none());
        lock().write(&path).unwrap();
        let back = Lock::read(&path).unwrap().unwrap();
        assert_eq!(back.to_text(), lock().to_text());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let error = lock()
            .write(&dir.path().join("absent/clom.lock"))
            .unwrap_err();
        assert!(error.to_string().contains("absent/clom.lock"), "{error}");
    }

    #[test]
    fn damage_is_told() {
        let parse = |text: &str| {
            Lock::parse(text, Path::new("p/clom.lock"))
                .unwrap_err()
                .to_string()
        };
        assert!(parse("version = 9\nnew = 1\n").contains("has version 9"));
        assert!(parse("<<<<<<< HEAD\n").contains("conflict marks"));
        assert!(parse("").contains("no `version`"));
        let unknown = parse(
            "version = 1\n[[feed]]\nplace = \"x\"\nsha256 = \"00\"\nsize = 1\nsigned_by = \"\"\n",
        );
        assert!(unknown.contains("p/clom.lock"), "{unknown}");
    }
}
