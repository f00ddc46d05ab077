//! Which feeds a system gets its packages from: opkg's and apk's lists of them.
//!
//! ```text
//! opkg   src/gz openwrt_base https://HOST/releases/24.10.0/packages/mipsel_24kc/base     /etc/opkg/{distfeeds,customfeeds}.conf
//! apk    https://HOST/releases/25.12.5/packages/mipsel_24kc/base/packages.adb            /etc/apk/repositories.d/*.list
//! ```

use openwrt_formats::tree::{Kind, Tree};
use thiserror::Error;

use super::place::{NoPlace, Place};
use super::release::Release;
use crate::packages::universe::Manager;

/// opkg's lists.
const OPKG: [&str; 3] = [
    "etc/opkg.conf",
    "etc/opkg/distfeeds.conf",
    "etc/opkg/customfeeds.conf",
];
/// apk's lists: a file, and a folder of them.
const APK: &str = "etc/apk/repositories";
const APK_FOLDER: &str = "etc/apk/repositories.d";
/// apk's index.
pub const APK_INDEX: &str = "packages.adb";
/// The feeds of a release where nothing lists them, as the ImageBuilder has them.
const USUAL: [&str; 5] = ["base", "luci", "packages", "routing", "telephony"];

/// A feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedLine {
    /// Its name, for people.
    pub name: String,
    /// The folder with its index and its packages.
    pub place: Place,
    /// Whose it is.
    pub manager: Manager,
}

/// Why a list of feeds could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FeedsError {
    /// A line is no feed.
    #[error(
        "`{0}` names no feed: opkg's lines are `src/gz NAME ADDRESS`, apk's are the address of a packages.adb"
    )]
    Line(String),
    /// A feed's address is none.
    #[error("feed `{line}`: {why}")]
    Place {
        /// The line.
        line: String,
        /// Why.
        why: NoPlace,
    },
}

impl FeedLine {
    /// Reads one line of either list; `None` for comments, blank lines and opkg's other settings.
    ///
    /// # Errors
    /// When it is meant as a feed and is none.
    pub fn parse(line: &str) -> Result<Option<Self>, FeedsError> {
        let line = line.trim();
        let words: Vec<&str> = line.split_whitespace().collect();
        let place = |text: &str| {
            text.parse::<Place>().map_err(|why| FeedsError::Place {
                line: line.to_owned(),
                why,
            })
        };
        match words.as_slice() {
            [] => Ok(None),
            [first, ..] if first.starts_with('#') => Ok(None),
            ["src" | "src/gz", name, address] => Ok(Some(Self {
                name: (*name).to_owned(),
                place: place(address)?,
                manager: Manager::Opkg,
            })),
            ["src" | "src/gz", ..] => Err(FeedsError::Line(line.to_owned())),
            ["dest" | "option" | "arch" | "lists_dir", ..] => Ok(None),
            // apk lets a line begin with the tag of a repository, by which packages can be pinned to it.
            [address] | [_, address] => match address.ends_with(".adb") {
                true => {
                    let place = place(address)?.parent();
                    Ok(Some(Self {
                        name: name_of(&place),
                        place,
                        manager: Manager::Apk,
                    }))
                }
                false => Err(FeedsError::Line(line.to_owned())),
            },
            _ => Err(FeedsError::Line(line.to_owned())),
        }
    }

    /// All feeds that a system lists, in its order.
    ///
    /// # Errors
    /// When a line is no feed.
    pub fn of_tree(tree: &Tree, manager: Manager) -> Result<Vec<Self>, FeedsError> {
        let mut files: Vec<String> = Vec::new();
        match manager {
            Manager::Opkg => files.extend(OPKG.map(str::to_owned)),
            Manager::Apk => {
                files.push(APK.to_owned());
                if let Some(Kind::Dir(entries)) = tree.get(APK_FOLDER).map(|inode| &inode.kind) {
                    let names = entries.keys().map(|name| String::from_utf8_lossy(name));
                    let lists = names.filter(|name| name.ends_with(".list"));
                    files.extend(lists.map(|name| format!("{APK_FOLDER}/{name}")));
                }
            }
        }
        let mut feeds: Vec<Self> = Vec::new();
        for file in files {
            let Some(text) = tree.read(&file) else {
                continue;
            };
            for line in String::from_utf8_lossy(&text).lines() {
                if let Some(feed) = Self::parse(line)?
                    && !feeds.iter().any(|known| known.place == feed.place)
                {
                    feeds.push(feed);
                }
            }
        }
        Ok(feeds)
    }

