//! Which of a Debian kernel's modules a lab machine needs, in the order in which they can be loaded.
//!
//! Kernel packages carry no `modules.dep` (depmod makes it when they are installed), so dependencies are read
//! from where depmod has them from: the `.modinfo` section of each module.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use object::{Object, ObjectSection};

/// What the lab's userland needs of the kernel. One that is built in, or that this kernel does not have, is left out
/// unless it is among [`ESSENTIAL`].
const WANTED: &[&str] = &[
    "virtio_pci",
    "virtio_mmio",
    "virtio_blk",
    "virtio_net",
    "virtio_rng",
    "crc32c_generic",
    "squashfs",
    "overlay",
    "ext4",
    "bridge",
    "8021q",
    "dummy",
    "tun",
];

/// Without these there is no root file system and no network.
const ESSENTIAL: &[&str] = &["virtio_blk", "virtio_net", "squashfs", "overlay", "ext4"];

/// A module to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Module {
    /// Its name, with underscores.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// A text that changes whenever the choice above does.
pub(super) fn recipe() -> String {
    WANTED.join(" ")
}

/// The modules to load, dependencies first. `dir` is `lib/modules/VERSION`.
pub(super) fn choose(dir: &Path) -> anyhow::Result<Vec<Module>> {
    let mut files = BTreeMap::new();
    collect(&dir.join("kernel"), &mut files)?;
    let builtin_list = dir.join("modules.builtin");
    let builtin: BTreeSet<String> = fs::read_to_string(&builtin_list)
        .with_context(|| builtin_list.display().to_string())?
        .lines()
        .filter_map(|line| name_of(Path::new(line)))
        .collect();
    let mut order = Order {
        files: &files,
        builtin: &builtin,
        done: Vec::new(),
        seen: BTreeSet::new(),
    };
    for name in WANTED {
        if files.contains_key(*name) {
            order.visit(name)?;
        } else if ESSENTIAL.contains(name) && !builtin.contains(*name) {
            return Err(anyhow!("{}: this kernel has no {name}", dir.display()));
        }
    }
    Ok(order.done)
}

struct Order<'a> {
    files: &'a BTreeMap<String, PathBuf>,
    builtin: &'a BTreeSet<String>,
    done: Vec<Module>,
    seen: BTreeSet<String>,
}

impl Order<'_> {
    fn visit(&mut self, name: &str) -> anyhow::Result<()> {
        if self.builtin.contains(name) || !self.seen.insert(name.to_owned()) {
            return Ok(());
        }
        let path = self
            .files
            .get(name)
            .ok_or_else(|| anyhow!("this kernel has no module {name}, which another one needs"))?;
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        let info = Info::read(&bytes).with_context(|| path.display().to_string())?;
        for dependency in &info.depends {
            self.visit(dependency)?;
        }
        // Wishes of the module that the kernel can do without.
        for wish in &info.before {
            if self.files.contains_key(wish) {
                self.visit(wish)?;
            }
        }
        self.done.push(Module {
            name: name.to_owned(),
            bytes,
        });
        Ok(())
    }
}

/// The parts of `.modinfo` that matter for the order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Info {
    depends: Vec<String>,
    /// `softdep=pre: ...`
    before: Vec<String>,
}

impl Info {
    fn read(elf: &[u8]) -> anyhow::Result<Self> {
        let file = object::File::parse(elf).context("not an ELF file")?;
        let section = file
            .section_by_name(".modinfo")
            .ok_or_else(|| anyhow!("no .modinfo section: not a kernel module"))?;
        Ok(Self::parse(section.data().context(".modinfo")?))
    }

    fn parse(modinfo: &[u8]) -> Self {
        let mut info = Self::default();
        for entry in modinfo.split(|byte| *byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            if let Some(names) = entry.strip_prefix("depends=") {
                let names = names.split(',').filter(|name| !name.is_empty());
                info.depends.extend(names.map(canonical));
            } else if let Some(wishes) = entry.strip_prefix("softdep=pre:") {
                let names = wishes.split("post:").next().unwrap_or_default();
                info.before.extend(names.split_whitespace().map(canonical));
            }
        }
        info
    }
}

fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

/// `a/b/virtio-rng.ko` is the module `virtio_rng`.
fn name_of(path: &Path) -> Option<String> {
    Some(canonical(path.file_name()?.to_str()?.strip_suffix(".ko")?))
}

fn collect(dir: &Path, into: &mut BTreeMap<String, PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(dir).with_context(|| dir.display().to_string())? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            collect(&path, into)?;
        } else if let Some(name) = name_of(&path) {
            into.insert(name, path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_modinfo() {
        let info = Info::parse(
            b"license=GPL\0depends=mbcache,jbd2,crc-16\0softdep=pre: crc32c  b post: d\0depends=\0",
        );
        assert_eq!(info.depends, ["mbcache", "jbd2", "crc_16"]);
        assert_eq!(info.before, ["crc32c", "b"]);
    }

    #[test]
    fn refuses_what_is_no_module() {
        assert!(Info::read(b"text").is_err());
    }

    #[test]
    fn names_are_canonical() {
        assert_eq!(
            name_of(Path::new("kernel/x/virtio-rng.ko")).as_deref(),
            Some("virtio_rng")
        );
        assert_eq!(name_of(Path::new("kernel/x/readme")), None);
    }
}
