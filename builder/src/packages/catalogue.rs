//! The feeds of an image with where their packages lie.

use openwrt_formats::{apk, opkg};
use thiserror::Error;

use super::universe::{Description, Feed, Manager, PackageId, Universe};
use crate::openwrt::Place;
use crate::store::Sha256;

/// opkg's index in its usual form.
pub const OPKG_INDEX: &str = "Packages.gz";
/// More than the index of any feed has, bytes: all of OpenWrt's packages take some 3 MB.
const MAX_INDEX: u64 = 64 << 20;

/// The feeds of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// What they offer.
    pub universe: Universe,
    /// Of each feed, its folder and how its files are named.
    places: Vec<(Place, Naming)>,
}

/// How a feed's files are named.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Naming {
    /// The index says it of each package.
    Each,
    /// By a rule; `None`: apk's usual one.
    Rule(Option<String>),
    /// Files of the user's own, one for each package.
    Own(Vec<Place>),
}

/// A feed's index that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Index {
    /// Of opkg.
    Opkg(opkg::Index),
    /// Of apk.
    Apk(apk::Index),
}

/// Why a package of a feed has no place.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// The index does not name its file, or names one that is elsewhere.
    #[error("the index of feed {feed} gives package {package} no good file name: {why}")]
    Name {
        /// The feed.
        feed: String,
        /// The package.
        package: String,
        /// What is wrong.
        why: String,
    },
    /// The id is of another catalogue, which is a mistake in clom.
    #[error("there is no such package")]
    Id,
}

/// Why an index cannot be read.
#[derive(Debug, Error)]
pub enum IndexError {
    /// It does not unpack.
    #[error("it is damaged: {0}")]
    Gzip(String),
    /// It is not opkg's.
    #[error(transparent)]
    Opkg(#[from] opkg::Error),
    /// It is not apk's.
    #[error(transparent)]
    Apk(#[from] apk::Error),
}

/// The text in a `Packages.gz`, which is what opkg's signature is over.
///
/// # Errors
/// [`IndexError::Gzip`] when it is damaged or too large.
pub fn unpack(file: &[u8]) -> Result<Vec<u8>, IndexError> {
    use std::io::Read;
    let mut text = Vec::new();
    let decoder = flate2::read::MultiGzDecoder::new(file);
    let read = decoder.take(MAX_INDEX + 1).read_to_end(&mut text);
    read.map_err(|error| IndexError::Gzip(error.to_string()))?;
    match text.len() as u64 > MAX_INDEX {
        true => Err(IndexError::Gzip(format!(
            "it holds more than {MAX_INDEX} bytes"
        ))),
        false => Ok(text),
    }
}

impl Index {
    /// Reads an index whose content is known to be right, by its hash in the lock.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn read_pinned(manager: Manager, file: &[u8]) -> Result<Self, IndexError> {
        Ok(match manager {
            Manager::Opkg => Self::Opkg(opkg::Index::parse(&unpack(file)?)?),
            Manager::Apk => Self::Apk(apk::Index::read_unverified(file)?),
        })
    }
}

impl Catalogue {
    /// No feeds yet.
    pub fn new(manager: Manager) -> Self {
        Self {
            universe: Universe {
                manager,
                feeds: Vec::new(),
            },
            places: Vec::new(),
        }
    }

    /// Adds package files of the user's own as a feed behind those that are there.
    pub fn add_files(&mut self, name: &str, files: Vec<(Place, Description)>) {
        let (places, packages) = files.into_iter().unzip();
        self.universe.feeds.push(Feed {
            name: name.to_owned(),
            packages,
        });
        self.places
            .push((Place::File(name.into()), Naming::Own(places)));
    }

    /// Adds a feed behind those that are there.
    pub fn add(&mut self, name: &str, folder: Place, index: Index) {
        let (packages, naming) = match index {
            Index::Opkg(index) => {
                let packages = index.packages.into_iter();
                let packages = packages.map(|package| Description::Opkg(Box::new(package)));
                (packages.collect(), Naming::Each)
            }
            Index::Apk(index) => {
                let packages = index.packages.into_iter();
                let packages = packages.map(|package| Description::Apk(Box::new(package)));
                (packages.collect(), Naming::Rule(index.pkgname_spec))
            }
        };
        self.universe.feeds.push(Feed {
            name: name.to_owned(),
            packages,
        });
        self.places.push((folder, naming));
    }

