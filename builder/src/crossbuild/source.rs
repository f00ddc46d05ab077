//! Where the agent's source is, and the hash of what decides its bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::program::Program;
use crate::failure::{Class, Failure};

/// Folders inside a crate that never reach its binary.
const BESIDE_THE_BINARY: [&str; 4] = ["tests", "benches", "fuzz", "target"];

/// Clommunity's workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace of `$CLOM_SOURCE`, else the first one upwards of the current folder, of this
    /// executable, and of the place where this executable was compiled.
    pub(super) fn find() -> Result<Self, Failure> {
        if let Some(given) = std::env::var_os("CLOM_SOURCE").filter(|value| !value.is_empty()) {
            let given = PathBuf::from(given);
            return Self::at(&given).ok_or_else(|| {
                Failure::new(
                    Class::Host,
                    anyhow!(
                        "CLOM_SOURCE={}: no Clommunity workspace there (no agent/Cargo.toml of crate clomd)",
                        given.display()
                    ),
                )
                .help("set CLOM_SOURCE to the folder of a Clommunity checkout, or unset it")
            });
        }
        let starts = [
            std::env::current_dir().ok(),
            std::env::current_exe().ok(),
            Some(PathBuf::from(env!("CARGO_MANIFEST_DIR"))),
        ];
        starts
            .iter()
            .flatten()
            .flat_map(|start| start.ancestors())
            .find_map(Self::at)
            .ok_or_else(|| {
                Failure::new(
                    Class::Host,
                    anyhow!("found neither the agent's source nor a prebuilt agent"),
                )
                .help(
                    "run clom inside a Clommunity checkout, or set CLOM_SOURCE to one, or set CLOM_AGENTS to a folder \
                     filled by `clom agent build --all --output FOLDER`",
                )
            })
    }

    /// The workspace in this folder, if it is one.
    fn at(root: &Path) -> Option<Self> {
        let manifest = fs::read_to_string(root.join("agent/Cargo.toml")).ok()?;
        let is_the_agent = manifest
            .lines()
            .any(|line| line.trim() == r#"name = "clomd""#);
        if !is_the_agent || !root.join("Cargo.toml").is_file() {
            return None;
        }
        Some(Self {
            root: root.canonicalize().ok()?,
        })
    }

    /// Its folder, absolute and without symbolic links.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Adds all of the workspace that decides this program's bytes: its crates' files by name and
    /// content, the workspace's manifest, and the locked versions of all it depends on.
    pub(super) fn hash_into(&self, program: Program, hasher: &mut Sha256) -> anyhow::Result<()> {
        for folder in program.folders() {
            hash_folder(&self.root, Path::new(folder), hasher)?;
        }
        let manifest = self.root.join("Cargo.toml");
        let text = fs::read(&manifest).with_context(|| manifest.display().to_string())?;
        hash_entry("Cargo.toml", &text, hasher);
        let lock = self.root.join("Cargo.lock");
        let text = fs::read_to_string(&lock).with_context(|| lock.display().to_string())?;
        let locked =
            locked_closure(&text, program.krate()).with_context(|| lock.display().to_string())?;
        hash_entry("Cargo.lock", locked.as_bytes(), hasher);
        Ok(())
    }
}

/// One named piece of content, framed so that no two different sets of pieces run together.
pub(super) fn hash_entry(name: &str, content: &[u8], hasher: &mut Sha256) {
    for part in [name.as_bytes(), content] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
}

