//! Files, overlays and first-boot scripts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Folders;
use super::fault::{Fault, Problems};
use super::words::{self, Owner};
use crate::profile::path::KeyPath;
use crate::profile::raw::{RawFile, RawFirstBoot, RawOverlay};

/// Where a file's content comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileContent {
    /// The profile itself.
    Text(String),
    /// A file on this machine.
    Host(PathBuf),
}

/// One file laid over the root file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOver {
    /// Absolute path on the node.
    pub path: String,
    /// Its content.
    pub content: FileContent,
    /// Permissions.
    pub mode: u32,
    /// Owner.
    pub owner: Owner,
    /// The key of the profile that describes it.
    pub key: KeyPath,
}

/// A folder laid over the root file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// Its name in the profile.
    pub name: String,
    /// The folder on this machine.
    pub folder: PathBuf,
    /// Its place among the overlays.
    pub order: u8,
    /// Permissions that differ, by path on the node.
    pub modes: BTreeMap<String, u32>,
    /// Owners that differ, by path on the node.
    pub owners: BTreeMap<String, Owner>,
    /// The key of the profile that describes it.
    pub key: KeyPath,
}

/// A script that runs once, at the first boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstBoot {
    /// Its name in the profile.
    pub name: String,
    /// Its place among the scripts.
    pub order: u8,
    /// Its text.
    pub content: FileContent,
    /// The key of the profile that describes it.
    pub key: KeyPath,
}

impl FirstBoot {
    /// Its path on the node: `/etc/uci-defaults/50-name`.
    pub fn path(&self) -> String {
        format!("/etc/uci-defaults/{:02}-{}", self.order, self.name)
    }
}

pub(super) fn files(
    raw: &BTreeMap<String, RawFile>,
    folders: &dyn Folders,
    problems: &mut Problems,
) -> Vec<FileOver> {
    let live = raw.iter().filter(|(_, file)| file.enabled != Some(false));
    live.filter_map(|(path, raw)| {
        let key = KeyPath::root().key("files").key(path);
        let path = problems.take(key.clone(), words::node_path(path));
        let content = content(
            &raw.content,
            "content",
            &raw.source,
            &key,
            folders,
            problems,
        );
        let mode = problems.read(key.key("mode"), raw.mode.as_deref(), words::mode);
        let owner = problems.read(key.key("owner"), raw.owner.as_deref(), Owner::new);
        Some(FileOver {
            path: path?,
            content: content?,
            mode: mode.unwrap_or(0o644),
            owner: owner.unwrap_or_default(),
            key,
        })
    })
    .collect()
}

pub(super) fn overlays(
    raw: &BTreeMap<String, RawOverlay>,
    folders: &dyn Folders,
    problems: &mut Problems,
) -> Vec<Overlay> {
    let live = raw
        .iter()
        .filter(|(_, overlay)| overlay.enabled != Some(false));
    let mut overlays: Vec<Overlay> = live
        .filter_map(|(name, raw)| {
            let key = KeyPath::root().key("overlays").key(name);
            let path = raw.path.as_deref().unwrap_or(name);
            let at = match raw.path {
                Some(_) => key.key("path"),
                None => key.clone(),
            };
            let folder = problems.take(at, overlay_folder(path, &key, folders));
            let mut modes = BTreeMap::new();
            for (path, mode) in &raw.modes {
                let at = key.key("modes").key(path);
                let path = problems.take(at.clone(), words::node_path(path));
                modes.extend(path.zip(problems.take(at, words::mode(mode))));
            }
            let mut owners = BTreeMap::new();
            for (path, owner) in &raw.owners {
                let at = key.key("owners").key(path);
                let path = problems.take(at.clone(), words::node_path(path));
                owners.extend(path.zip(problems.take(at, Owner::new(owner))));
            }
            Some(Overlay {
                name: name.clone(),
                folder: folder?,
                order: problems
                    .range(key.key("order"), raw.order, 0..=99, "")
                    .unwrap_or(50),
                modes,
                owners,
                key,
            })
        })
        .collect();
    overlays.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
    overlays
}