    /// The feeds of a release, where the system itself lists none.
    pub fn usual(release: &Release, target: &str, architecture: &str) -> Vec<Self> {
        let manager = release.manager();
        let base = Place::OpenWrt(release.folder());
        let feed = |name: &str, place| Self {
            name: name.to_owned(),
            place,
            manager,
        };
        let core = feed("core", base.join(&format!("targets/{target}/packages")));
        let others =
            USUAL.map(|name| feed(name, base.join(&format!("packages/{architecture}/{name}"))));
        std::iter::once(core).chain(others).collect()
    }

    /// The line by which the package manager on a router knows it, at an address.
    pub fn line(manager: Manager, name: &str, address: &str) -> String {
        match manager {
            Manager::Opkg => format!("src/gz {name} {address}"),
            Manager::Apk => format!("{address}/{APK_INDEX}"),
        }
    }
}

/// `base` of `.../packages/mipsel_24kc/base`, `core` of `.../targets/x/y/packages`, `kmods` of `.../kmods/6.12...`.
fn name_of(place: &Place) -> String {
    let text = place.to_string();
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        [.., "targets", _, _, "packages"] => "core".to_owned(),
        [.., "kmods", _] => "kmods".to_owned(),
        [.., last] => (*last).to_owned(),
        [] => text,
    }
}

#[cfg(test)]
mod tests {
    use openwrt_formats::tree::Meta;

    use super::*;

    #[test]
    fn reads_opkgs_and_apks_lists() {
        let mut tree = Tree::default();
        let opkg = "# a comment\nsrc/gz openwrt_core https://downloads.openwrt.org/releases/23.05.4/targets/ath79/generic/packages\n\
                    src/gz mine http://10.0.0.1/feed/\n\n";
        let put = |tree: &mut Tree, path: &str, text: &str| {
            tree.put_file(path, text, Meta::file(0o644)).unwrap();
        };
        put(&mut tree, "etc/opkg/distfeeds.conf", opkg);
        put(
            &mut tree,
            "etc/opkg.conf",
            "dest root /\noption overlay_root /overlay\n",
        );
        let feeds = FeedLine::of_tree(&tree, Manager::Opkg).unwrap();
        let names: Vec<_> = feeds
            .iter()
            .map(|feed| (feed.name.as_str(), feed.place.to_string()))
            .collect();
        assert_eq!(
            names,
            [
                (
                    "openwrt_core",
                    "openwrt:releases/23.05.4/targets/ath79/generic/packages".to_owned()
                ),
                ("mine", "http://10.0.0.1/feed".to_owned()),
            ]
        );
        let host = "https://downloads.openwrt.org/releases/25.12.5";
        let apk = format!(
            "{host}/targets/ath79/generic/packages/packages.adb\n{host}/packages/mips_24kc/base/packages.adb\n\
             {host}/targets/ath79/generic/kmods/6.12.94-1-abc/packages.adb\n"
        );
        put(&mut tree, "etc/apk/repositories.d/distfeeds.list", &apk);
        let feeds = FeedLine::of_tree(&tree, Manager::Apk).unwrap();
        let names: Vec<_> = feeds.iter().map(|feed| feed.name.as_str()).collect();
        assert_eq!(names, ["core", "base", "kmods"]);
    }

    #[test]
    fn wrong_lines_are_errors() {
        for wrong in [
            "src/gz base",
            "hello",
            "src/gz a ftp://b.example/c",
            "one two three",
        ] {
            assert!(FeedLine::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_release_has_usual_feeds() {
        let feeds = FeedLine::usual(&"24.10.1".parse().unwrap(), "ath79/generic", "mips_24kc");
        assert_eq!(
            feeds[0].place.to_string(),
            "openwrt:releases/24.10.1/targets/ath79/generic/packages"
        );
        assert_eq!(
            feeds[1].place.to_string(),
            "openwrt:releases/24.10.1/packages/mips_24kc/base"
        );
    }
}
