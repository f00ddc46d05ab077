//! What a build lays over the source's root file system, as one tree that remembers who brought each file.
//!
//! Later wins: the agent's own files, overlays in their order, rendered configuration, single files, first-boot scripts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};
use include_dir::{Dir, include_dir};
use openwrt_formats::tree::{Content, Kind, Meta, Tree};
use sha2::{Digest, Sha256};

use super::overlay;
use super::plan::PlannedFile;
use crate::failure::{Class, Failure, OrFail};
use crate::profile::render::{CONFIG_MODE, Rendered};
use crate::profile::resolve::{FileContent, Overlay, Profile};

/// The agent's init script and what else it needs on a node, in tree layout.
static AGENT_FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../agent/files");

/// Where the agent's binary goes.
pub const AGENT_PATH: &str = "usr/sbin/clomd";

/// Where an image says what it is.
pub const IMAGE_FACTS: &str = "etc/clommunity/image.json";

/// The tree to lay over a root file system.
#[derive(Debug)]
pub struct Upper {
    /// The files. Folders that only lead to them have default metadata.
    pub tree: Tree,
    /// Who brought each path; folders that only lead to files are not in it.
    from: BTreeMap<Vec<u8>, String>,
    /// Paths that hold a secret.
    secret: BTreeSet<Vec<u8>>,
    /// The time stamp of everything.
    epoch: u32,
}

impl Upper {
    /// Gathers what the profile lays over the root file system. `agent` is the agent's binary, if the image gets one.
    ///
    /// # Errors
    /// [`Class::Profile`] when an overlay or a file of the profile cannot be read.
    pub fn gather(
        profile: &Profile,
        rendered: &Rendered,
        agent: Option<&[u8]>,
        epoch: u32,
    ) -> Result<Self, Failure> {
        let mut upper = Self {
            tree: Tree::new(Meta::dir(0o755).at(epoch)),
            from: BTreeMap::new(),
            secret: BTreeSet::new(),
            epoch,
        };
        if let Some(binary) = agent {
            upper.agent(binary)?;
        }
        for overlay in &profile.overlays {
            upper.overlay(overlay)?;
        }
        for (package, config) in &rendered.uci {
            let path = format!("/etc/config/{package}");
            let from = "the profile's UCI";
            upper.file(&path, config.to_string(), CONFIG_MODE, (0, 0), from)?;
        }
        for file in &rendered.files {
            let from = "the profile";
            upper.file(&file.path, file.text.as_str(), file.mode, (0, 0), from)?;
        }
        for file in &profile.files {
            let content = read(&file.content).with_context(|| format!("{}", file.key));
            let owner = (file.owner.uid, file.owner.gid);
            let from = format!("{}", file.key);
            upper.file(
                &file.path,
                content.or_fail(Class::Profile)?,
                file.mode,
                owner,
                &from,
            )?;
        }
        for script in &profile.first_boot {
            let content = read(&script.content).with_context(|| format!("{}", script.key));
            let from = format!("{}", script.key);
            upper.file(
                &script.path(),
                content.or_fail(Class::Profile)?,
                0o755,
                (0, 0),
                &from,
            )?;
        }
        upper.secret = rendered
            .secret_paths
            .iter()
            .map(|path| inside(path).to_vec())
            .collect();
        Ok(upper)
    }

    /// Whether something other than a mere folder on the way was brought for this path.
    pub fn owns(&self, path: &[u8]) -> bool {
        self.from.contains_key(path)
    }

    /// Whether any file holds a secret.
    pub fn holds_secrets(&self) -> bool {
        !self.secret.is_empty()
    }

    /// The list for the Plan.
    pub fn planned(&self) -> BTreeMap<String, PlannedFile> {
        let brought = self.tree.walk().filter_map(|entry| {
            let from = self.from.get(&entry.path)?.clone();
            let meta = &entry.inode.meta;
            let secret = self.secret.contains(&entry.path);
            let mut file = PlannedFile {
                kind: "dir".into(),
                mode: format!("{:04o}", meta.mode),
                owner: format!("{}:{}", meta.uid, meta.gid),
                size: None,
                sha256: None,
                target: None,
                secret,
                from,
            };
            match &entry.inode.kind {
                Kind::File(content) => {
                    file.kind = "file".into();
                    file.size = Some(content.len());
                    file.sha256 = (!secret).then(|| hex::encode(Sha256::digest(content.to_vec())));
                }
                Kind::Symlink(target) => {
                    file.kind = "symlink".into();
                    file.target = Some(String::from_utf8_lossy(target).into_owned());
                }
                _ => {}
            }
            Some((format!("/{}", String::from_utf8_lossy(&entry.path)), file))
        });
        brought.collect()
    }

