//! `probe-plain.apk` and `probe-deflate.apk` were made by `apk mkpkg` (apk-tools 3.0.6) from a folder of nine files.

use proptest::prelude::*;

use crate::apk::adb::{self, Compression, Limits};
use crate::apk::package::{Acl, File, FileKind, Folder, Owners, Script, Trust};
use crate::apk::{Error, Package, PackageInfo};
use crate::tree::{Inode, Kind, Meta, Tree};

const PLAIN: &[u8] = include_bytes!("probe-plain.apk");
const DEFLATE: &[u8] = include_bytes!("probe-deflate.apk");

fn read(file: &[u8]) -> Result<Package, Error> {
    Package::read(file, Trust::Unverified)
}

/// The folder that the real packages were made from.
fn tree() -> Tree {
    let (mut tree, time) = (Tree::new(Meta::dir(0o755)), 1_700_000_000);
    let numbers: String = (1..=200).map(|number| format!("{number}\n")).collect();
    tree.put_file("etc/config/x", "config x\n", Meta::file(0o600).at(time))
        .unwrap();
    tree.put_file("etc/empty", "", Meta::file(0o644).at(time))
        .unwrap();
    tree.put_file("usr/bin/x", numbers, Meta::file(0o755).at(time))
        .unwrap();
    tree.put_symlink("usr/bin/y", "x", time).unwrap();
    tree.link("usr/bin/x", "usr/bin/z").unwrap();
    tree.put_symlink("usr/bin/a", "/tmp/r", time).unwrap();
    tree.make_dirs("var/keep", time).unwrap();
    tree.get_mut("var/keep").unwrap().meta.mode = 0o1777;
    tree
}

fn info() -> PackageInfo {
    let mut info = PackageInfo::new("probe", "1.2.3~abcdef-r4".parse().unwrap());
    info.description = "Probe".into();
    info.arch = "aarch64_cortex-a53".into();
    info.license = "MIT".into();
    info.origin = "feeds/base/probe".into();
    info.url = "https://example.org/".into();
    info.maintainer = "A<a@example.org>".into();
    info.provider_priority = 100;
    info.build_time = 1_700_000_000;
    info.depends = ["libc", "zlib>=1.3", "!other"]
        .map(|text| text.parse().unwrap())
        .into();
    info.provides = ["probe-any", "vprobe=2"]
        .map(|text| text.parse().unwrap())
        .into();
    info.replaces = vec!["old<3".parse().unwrap()];
    info.tags = vec![
        "openwrt:abiversion=4".into(),
        "openwrt:cpe=cpe:/a:p:p".into(),
    ];
    info
}

fn probe() -> Package {
    let mut package = Package::from_tree(info(), &tree(), &Owners::default()).unwrap();
    package
        .scripts
        .insert(Script::PostInstall, b"#!/bin/sh\nexit 0\n".to_vec());
    package
        .scripts
        .insert(Script::PreUpgrade, b"#!/bin/sh\necho pre\n".to_vec());
    package.triggers = vec!["/usr/bin".into()];
    package.replaces_priority = 3;
    package
}

#[test]
fn what_we_write_is_what_apk_writes() {
    let ours = probe().write(&[], Compression::None).unwrap();
    assert!(ours == PLAIN, "{} bytes, not {}", ours.len(), PLAIN.len());
    let mut other = probe();
    (other.info.depends, other.triggers) = (Vec::new(), Vec::new());
    let plain = adb::unpack(DEFLATE, Limits::PACKAGE).unwrap();
    assert!(plain == other.write(&[], Compression::None).unwrap());
}

#[test]
fn what_apk_wrote_reads() {
    let package = read(PLAIN).unwrap();
    let mut expected = probe();
    // Written in the order given, listed in that of the names.
    expected.write(&[], Compression::None).unwrap();
    let depends = &mut expected.info.depends;
    depends.sort_by_key(|dependency| dependency.name.clone());
    assert_eq!(package, expected);
    assert!(Package::read(PLAIN, Trust::Identity(&package.identity)).is_ok());
    assert!(Package::read(PLAIN, Trust::Identity(&[0; 32])).is_err());
    assert_eq!(Package::read(PLAIN, Trust::Keys(&[])), Err(Error::Unsigned));
}

#[test]
fn packages_become_the_tree_they_were() {
    let mut made = Tree::default();
    read(PLAIN)
        .unwrap()
        .put_into(&mut made, &Owners::default())
        .unwrap();
    let listing = |tree: &Tree| -> Vec<_> {
        let line = |entry: crate::tree::WalkEntry<'_>| {
            let inode = entry.inode.clone();
            let kind = match inode.kind {
                Kind::Dir(_) => return (entry.path.clone(), inode.meta.at(0), None),
                kind => kind,
            };
            (entry.path.clone(), inode.meta, Some(kind))
        };
        tree.walk().map(line).collect()
    };
    assert_eq!(listing(&made), listing(&tree()));
    assert_eq!(made.lookup("usr/bin/x"), made.lookup("usr/bin/z"));
}