pub(super) fn first_boot(
    raw: &BTreeMap<String, RawFirstBoot>,
    folders: &dyn Folders,
    problems: &mut Problems,
) -> Vec<FirstBoot> {
    let live = raw
        .iter()
        .filter(|(_, script)| script.enabled != Some(false));
    let mut scripts: Vec<FirstBoot> = live
        .filter_map(|(name, raw)| {
            let key = KeyPath::root().key("first_boot").key(name);
            let good = words::package_name(name).map_err(|_| {
                Fault::new(format!("`{name}` is no name for a script"))
                    .help("use letters, digits and `-_.+`")
            });
            let name = problems.take(key.clone(), good);
            let content = content(&raw.script, "script", &raw.source, &key, folders, problems);
            Some(FirstBoot {
                name: name?,
                order: problems
                    .range(key.key("order"), raw.order, 0..=99, "")
                    .unwrap_or(50),
                content: content?,
                key,
            })
        })
        .collect();
    scripts.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
    scripts
}

/// A bare name is a folder of the library; anything else is relative to the file that says so.
fn overlay_folder(path: &str, key: &KeyPath, folders: &dyn Folders) -> Result<PathBuf, Fault> {
    let bare = !path.contains('/');
    let folder = match bare {
        true => {
            if matches!(path, "" | "." | "..") {
                return Err(Fault::new(format!("`{path}` is no name of an overlay")));
            }
            let homes = folders.overlays();
            let found = homes
                .iter()
                .map(|home| home.join(path))
                .find(|folder| folder.is_dir());
            match (found, homes.first()) {
                (Some(folder), _) => folder,
                (None, Some(home)) => home.join(path),
                (None, None) => {
                    return Err(Fault::new(
                        "the library has no `overlays` folder beside its profiles",
                    ));
                }
            }
        }
        false => beside(path, &key.key("path"), folders)?,
    };
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(
        Fault::new(format!("there is no folder `{}`", folder.display())).help(match bare {
            true => {
                "a bare name is a folder in `overlays/`; write `./name` for one beside this file"
            }
            false => "the path is relative to this file",
        }),
    )
}

fn content(
    text: &Option<String>,
    text_name: &str,
    source: &Option<String>,
    key: &KeyPath,
    folders: &dyn Folders,
    problems: &mut Problems,
) -> Option<FileContent> {
    match (text, source) {
        (Some(text), None) => Some(FileContent::Text(text.clone())),
        (None, Some(source)) => {
            let key = key.key("source");
            let path = problems.take(key.clone(), beside(source, &key, folders))?;
            if !path.is_file() {
                problems.add(
                    key,
                    Fault::new(format!("there is no file `{}`", path.display()))
                        .help("the path is relative to this file"),
                );
                return None;
            }
            Some(FileContent::Host(path))
        }
        (Some(_), Some(_)) => {
            problems.add(
                key.key("source"),
                Fault::new(format!(
                    "`{text_name}` and `source` are both set, and one is too many"
                )),
            );
            None
        }
        (None, None) => {
            problems.add(
                key.clone(),
                Fault::new(format!(
                    "set `{text_name}` or `source`: there is nothing to put into the file"
                )),
            );
            None
        }
    }
}

/// A path relative to the profile file that says so.
pub(super) fn beside(text: &str, key: &KeyPath, folders: &dyn Folders) -> Result<PathBuf, Fault> {
    let path = Path::new(text);
    if text.is_empty() {
        return Err(Fault::new("the path is empty"));
    }
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    match folders.folder_of(key) {
        Some(folder) => Ok(folder.join(path)),
        None => Err(Fault::new(format!(
            "`{text}` is relative to the profile file, and this was not set in a file"
        ))
        .help("write an absolute path")),
    }
}