    /// A hash over the content of the files with secrets, which the Plan does not show; empty when there are none.
    pub fn hidden(&self) -> Vec<u8> {
        if self.secret.is_empty() {
            return Vec::new();
        }
        let mut hash = Sha256::new();
        for path in &self.secret {
            let bytes = self.tree.read(path).unwrap_or_default();
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        hash.finalize().to_vec()
    }

    fn agent(&mut self, binary: &[u8]) -> Result<(), Failure> {
        for (path, mode, content) in agent_files(binary) {
            self.file(&path, content, mode, (0, 0), "the agent")?;
        }
        Ok(())
    }

    fn overlay(&mut self, overlay: &Overlay) -> Result<(), Failure> {
        let mut tree = overlay::read(&overlay.folder, self.epoch)
            .with_context(|| format!("{}", overlay.key))
            .or_fail(Class::Profile)?;
        let missing = |path: &str, what: &str| {
            let place = format!("{}.{what}: there is no `{path}`", overlay.key);
            Failure::new(
                Class::Profile,
                anyhow!("{place} in {}", overlay.folder.display()),
            )
            .help("write the path as on the node, `/etc/banner` for the overlay's `etc/banner`")
        };
        for (path, mode) in &overlay.modes {
            let inode = tree.get_mut(path).ok_or_else(|| missing(path, "modes"))?;
            inode.meta.mode = *mode as u16;
        }
        for (path, owner) in &overlay.owners {
            let inode = tree.get_mut(path).ok_or_else(|| missing(path, "owners"))?;
            (inode.meta.uid, inode.meta.gid) = (owner.uid, owner.gid);
        }
        let named = |path: &[u8]| {
            let named = |key: &String| inside(key) == path;
            overlay.modes.keys().any(named) || overlay.owners.keys().any(named)
        };
        for entry in tree.walk().skip(1) {
            // A folder of an overlay says nothing about the folder's metadata unless the profile does.
            let leads = matches!(&entry.inode.kind, Kind::Dir(entries) if !entries.is_empty());
            if !leads || named(&entry.path) {
                self.from
                    .insert(entry.path, format!("overlay {}", overlay.name));
            }
        }
        self.tree.layer(&tree).or_fail(Class::Profile)
    }

    /// Adds a file; `path` may begin with `/`.
    pub fn file(
        &mut self,
        path: &str,
        content: impl Into<Content>,
        mode: u32,
        (uid, gid): (u32, u32),
        from: &str,
    ) -> Result<(), Failure> {
        let path = inside(path);
        let meta = Meta {
            uid,
            gid,
            ..Meta::file(mode as u16).at(self.epoch)
        };
        self.tree
            .put_file(path, content, meta)
            .or_fail(Class::Profile)?;
        self.from.insert(path.to_vec(), from.to_owned());
        Ok(())
    }
}

/// The agent's files with their paths and modes: its binary, its init script, and what upgrades keep. Images and the agent's package
/// bring the same.
pub fn agent_files(binary: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
    let mut files = Vec::new();
    let mut todo = vec![&AGENT_FILES];
    while let Some(dir) = todo.pop() {
        todo.extend(dir.dirs());
        // Files beside the top folders describe the rest and stay behind.
        for file in dir
            .files()
            .filter(|file| file.path().components().count() > 1)
        {
            let path = file.path().to_string_lossy().into_owned();
            let script = path.starts_with("etc/init.d/") || path.starts_with("etc/uci-defaults/");
            let mode = if script { 0o755 } else { 0o644 };
            files.push((path, mode, file.contents().to_vec()));
        }
    }
    files.push((AGENT_PATH.to_owned(), 0o755, binary.to_vec()));
    files
}

fn read(content: &FileContent) -> anyhow::Result<Vec<u8>> {
    match content {
        FileContent::Text(text) => Ok(text.clone().into_bytes()),
        FileContent::Host(path) => read_host(path),
    }
}

fn read_host(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A node's path as a tree has it: without the leading `/`.
fn inside(path: &str) -> &[u8] {
    path.trim_start_matches('/').as_bytes()
}
