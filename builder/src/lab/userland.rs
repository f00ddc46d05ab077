//! The lab's OpenWrt-shaped root file system: files of our own, BusyBox, and the tools of `clom-lab`.

use include_dir::{Dir, include_dir};
use openwrt_formats::tree::{Meta, Tree, TreeError};

use super::machine::Machine;
use crate::build::services;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/lab/userland");

/// BusyBox's commands as paths, one a line.
const BUSYBOX: &str = include_str!("busybox.applets");

/// What `clom-lab` is called by.
const TOOLS: &[&str] = &[
    "sbin/ctty",
    "sbin/fwtool",
    "sbin/init",
    "sbin/procctl",
    "sbin/procd",
    "sbin/uci",
    "sbin/upgraded",
];

/// Folders that must be there, if only to mount something on, and their modes.
const FOLDERS: &[(&str, u16)] = &[
    ("dev", 0o755),
    ("etc/config", 0o755),
    ("etc/crontabs", 0o755),
    ("etc/rc.d", 0o755),
    ("etc/uci-defaults", 0o755),
    ("mnt", 0o755),
    ("overlay", 0o755),
    ("proc", 0o555),
    ("rom", 0o755),
    ("root", 0o700),
    ("sys", 0o555),
    ("tmp", 0o1777),
    ("usr/bin", 0o755),
    ("usr/lib", 0o755),
    ("usr/sbin", 0o755),
    ("www", 0o755),
];

/// The root file system. All of it is root's and has the time 0.
pub(super) fn tree(machine: Machine, busybox: &[u8], tools: &[u8]) -> anyhow::Result<Tree> {
    let mut tree = Tree::default();
    for (path, mode) in FOLDERS {
        let id = tree.make_dirs(path, 0)?;
        tree.inode_mut(id).meta.mode = *mode;
    }
    own_files(&mut tree, &FILES)?;
    tree.put_file("bin/busybox", busybox, Meta::file(0o755))?;
    for applet in BUSYBOX.lines().filter(|line| !line.is_empty()) {
        if tree.get(applet).is_none() {
            tree.put_symlink(applet, "/bin/busybox", 0)?;
        }
    }
    tree.put_file("usr/sbin/clom-lab", tools, Meta::file(0o755))?;
    for tool in TOOLS {
        tree.put_symlink(tool, "/usr/sbin/clom-lab", 0)?;
    }
    for (link, target) in [
        ("var", "tmp"),
        ("etc/mtab", "/proc/mounts"),
        ("etc/resolv.conf", "/tmp/resolv.conf"),
        ("etc/TZ", "/tmp/TZ"),
        ("bin/uci", "/usr/sbin/clom-lab"),
    ] {
        tree.put_symlink(link, target, 0)?;
    }
    identity(&mut tree, machine)?;
    for name in services::scripts(&tree) {
        services::enable(&mut tree, &name, 0)?;
    }
    Ok(tree)
}

/// The embedded files. What begins with `#!` is executable; `shadow` is secret.
fn own_files(tree: &mut Tree, dir: &Dir<'_>) -> Result<(), TreeError> {
    for file in dir.files() {
        let path = file.path().to_string_lossy();
        let mode = match file.contents() {
            _ if path == "etc/shadow" => 0o600,
            content if content.starts_with(b"#!") => 0o755,
            _ => 0o644,
        };
        tree.put_file(path.as_bytes(), file.contents(), Meta::file(mode))?;
    }
    dir.dirs().try_for_each(|dir| own_files(tree, dir))
}

/// What the machine says it is.
fn identity(tree: &mut Tree, machine: Machine) -> Result<(), TreeError> {
    let (target, arch) = machine.target();
    let version = env!("CARGO_PKG_VERSION");
    let files = [
        (
            "usr/lib/lab/board_name",
            format!("{}\n", machine.device_id()),
        ),
        ("usr/lib/lab/model", format!("{}\n", machine.model())),
        ("etc/openwrt_version", format!("lab-{version}\n")),
        (
            "etc/openwrt_release",
            format!(
                "DISTRIB_ID='ClommunityLab'\nDISTRIB_RELEASE='lab-{version}'\nDISTRIB_REVISION='lab'\n\
                 DISTRIB_TARGET='{target}'\nDISTRIB_ARCH='{arch}'\nDISTRIB_DESCRIPTION='Clommunity lab {version}'\nDISTRIB_TAINTS=''\n"
            ),
        ),
        (
            "usr/lib/os-release",
            format!(
                "NAME=\"Clommunity lab\"\nVERSION=\"{version}\"\nID=\"clommunity-lab\"\nID_LIKE=\"lede openwrt\"\n\
                 PRETTY_NAME=\"Clommunity lab {version}\"\nVERSION_ID=\"{version}\"\nOPENWRT_BOARD=\"{target}\"\nOPENWRT_ARCH=\"{arch}\"\n"
            ),
        ),
    ];
    for (path, text) in files {
        tree.put_file(path, text, Meta::file(0o644))?;
    }
    tree.put_symlink("etc/os-release", "../usr/lib/os-release", 0)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use openwrt_formats::tree::Kind;

    use super::*;

    fn made() -> Tree {
        tree(Machine::Mips, b"busybox", b"tools").unwrap()
    }

    #[test]
    fn the_tree_has_what_openwrt_has() {
        let tree = made();
        let listing: String = tree
            .walk()
            .filter(|entry| !entry.path.starts_with(b"bin/") && !entry.path.starts_with(b"usr/"))
            .filter(|entry| !entry.path.starts_with(b"sbin/"))
            .map(|entry| {
                let path = String::from_utf8(entry.path).unwrap();
                let what = match &entry.inode.kind {
                    Kind::Symlink(target) => {
                        format!("{path} -> {}", String::from_utf8_lossy(target))
                    }
                    Kind::Dir(_) => format!("{path}/"),
                    _ => path,
                };
                format!("{:04o} {what}\n", entry.inode.meta.mode)
            })
            .collect();
        insta::assert_snapshot!(listing);
    }

    #[test]
    fn every_link_leads_somewhere() {
        let tree = made();
        for entry in tree.walk() {
            let Kind::Symlink(target) = &entry.inode.kind else {
                continue;
            };
            if target.starts_with(b"/tmp/") || target.starts_with(b"/proc/") {
                continue;
            }
            let to = tree.resolve(&entry.path).unwrap();
            assert!(
                tree.get(&to).is_some(),
                "{}",
                String::from_utf8_lossy(&entry.path)
            );
        }
    }

    /// Every shell script passes the host's shell's own syntax check.
    #[test]
    fn scripts_are_valid_shell() {
        let dir = tempfile::tempdir().unwrap();
        let mut checked = 0;
        for entry in made().walk() {
            let path = String::from_utf8(entry.path).unwrap();
            let Kind::File(content) = &entry.inode.kind else {
                continue;
            };
            let text = content.to_vec();
            if !text.starts_with(b"#!/bin/sh") && !path.starts_with("lib/") {
                continue;
            }
            if path.starts_with("lib/upgrade/keep.d") {
                continue;
            }
            let file = dir.path().join("script");
            std::fs::write(&file, &text).unwrap();
            let output = Command::new("sh").arg("-n").arg(&file).output().unwrap();
            assert!(
                output.status.success(),
                "{path}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            checked += 1;
        }
        assert!(checked > 15);
    }
}
