//! Where something can be got: a URL or a path.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use reqwest::Url;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A place to get something from. Shown without user name and password.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Location {
    /// An `https://` or `http://` URL.
    Web(Url),
    /// A file or folder of this machine: a path, or a `file://` URL.
    Local(PathBuf),
}

impl Location {
    /// The URL, when it is one.
    pub fn url(&self) -> Option<&Url> {
        match self {
            Self::Web(url) => Some(url),
            Self::Local(_) => None,
        }
    }

    /// What lies below this place, which is a folder, at a relative `path` with `/` between its parts.
    ///
    /// # Errors
    /// When the path is absolute, has `..` in it, or is a URL: a feed cannot point out of its folder.
    pub fn below(&self, path: &str) -> Result<Self, BadLocation> {
        let bad = || BadLocation {
            text: path.chars().take(200).collect(),
            why: "it does not stay in the folder of its feed",
        };
        let path = path.strip_prefix("./").unwrap_or(path);
        let mut parts = path.split('/');
        let stays = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
        if path.is_empty() || !parts.all(stays) {
            return Err(bad());
        }
        match self {
            Self::Local(folder) => Ok(Self::Local(folder.join(path))),
            Self::Web(folder) => {
                let mut url = folder.clone();
                url.path_segments_mut()
                    .map_err(|()| bad())?
                    .pop_if_empty()
                    .extend(path.split('/'));
                Ok(Self::Web(url))
            }
        }
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Self::Local(path)
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        Self::Local(path.to_owned())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => path.display().fmt(f),
            Self::Web(url) => public(url).as_str().fmt(f),
        }
    }
}

/// The URL without user name and password, for messages and files.
pub(super) fn public(url: &Url) -> Url {
    let mut url = url.clone();
    // These fail on URLs that can have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// A text that is no place `clom` can get something from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` cannot be fetched: {why}")]
pub struct BadLocation {
    text: String,
    why: &'static str,
}

impl FromStr for Location {
    type Err = BadLocation;

    fn from_str(text: &str) -> Result<Self, BadLocation> {
        let bad = |why| BadLocation {
            text: text.chars().take(200).collect(),
            why,
        };
        let Some((scheme, _)) = text.split_once("://") else {
            return match text {
                "" => Err(bad("it is empty")),
                _ => Ok(Self::Local(text.into())),
            };
        };
        let url = Url::parse(text).map_err(|_| bad("it is not a URL"))?;
        match scheme.to_ascii_lowercase().as_str() {
            "https" | "http" => Ok(Self::Web(url)),
            "file" => url
                .to_file_path()
                .map(Self::Local)
                .map_err(|()| bad("a file URL has three slashes and an absolute path")),
            _ => Err(bad("only https, http and file URLs and paths are known")),
        }
    }
}

impl Serialize for Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Location {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_paths_are_told_apart() {
        for (text, shown) in [
            ("https://me:secret@a.example/x", "https://a.example/x"),
            ("HTTP://a.example/x", "http://a.example/x"),
            ("file:///tmp/a%20b", "/tmp/a b"),
            ("../bin/packages", "../bin/packages"),
            ("/a:b", "/a:b"),
        ] {
            assert_eq!(text.parse::<Location>().unwrap().to_string(), shown);
        }
        for wrong in [
            "",
            "ftp://a.example/x",
            "https://",
            "file://host/x",
            "https://a b/",
        ] {
            assert!(wrong.parse::<Location>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_feed_cannot_point_out_of_its_folder() {
        for folder in [
            "https://a.example/feed?token=1",
            "https://a.example/feed/",
            "/srv/feed",
        ] {
            let folder: Location = folder.parse().unwrap();
            for wrong in [
                "",
                "/etc/passwd",
                "../x",
                "a/../../x",
                "a//b",
                "..\\x",
                "a/.",
            ] {
                assert!(folder.below(wrong).is_err(), "{folder} {wrong}");
            }
            let below = folder.below("./a/b+c~1_x.ipk").unwrap().to_string();
            assert!(below.contains("/feed/a/b+c~1_x.ipk"), "{below}");
        }
        let odd: Location = "https://a.example/f".parse().unwrap();
        let below = odd.below("https:x?y#z").unwrap().to_string();
        assert_eq!(below, "https://a.example/f/https:x%3Fy%23z");
    }
}