    /// Where a package's file lies.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn place(&self, id: PackageId) -> Result<Place, PlaceError> {
        let package = self.universe.get(id).ok_or(PlaceError::Id)?;
        let (folder, naming) = self.places.get(id.feed as usize).ok_or(PlaceError::Id)?;
        let name = match (package, naming) {
            (_, Naming::Own(files)) => {
                return files
                    .get(id.package as usize)
                    .cloned()
                    .ok_or(PlaceError::Id);
            }
            (Description::Opkg(package), _) => {
                let name = package
                    .filename
                    .clone()
                    .ok_or("it has no field Filename".to_owned());
                name.map(|name| name.trim_start_matches("./").to_owned())
                    .and_then(|name| inside(&name).map(|()| name))
            }
            (Description::Apk(package), Naming::Rule(rule)) => {
                let rule = apk::Index {
                    pkgname_spec: rule.clone(),
                    ..apk::Index::default()
                };
                rule.file_name(package).map_err(|error| error.to_string())
            }
            (Description::Apk(_), Naming::Each) => return Err(PlaceError::Id),
        };
        match name {
            Ok(name) => Ok(folder.join(&name)),
            Err(why) => Err(PlaceError::Name {
                feed: folder.to_string(),
                package: package.name().to_owned(),
                why,
            }),
        }
    }

    /// The SHA-256 of a package's file, where the index says it: opkg's does.
    pub fn sha256(&self, id: PackageId) -> Option<Sha256> {
        match self.universe.get(id)? {
            Description::Opkg(package) => package.sha256.map(Sha256::from),
            Description::Apk(_) => None,
        }
    }
}

/// Whether a name stays in the feed's folder and is no address.
fn inside(name: &str) -> Result<(), String> {
    let outside = |part: &str| part.is_empty() || part == "." || part == "..";
    match name.split('/').any(outside) || name.contains(['\\', '\0', '\n', '?', '#', ':', '%']) {
        true => Err(format!("`{name}`")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opkg(filename: &str) -> Catalogue {
        let text = format!(
            "Package: a\nVersion: 1\nArchitecture: all\n{filename}SHA256sum: {}\nSize: 3\n\n",
            "ab".repeat(32)
        );
        let mut catalogue = Catalogue::new(Manager::Opkg);
        let folder = "openwrt:releases/24.10.1/packages/x/base".parse().unwrap();
        catalogue.add(
            "base",
            folder,
            Index::Opkg(opkg::Index::parse(text.as_bytes()).unwrap()),
        );
        catalogue
    }

    const FIRST: PackageId = PackageId {
        feed: 0,
        package: 0,
    };

    #[test]
    fn packages_lie_in_their_feeds_folder() {
        let catalogue = opkg("Filename: ./a_1_all.ipk\n");
        let place = catalogue.place(FIRST).unwrap().to_string();
        assert_eq!(
            place,
            "openwrt:releases/24.10.1/packages/x/base/a_1_all.ipk"
        );
        assert_eq!(catalogue.sha256(FIRST), Some(Sha256::from([0xab; 32])));
        let error = opkg("").place(FIRST).unwrap_err().to_string();
        assert!(error.contains("package a"), "{error}");
        assert_eq!(inside("a/b.ipk"), Ok(()));
        for wrong in [
            "../a.ipk",
            "/a.ipk",
            "a//b.ipk",
            "https://evil.example/a.ipk",
            "a.ipk?x",
        ] {
            assert!(inside(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn apk_names_files_by_rule() {
        let mut catalogue = Catalogue::new(Manager::Apk);
        let index = apk::Index {
            packages: vec![apk::PackageInfo::new("a", "1.0-r1".parse().unwrap())],
            ..apk::Index::default()
        };
        catalogue.add(
            "base",
            "https://a.example/f".parse().unwrap(),
            Index::Apk(index),
        );
        assert_eq!(
            catalogue.place(FIRST).unwrap().to_string(),
            "https://a.example/f/a-1.0-r1.apk"
        );
    }

    #[test]
    fn a_bomb_is_refused() {
        use std::io::Write;
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let zeros = vec![b'\n'; 1 << 20];
        for _ in 0..65 {
            bomb.write_all(&zeros).unwrap();
        }
        assert!(matches!(
            unpack(&bomb.finish().unwrap()),
            Err(IndexError::Gzip(_))
        ));
        assert!(unpack(b"<html>").is_err());
    }
}
