//! Installing and removing packages, with packages made here.

mod apk;
mod errors;
mod hostile;
mod opkg;
mod property;
mod shared;

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use openwrt_formats::apk::adb::Compression as Packing;
use openwrt_formats::apk::package::{Owners, Script as Kind};
use openwrt_formats::apk::{Package, PackageInfo};
use openwrt_formats::tree::{Inode, Kind as NodeKind, Meta, Tree};

use super::*;

const EPOCH: u32 = 1_700_000_000;
const ARCH: &str = "mipsel_24kc";

/// Runs a script by writing down who asked, and by a link in the tree.
struct Note;

impl RunScript for Note {
    fn run(&self, tree: &mut Tree, script: Script<'_>) -> Result<(), ScriptError> {
        if script.text == b"fail\n" {
            return Err(ScriptError::Failed {
                problem: "ended with status 3".into(),
                output: "first\nlast\n".into(),
            });
        }
        tree.put_file(
            format!("ran/{}.{}", script.package, script.kind),
            script.text,
            Meta::file(0o644),
        )
        .unwrap();
        Ok(())
    }
}

fn options() -> Options<'static> {
    Options {
        epoch: EPOCH,
        architecture: ARCH,
        scripts: &Note,
    }
}

/// A package in the making.
#[derive(Clone, Default)]
struct Recipe {
    name: String,
    version: String,
    /// Further fields of the control file, or of apk.
    fields: Vec<(String, String)>,
    data: Tree,
    control: BTreeMap<String, String>,
}

fn recipe(name: &str) -> Recipe {
    Recipe {
        name: name.into(),
        version: "1".into(),
        ..Recipe::default()
    }
}

impl Recipe {
    fn version(mut self, version: &str) -> Self {
        self.version = version.into();
        self
    }

    fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    fn control(mut self, name: &str, text: &str) -> Self {
        self.control.insert(name.into(), text.into());
        self
    }

    fn file(mut self, path: &str, text: &str) -> Self {
        self.data.put_file(path, text, Meta::file(0o644)).unwrap();
        self
    }

    fn program(mut self, path: &str, text: &str) -> Self {
        self.data.put_file(path, text, Meta::file(0o755)).unwrap();
        self
    }

    fn link(mut self, path: &str, target: &str) -> Self {
        self.data.put_symlink(path, target, 0).unwrap();
        self
    }

    fn folder(mut self, path: &str, mode: u16) -> Self {
        self.data.make_dirs(path, 0).unwrap();
        self.data.get_mut(path).unwrap().meta.mode = mode;
        self
    }

    fn owned(mut self, path: &str, uid: u32, gid: u32) -> Self {
        let meta = &mut self.data.get_mut(path).unwrap().meta;
        (meta.uid, meta.gid) = (uid, gid);
        self
    }