/// A package of one file, or of what `change` makes of it.
fn hostile(change: impl FnOnce(&mut Package)) -> Error {
    let mut package = Package::from_tree(info(), &Tree::default(), &Owners::default()).unwrap();
    package.folders.push(Folder {
        path: b"etc".to_vec(),
        acl: Acl::root(0o755),
        files: vec![File {
            name: b"x".to_vec(),
            acl: Acl::root(0o644),
            mtime: 0,
            kind: FileKind::Symlink(b"y".to_vec()),
        }],
    });
    change(&mut package);
    let file = package.write(&[], Compression::Deflate).unwrap();
    read(&file).unwrap_err()
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    for path in [
        "/etc", "../etc", "etc/..", "etc//x", "etc/", "./etc", "e\ntc", "e\0tc",
    ] {
        let refused = hostile(|package| package.folders[1].path = path.into());
        assert!(matches!(refused, Error::Path { .. }), "{path}: {refused}");
    }
    for name in ["", ".", "..", "a/b", "/etc/passwd", "../x", "a\nR:b"] {
        let refused = hostile(|package| package.folders[1].files[0].name = name.into());
        assert!(matches!(refused, Error::Path { .. }), "{name}: {refused}");
    }
    for target in ["../../x", "/..", "../a/../../x"] {
        let refused =
            hostile(|package| package.folders[1].files[0].kind = FileKind::Symlink(target.into()));
        assert!(
            refused
                .to_string()
                .contains("etc/x\" is a symlink that leads out"),
            "{refused}"
        );
    }
    let twice = hostile(|package| {
        let folder = package.folders[1].clone();
        package.folders.push(folder);
    });
    assert!(twice.to_string().contains("is there twice"), "{twice}");
}

/// Nothing of ours writes a device, so the type in a symlink's target is changed.
#[test]
fn devices_are_refused_by_name() {
    for (kind, says) in [
        (0x2000u16, "a character device"),
        (0x6000, "a block device"),
        (0x1000, "a named pipe"),
        (0x8000, "a hard link to no"),
    ] {
        let mut file = PLAIN.to_vec();
        let at = file
            .windows(4)
            .position(|bytes| bytes == b"\x00\xa0/t")
            .unwrap();
        file[at..at + 2].copy_from_slice(&kind.to_le_bytes());
        let refused = read(&file).unwrap_err().to_string();
        assert!(
            refused.contains("usr/bin/a") && refused.contains(says),
            "{refused}"
        );
    }
    let mut tree = tree();
    let device = Inode {
        meta: Meta::file(0o600),
        kind: Kind::CharDevice { major: 1, minor: 3 },
    };
    tree.put("usr/null", device).unwrap();
    assert!(Package::from_tree(info(), &tree, &Owners::default()).is_err());
}

#[test]
fn contents_must_be_what_the_package_says() {
    // The last block of content is that of usr/bin/x, and before it stands that of etc/config/x.
    let mut file = PLAIN.to_vec();
    let last = file.len() - 10;
    file[last] ^= 1;
    assert!(matches!(read(&file), Err(Error::Content { path, .. }) if path == "usr/bin/x"));
    let at = PLAIN
        .windows(9)
        .position(|bytes| bytes == b"config x\n")
        .unwrap();
    let block = at - 12..at + 12;
    let mut missing = PLAIN.to_vec();
    missing.drain(block.clone());
    assert_eq!(read(&missing), Err(Error::StrayContent(1)));
    let again = [PLAIN, &PLAIN[block]].concat();
    assert_eq!(read(&again), Err(Error::StrayContent(3)));
    for len in 0..PLAIN.len() {
        assert!(read(&PLAIN[..len]).is_err(), "cut to {len}");
    }
}

#[test]
fn owners_must_be_known() {
    let mut package = probe();
    package.folders[1].files[0].acl.user = "dnsmasq".into();
    let mut tree = Tree::default();
    let refused = package.put_into(&mut tree, &Owners::default()).unwrap_err();
    assert!(matches!(refused, Error::Owner { .. }), "{refused}");
    let owners = Owners::from_files("root:x:0:0::/:\ndnsmasq:x:453:453:::\n", "dnsmasq:x:453:\n");
    package.put_into(&mut tree, &owners).unwrap();
    assert_eq!(tree.get("etc/empty").unwrap().meta.uid, 453);
}

#[test]
fn what_stands_in_the_way_is_named() {
    let mut tree = Tree::default();
    tree.put_symlink("usr", "/tmp", 0).unwrap();
    let refused = probe().put_into(&mut tree, &Owners::default()).unwrap_err();
    assert!(matches!(refused, Error::Path { .. }), "{refused}");
    assert!(tree.get("tmp/bin").is_none());
}

#[test]
fn damage_never_breaks_it() {
    for at in 0..PLAIN.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut damaged = PLAIN.to_vec();
            damaged[at] = value;
            let _ = read(&damaged);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_changed_never_break_it(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut plain = PLAIN.to_vec();
        for (at, value) in changes {
            let at = at.index(plain.len());
            plain[at] = value;
        }
        if let Ok(package) = read(&plain) {
            let _ = package.put_into(&mut Tree::default(), &Owners::default());
        }
    }
}
