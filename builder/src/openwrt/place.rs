//! Where something lies: the same in profiles, in the lock and in messages.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// OpenWrt's download server.
pub const DOWNLOADS: &str = "https://downloads.openwrt.org";
/// Other names of it, which older systems have in their lists of feeds.
const ALIASES: [&str; 4] = [
    DOWNLOADS,
    "http://downloads.openwrt.org",
    "https://downloads.lede-project.org",
    "http://downloads.lede-project.org",
];
/// Begins a path on that server.
const SCHEME: &str = "openwrt:";

/// Where something lies. As text: `openwrt:releases/25.12.5/...`, `https://...`, or a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// On OpenWrt's download server and all its mirrors, by path.
    OpenWrt(String),
    /// At an address of its own (http or https).
    Url(String),
    /// On this machine.
    File(PathBuf),
}

/// Why a text names no place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoPlace {
    /// It is empty.
    #[error("the address is empty")]
    Empty,
    /// It has a scheme that nothing is fetched by.
    #[error("`{0}` is neither an https address nor a path")]
    Scheme(String),
    /// It leads out of the server.
    #[error("`{0}` is no path on OpenWrt's download server")]
    Path(String),
}

impl Place {
    /// What lies at `path` below it.
    #[must_use]
    pub fn join(&self, path: &str) -> Self {
        let below = |base: &str| match base.trim_end_matches('/') {
            // The top folder of the server.
            "" => path.to_owned(),
            base => format!("{base}/{path}"),
        };
        match self {
            Self::OpenWrt(base) => Self::OpenWrt(below(base)),
            Self::Url(base) => Self::Url(below(base)),
            Self::File(base) => Self::File(base.join(path)),
        }
    }

    /// The folder it lies in.
    #[must_use]
    pub fn parent(&self) -> Self {
        let up = |text: &str| {
            text.trim_end_matches('/')
                .rsplit_once('/')
                .map_or(String::new(), |(up, _)| up.to_owned())
        };
        match self {
            Self::OpenWrt(path) => Self::OpenWrt(up(path)),
            Self::Url(url) => Self::Url(up(url)),
            Self::File(path) => Self::File(path.parent().map(PathBuf::from).unwrap_or_default()),
        }
    }

    /// The same by the one path that a file or folder of this machine has, however it was reached; others are as they were.
    #[must_use]
    pub fn settled(self) -> Self {
        match self {
            Self::File(path) => Self::File(settled(&path)),
            other => other,
        }
    }

    /// As a file in this folder names it: a settled path of this machine is told from there, unless it has nothing in common with it.
    #[must_use]
    pub fn seen_from(&self, folder: &Path) -> Self {
        let Self::File(path) = self else {
            return self.clone();
        };
        let folder = settled(folder);
        let common = folder
            .components()
            .zip(path.components())
            .take_while(|(one, other)| one == other)
            .count();
        // The root alone is common to all.
        if common < 2 {
            return self.clone();
        }
        let up = folder
            .components()
            .skip(common)
            .map(|_| Component::ParentDir);
        Self::File(up.chain(path.components().skip(common)).collect())
    }

    /// The settled place that a file in this folder names so.
    #[must_use]
    pub fn named_in(&self, folder: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(settled(&settled(folder).join(path))),
            other => other.clone(),
        }
    }

    /// The last part of its path.
    pub fn name(&self) -> &str {
        match self {
            Self::OpenWrt(path) | Self::Url(path) => path
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or_default(),
            Self::File(path) => path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default(),
        }
    }

    /// Where to get it: from each mirror of OpenWrt's server in turn, or from where it is.
    pub fn addresses(&self, mirrors: &[String]) -> Vec<String> {
        match self {
            Self::OpenWrt(path) => mirrors
                .iter()
                .map(|mirror| format!("{}/{path}", mirror.trim_end_matches('/')))
                .collect(),
            Self::Url(url) => vec![url.clone()],
            Self::File(path) => vec![path.display().to_string()],
        }
    }
}

