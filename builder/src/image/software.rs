//! What is installed in a root file system: the release, its packages, the kernel its modules are for.

use std::collections::BTreeMap;

use openwrt_formats::squashfs::{Browser, Error};
use openwrt_formats::tree::{Kind, Meta, Tree};
use serde::Serialize;

use crate::source::packages;

/// What is installed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Software {
    /// `etc/openwrt_release`: `DISTRIB_RELEASE` and others.
    pub openwrt_release: BTreeMap<String, String>,
    /// `etc/os-release`.
    pub os_release: BTreeMap<String, String>,
    /// Gluon's version (`lib/gluon/gluon-version`), and the community's release of it (`lib/gluon/release`).
    pub gluon: Option<Gluon>,
    /// The Linux versions that have modules (`lib/modules`).
    pub modules: Vec<String>,
    /// Name to version of every installed package; empty when there is no list of them.
    pub packages: BTreeMap<String, String>,
}

/// Which Gluon it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Gluon {
    /// Gluon's own version.
    pub version: Option<String>,
    /// The community's release.
    pub release: Option<String>,
}

/// The files that tell.
const FILES: [&str; 8] = [
    "etc/openwrt_release",
    "etc/os-release",
    "usr/lib/os-release",
    "lib/gluon/gluon-version",
    "lib/gluon/release",
    "usr/lib/opkg/status",
    "lib/apk/db/installed",
    "usr/lib/apk/db/installed",
];

/// Reads what is installed; only the blocks with these files are decompressed.
///
/// # Errors
/// When one of these blocks is damaged.
pub fn read(browser: &mut Browser<'_>) -> Result<Software, Error> {
    let tree = browser.tree();
    let wanted: Vec<_> = FILES
        .iter()
        .filter_map(|path| {
            let id = tree.lookup(tree.resolve(path).ok()?)?;
            matches!(tree.inode(id).kind, Kind::File(_)).then_some((*path, id))
        })
        .collect();
    let modules = modules(tree);
    let ids: Vec<_> = wanted.iter().map(|(_, id)| *id).collect();
    let contents = browser.contents(&ids)?;
    let mut small = Tree::default();
    for ((path, _), content) in wanted.iter().zip(contents) {
        // Paths of ours are good names.
        let _ = small.put_file(path, content, Meta::file(0o644));
    }
    Ok(of(&small, modules))
}

/// What is installed in a tree that was read.
pub fn of_tree(tree: &Tree) -> Software {
    of(tree, modules(tree))
}

/// The folders in `lib/modules` that are called like a version; makers' own firmware has modules there as well.
fn modules(tree: &Tree) -> Vec<String> {
    let Some(Kind::Dir(entries)) = tree.get("lib/modules").map(|inode| &inode.kind) else {
        return Vec::new();
    };
    let version =
        |name: &[u8]| name.first().is_some_and(u8::is_ascii_digit) && name.contains(&b'.');
    let folder = |id| matches!(tree.inode(id).kind, Kind::Dir(_));
    let found = entries
        .iter()
        .filter(|(name, id)| version(name) && folder(**id));
    found.map(|(name, _)| lossy(name)).collect()
}

fn of(tree: &Tree, modules: Vec<String>) -> Software {
    let text = |path: &str| tree.read(path).map(|bytes| lossy(&bytes));
    let os_release = text("etc/os-release").or_else(|| text("usr/lib/os-release"));
    let line = |path: &str| Some(text(path)?.lines().next()?.trim().to_owned());
    let gluon = Gluon {
        version: line("lib/gluon/gluon-version"),
        release: line("lib/gluon/release"),
    };
    Software {
        openwrt_release: variables(&text("etc/openwrt_release").unwrap_or_default()),
        os_release: variables(&os_release.unwrap_or_default()),
        gluon: (gluon != Gluon::default()).then_some(gluon),
        modules,
        packages: packages::installed(tree),
    }
}

impl Software {
    /// One line for people: `OpenWrt 23.05.4 r24012-d8dd03c46f, ath79/generic`.
    pub fn title(&self) -> Option<String> {
        let release = |key: &str| {
            let value = self.openwrt_release.get(key)?;
            (!value.is_empty()).then(|| value.clone())
        };
        if self.openwrt_release.is_empty() {
            return self.os_release.get("PRETTY_NAME").cloned();
        }
        let named = ["DISTRIB_ID", "DISTRIB_RELEASE", "DISTRIB_REVISION"];
        let mut words: Vec<String> = named.into_iter().filter_map(release).collect();
        // Development versions of old have the revision in the description only.
        words.dedup();
        let mut title = words.join(" ");
        if let Some(target) = release("DISTRIB_TARGET") {
            title += &format!(", {target}");
        }
        Some(title)
    }
}

/// `KEY='value'` lines, as shells read them.
fn variables(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.trim().split_once('='))
        .filter(|(key, _)| !key.starts_with('#'))
        .map(|(key, value)| (key.to_owned(), value.trim_matches(['\'', '"']).to_owned()))
        .collect()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
