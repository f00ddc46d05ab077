//! Feeds and keys.

use std::collections::BTreeMap;
use std::fs;

use jiff::civil::Date;

use super::Folders;
use super::fault::{Fault, Problems};
use super::tree::beside;
use crate::openwrt::Place;
use crate::profile::path::KeyPath;
use crate::profile::raw::{RawFeed, RawKey};
use crate::trust::AnyKey;

/// A feed that a profile names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Its name.
    pub name: String,
    /// Its folder; `{release}`, `{target}` and `{arch}` are still in it.
    pub place: Place,
    /// The keys that may sign it; `None`: every trusted one.
    pub keys: Option<Vec<String>>,
    /// Whether it is taken without a signature.
    pub unsigned: bool,
}

impl Feed {
    /// Its folder for a build. `None` when it asks for a release and the build has none.
    pub fn place_for(&self, release: Option<&str>, target: &str, arch: &str) -> Option<Place> {
        let text = self.place.to_string();
        if text.contains("{release}") && release.is_none() {
            return None;
        }
        let text = text
            .replace("{release}", release.unwrap_or_default())
            .replace("{target}", target)
            .replace("{arch}", arch);
        text.parse().ok().map(Place::settled)
    }
}

/// A key that a profile trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// The key.
    pub key: AnyKey,
    /// The last day on which it is trusted.
    pub not_after: Option<Date>,
    /// The key of the profile that names it.
    pub path: KeyPath,
}

pub(super) fn keys(
    raw: &BTreeMap<String, RawKey>,
    folders: &dyn Folders,
    problems: &mut Problems,
) -> Vec<Key> {
    let each = raw.iter().filter_map(|(name, raw)| {
        let path = KeyPath::root().key("keys").key(name);
        let not_after = problems.read(path.key("not_after"), raw.not_after.as_deref(), date);
        let (at, file) = match (&raw.public, &raw.file) {
            (Some(text), None) => (path.key("public"), text.clone().into_bytes()),
            (None, Some(file)) => {
                let at = path.key("file");
                let file = problems.take(at.clone(), beside(file, &at, folders))?;
                let read = fs::read(&file).map_err(|error| {
                    Fault::new(format!("cannot read the key {}: {error}", file.display()))
                        .help("the path is relative to this file")
                });
                (at.clone(), problems.take(at, read)?)
            }
            _ => {
                let fault = Fault::new("a key needs either `public` or `file`".to_owned());
                problems.add(path, fault);
                return None;
            }
        };
        let key = problems.take(at, public(&file))?;
        Some(Key {
            name: name.clone(),
            key,
            not_after,
            path,
        })
    });
    each.collect()
}

/// A key's file, or only that line of it that counts.
fn public(file: &[u8]) -> Result<AnyKey, Fault> {
    let line = String::from_utf8_lossy(file);
    let line = line.trim();
    let whole = match line.starts_with("RW") && !line.contains('\n') {
        true => format!("untrusted comment: key\n{line}\n").into_bytes(),
        false => file.to_vec(),
    };
    AnyKey::parse(&whole).map_err(|error| {
        Fault::new(error.to_string()).help("`clom keys show FILE` shows what a file holds; give the public key, never the secret one")
    })
}

fn date(text: &str) -> Result<Date, Fault> {
    text.parse().map_err(|_| {
        Fault::new(format!("`{text}` is no day"))
            .help("write it as year, month and day: 2027-12-31")
    })
}

pub(super) fn feeds(
    raw: &BTreeMap<String, RawFeed>,
    keys: &[Key],
    folders: &dyn Folders,
    problems: &mut Problems,
) -> Vec<Feed> {
    let live = raw.iter().filter(|(_, feed)| feed.enabled != Some(false));
    let each = live.filter_map(|(name, raw)| {
        let path = KeyPath::root().key("feeds").key(name);
        for (at, wanted) in raw.keys.iter().flatten().enumerate() {
            if !keys.iter().any(|key| key.name == *wanted) {
                problems.add(
                    path.key("keys").index(at),
                    Fault::new(format!("there is no key `{wanted}`")).help("name it in [keys]"),
                );
            }
        }
        let Some(url) = &raw.url else {
            problems.add(path, Fault::new("a feed needs `url`".to_owned()));
            return None;
        };
        let at = path.key("url");
        let place = problems.take(at.clone(), place(url, &at, folders))?;
        let unsigned = raw.unsigned.unwrap_or(false);
        if unsigned && !matches!(place, Place::File(_)) {
            problems.add(
                path.key("unsigned"),
                Fault::new("a feed from elsewhere must be signed".to_owned())
                    .help("name the key that signs it in [keys]"),
            );
        }
        Some(Feed {
            name: name.clone(),
            place,
            keys: raw.keys.clone(),
            unsigned,
        })
    });
    each.collect()
}

/// The folder of a feed: of a whole line of either manager, of an address, of a path beside the profile.
fn place(text: &str, key: &KeyPath, folders: &dyn Folders) -> Result<Place, Fault> {
    let fault = |why: String| {
        Fault::new(why).help(
            "write an https address, a folder, or a line as routers have it in distfeeds.conf or distfeeds.list",
        )
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let address = match words.as_slice() {
        ["src" | "src/gz", _, address] | [address] => *address,
        _ => return Err(fault(format!("`{text}` names no feed"))),
    };
    let place: Place = address.parse().map_err(|why| fault(format!("{why}")))?;
    let place = match address.ends_with(".adb") || address.ends_with("/Packages.gz") {
        true => place.parent(),
        false => place,
    };
    match &place {
        Place::File(path) => Ok(Place::File(beside(&path.to_string_lossy(), key, folders)?)),
        Place::Url(url) if url.starts_with("http://") => Ok(place.clone()),
        _ => Ok(place),
    }
}