/// The path without links where it leads somewhere, and without `.` and `..` in any case.
fn settled(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut settled = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => {
                settled.pop();
            }
            Component::CurDir => {}
            part => settled.push(part),
        }
    }
    settled
}

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let text = text.trim().trim_end_matches('/');
        if text.is_empty() {
            return Err(NoPlace::Empty);
        }
        let on_server = |text: &'_ str| {
            let mut names = ALIASES.iter();
            names.find_map(|name| {
                text.strip_prefix(name)?
                    .strip_prefix('/')
                    .map(str::to_owned)
            })
        };
        let path = text
            .strip_prefix(SCHEME)
            .map(str::to_owned)
            .or_else(|| on_server(text));
        if let Some(path) = path {
            let dots = |part| matches!(part, "" | "." | "..");
            // What an address would take for something else than a letter of a name.
            let odd = |letter: char| letter.is_control() || "\\?#%".contains(letter);
            return match path.split('/').any(dots) || path.contains(odd) {
                false => Ok(Self::OpenWrt(path)),
                true => Err(NoPlace::Path(text.to_owned())),
            };
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            return Ok(Self::Url(text.to_owned()));
        }
        match text.strip_prefix("file:") {
            Some(path) => Ok(Self::File(path.strip_prefix("//").unwrap_or(path).into())),
            None if text.contains("://") => Err(NoPlace::Scheme(text.to_owned())),
            None => Ok(Self::File(text.into())),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenWrt(path) => write!(f, "{SCHEME}{path}"),
            Self::Url(url) => f.write_str(url),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_place_agree() {
        let place: Place = "https://downloads.openwrt.org/releases/24.10.0/x"
            .parse()
            .unwrap();
        assert_eq!(place, Place::OpenWrt("releases/24.10.0/x".into()));
        for text in [
            "openwrt:releases/24.10.0",
            "https://a.example/b",
            "http://a.example",
            "/srv/feed",
            "feeds/mine",
        ] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        assert_eq!(
            "file:///srv/x".parse::<Place>().unwrap(),
            Place::File("/srv/x".into())
        );
        for wrong in [
            "",
            "ftp://a.example/b",
            "openwrt:../x",
            "openwrt:a//b",
            "openwrt:a/%2e%2e/b",
            "openwrt:a\\..\\b",
            "openwrt:a\0",
        ] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn paths_are_told_from_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let profiles = dir.path().join("profiles");
        std::fs::create_dir_all(profiles.join("sites")).unwrap();
        std::os::unix::fs::symlink("profiles", dir.path().join("link")).unwrap();
        for (text, told) in [
            ("profiles/sites/../feed/x.ipk", "feed/x.ipk"),
            ("link/sites/../../feed/x.ipk", "../feed/x.ipk"),
        ] {
            let place = Place::File(dir.path().join(text)).settled();
            let seen = place.seen_from(&dir.path().join("link"));
            assert_eq!(seen.to_string(), told);
            assert_eq!(seen.named_in(&profiles), place);
        }
        let far = Place::File("/no/such/feed".into());
        assert_eq!(far.seen_from(&profiles), far);
        assert_eq!(far.named_in(&profiles), far);
    }

    #[test]
    fn mirrors_have_the_same_paths() {
        let place = Place::OpenWrt("snapshots".into()).join("a/b.bin");
        let top = Place::OpenWrt("packages.adb".into()).parent();
        assert_eq!(top.join("a"), Place::OpenWrt("a".into()));
        assert_eq!(place.name(), "b.bin");
        assert_eq!(place.parent().to_string(), "openwrt:snapshots/a");
        let mirrors = [
            "https://one.example/".to_owned(),
            "https://two.example/openwrt".to_owned(),
        ];
        assert_eq!(
            place.addresses(&mirrors),
            [
                "https://one.example/snapshots/a/b.bin",
                "https://two.example/openwrt/snapshots/a/b.bin"
            ]
        );
    }
}