/// The files below `root/folder` in the order of their names.
fn hash_folder(root: &Path, folder: &Path, hasher: &mut Sha256) -> anyhow::Result<()> {
    let full = root.join(folder);
    let entries = fs::read_dir(&full).with_context(|| full.display().to_string())?;
    let mut names = BTreeMap::new();
    for entry in entries {
        let entry = entry.with_context(|| full.display().to_string())?;
        names.insert(entry.file_name(), entry);
    }
    for (name, entry) in names {
        let path = folder.join(&name);
        let shown = path.to_string_lossy();
        let kind = entry
            .file_type()
            .with_context(|| entry.path().display().to_string())?;
        if kind.is_dir() {
            if !BESIDE_THE_BINARY.iter().any(|beside| name == *beside) {
                hash_folder(root, &path, hasher)?;
            }
        } else {
            let content =
                fs::read(entry.path()).with_context(|| entry.path().display().to_string())?;
            hash_entry(&shown, &content, hasher);
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// The packages that `krate` depends on, directly or not, one `name version source checksum` a line.
/// So a new version of a crate that only the builder uses does not rebuild the agent.
fn locked_closure(lock: &str, krate: &str) -> anyhow::Result<String> {
    let lock: Lock = toml::from_str(lock)?;
    let mut by_name: BTreeMap<&str, Vec<&Locked>> = BTreeMap::new();
    for package in &lock.package {
        by_name.entry(&package.name).or_default().push(package);
    }
    if !by_name.contains_key(krate) {
        bail!("no package `{krate}`");
    }
    let mut lines = BTreeSet::new();
    let mut open = vec![krate.to_owned()];
    while let Some(wanted) = open.pop() {
        // `name`, `name version` or `name version (source)`: as much as makes it unique.
        let mut words = wanted.split(' ');
        let name = words.next().unwrap_or_default();
        let version = words.next();
        for package in by_name.get(name).into_iter().flatten() {
            if version.is_some_and(|version| version != package.version) {
                continue;
            }
            let line = format!(
                "{} {} {} {}\n",
                package.name,
                package.version,
                package.source.as_deref().unwrap_or("-"),
                package.checksum.as_deref().unwrap_or("-"),
            );
            if lines.insert(line) {
                open.extend(package.dependencies.iter().cloned());
            }
        }
    }
    Ok(lines.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4
[[package]]
name = "clomd"
version = "0.1.0"
dependencies = ["a 1.0.0", "b"]
[[package]]
name = "a"
version = "1.0.0"
source = "registry"
checksum = "11"
dependencies = ["b"]
[[package]]
name = "a"
version = "2.0.0"
source = "registry"
checksum = "22"
[[package]]
name = "b"
version = "3.0.0"
source = "registry"
checksum = "33"
dependencies = ["a 1.0.0"]
[[package]]
name = "clom"
version = "0.1.0"
dependencies = ["a 2.0.0"]
"#;

    #[test]
    fn the_closure_holds_what_the_agent_needs_and_no_more() {
        let closure = locked_closure(LOCK, "clomd").unwrap();
        assert_eq!(
            closure,
            "a 1.0.0 registry 11\nb 3.0.0 registry 33\nclomd 0.1.0 - -\n"
        );
        let error = locked_closure(LOCK, "clom-lab").unwrap_err();
        assert!(error.to_string().contains("clom-lab"));
    }

    fn hash(root: &Path) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hash_folder(root, Path::new("agent"), &mut hasher).unwrap();
        hasher.finalize().into()
    }

    #[test]
    fn names_and_contents_decide_the_hash_and_tests_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("agent/src/main.rs", "fn main() {}");
        put("agent/src/b.rs", "");
        let first = hash(dir.path());
        put("agent/tests/t.rs", "more");
        assert_eq!(hash(dir.path()), first);
        put("agent/src/b.rs", "//");
        let second = hash(dir.path());
        assert_ne!(second, first);
        fs::rename(
            dir.path().join("agent/src/b.rs"),
            dir.path().join("agent/src/c.rs"),
        )
        .unwrap();
        assert_ne!(hash(dir.path()), second);
    }

    #[test]
    fn this_checkout_is_a_workspace_and_another_folder_is_not() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(here.ancestors().find_map(Workspace::at).is_some());
        assert_eq!(Workspace::at(here), None);
    }
}