    fn value(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The `.ipk`.
    fn ipk(&self) -> Vec<u8> {
        let mut control = format!("Package: {}\nVersion: {}\n", self.name, self.version);
        for (name, value) in &self.fields {
            control += &format!("{name}: {value}\n");
        }
        if self.value("Architecture").is_none() {
            control += &format!("Architecture: {ARCH}\n");
        }
        let mut files = Tree::default();
        files
            .put_file("control", control, Meta::file(0o644))
            .unwrap();
        for (name, text) in &self.control {
            let mode = if name == "conffiles" { 0o644 } else { 0o755 };
            files
                .put_file(name, text.as_str(), Meta::file(mode))
                .unwrap();
        }
        let mut outer = Tree::default();
        for (name, bytes) in [
            ("control.tar.gz", pack(&files)),
            ("data.tar.gz", pack(&self.data)),
            ("debian-binary", b"2.0\n".to_vec()),
        ] {
            outer.put_file(name, bytes, Meta::file(0o644)).unwrap();
        }
        pack(&outer)
    }

    /// The `.apk`; owners by the names of `owners`.
    fn apk(&self, owners: &Owners) -> Vec<u8> {
        self.apk_package(owners).1
    }

    fn apk_package(&self, owners: &Owners) -> (Package, Vec<u8>) {
        let mut info = PackageInfo::new(self.name.as_str(), self.version.parse().unwrap());
        info.arch = self.value("Architecture").unwrap_or(ARCH).into();
        info.origin = self.value("origin").unwrap_or_default().into();
        info.description = self.value("description").unwrap_or_default().into();
        let list = |name: &str| {
            let text = self.value(name).unwrap_or_default();
            text.split_ascii_whitespace()
                .map(|word| word.parse().unwrap())
                .collect()
        };
        info.depends = list("depends");
        info.provides = list("provides");
        info.replaces = list("replaces");
        let mut package = Package::from_tree(info, &self.data, owners).unwrap();
        for kind in Kind::ALL {
            if let Some(text) = self.control.get(kind.name()) {
                package.scripts.insert(kind, text.clone().into_bytes());
            }
        }
        if let Some(priority) = self.value("priority") {
            package.replaces_priority = priority.parse().unwrap();
        }
        if let Some(triggers) = self.value("triggers") {
            package.triggers = triggers.split(' ').map(str::to_owned).collect();
        }
        let file = package.write(&[], Packing::Deflate).unwrap();
        (package, file)
    }

    fn file_of(&self, manager: Manager) -> Vec<u8> {
        match manager {
            Manager::Opkg => self.ipk(),
            Manager::Apk => self.apk(&Owners::default()),
        }
    }

    fn incoming(&self, manager: Manager) -> Incoming {
        incoming(&self.file_of(manager))
    }
}

fn incoming(file: &[u8]) -> Incoming {
    Incoming {
        archive: Archive::open(file, &Expected::own("x.pkg")).unwrap(),
        file_size: file.len() as u64,
        wanted: true,
    }
}

fn pack(tree: &Tree) -> Vec<u8> {
    let mut tar = Vec::new();
    openwrt_formats::tar::write(tree, &mut tar).unwrap();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&tar).unwrap();
    gzip.finish().unwrap()
}

fn install(tree: &mut Tree, manager: Manager, recipes: &[&Recipe]) -> Result<Report, InstallError> {
    let change = Change {
        install: recipes
            .iter()
            .map(|recipe| recipe.incoming(manager))
            .collect(),
        ..Change::default()
    };
    apply(tree, manager, change, &options())
}

fn remove(tree: &mut Tree, manager: Manager, names: &[&str]) -> Result<Report, InstallError> {
    let change = Change {
        remove: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Change::default()
    };
    apply(tree, manager, change, &options())
}

/// A small base-files.
fn base() -> Recipe {
    recipe("base-files")
        .file("etc/passwd", "root:x:0:0:root:/root:/bin/ash\n")
        .file("etc/group", "root:x:0:\n")
        .file("etc/shadow", "root:::0:99999:7:::\n")
        .file("usr/share/base", "")
        .folder("etc/init.d", 0o755)
        .folder("tmp", 0o1777)
        .link("var", "tmp")
}

/// Every path with what it is.
fn picture(tree: &Tree) -> Vec<String> {
    let lines = tree.walk().map(|entry| {
        let meta = &entry.inode.meta;
        let what = match &entry.inode.kind {
            NodeKind::Dir(_) => "folder".to_owned(),
            NodeKind::File(content) => format!("{:?}", String::from_utf8_lossy(&content.to_vec())),
            NodeKind::Symlink(target) => format!("-> {}", String::from_utf8_lossy(target)),
            other => format!("{other:?}"),
        };
        let path = String::from_utf8_lossy(&entry.path).into_owned();
        format!("/{path} {:o} {}:{} {what}", meta.mode, meta.uid, meta.gid)
    });
    lines.collect()
}

fn text(tree: &Tree, path: &str) -> String {
    let bytes = tree
        .read(path)
        .unwrap_or_else(|| panic!("{path} is not there"));
    String::from_utf8(bytes).unwrap()
}

fn target(tree: &Tree, path: &str) -> String {
    match tree.get(path).map(|inode| &inode.kind) {
        Some(NodeKind::Symlink(target)) => String::from_utf8(target.clone()).unwrap(),
        other => panic!("{path}: {other:?}"),
    }
}

const BOTH: [Manager; 2] = [Manager::Opkg, Manager::Apk];
