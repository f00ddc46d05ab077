//! What OpenWrt does once all packages are unpacked: users, links by priority, overlays, services, packages' own scripts.

use std::collections::HashMap;

use openwrt_formats::apk::package::{Owners, Script as Kind};
use openwrt_formats::tree::Tree;

use super::super::universe::Manager;
use super::remove::{Replaced, init_scripts};
use super::script::{Script, ScriptError, does_something, own_text};
use super::work::Work;
use super::{Archive, InstallError};
use crate::build::services::{self, ServiceError};

/// A package that was unpacked.
pub(super) struct New {
    pub(super) at: usize,
    pub(super) archive: Archive,
    pub(super) replaced: Option<Replaced>,
}

/// The order in which OpenWrt runs post-install scripts: that of the names of their files.
pub(super) fn script_order(archive: &Archive) -> String {
    match archive {
        Archive::Ipk(ipk) => format!("{}.postinst", ipk.package.name),
        Archive::Apk(package) => format!(
            "{}-{}.X1{}.post-install",
            package.info.name,
            package.info.version,
            hex::encode(package.identity)
        ),
    }
}

/// Gives what belongs to somebody by name its numbers.
pub(super) fn resolve_owners(work: &mut Work<'_>, owners: &Owners) -> Result<(), InstallError> {
    for (id, path, user, group, package) in std::mem::take(&mut work.named) {
        let unknown = |kind, name: &str| InstallError::Owner {
            package: package.clone(),
            path: path.escape_ascii().to_string(),
            kind,
            name: name.to_owned(),
        };
        let uid = owners.user(&user).ok_or_else(|| unknown("user", &user))?;
        let gid = owners
            .group(&group)
            .ok_or_else(|| unknown("group", &group))?;
        let meta = &mut work.tree.inode_mut(id).meta;
        (meta.uid, meta.gid) = (uid, gid);
    }
    Ok(())
}

/// Lays what packages put under `/rootfs-overlay` over the root.
pub(super) fn lay_overlay(work: &mut Work<'_>) -> Result<(), InstallError> {
    const FOLDER: &[u8] = b"rootfs-overlay";
    if work.tree.get(FOLDER).is_none() {
        return Ok(());
    }
    let mut over = Tree::default();
    for entry in work.tree.walk() {
        if let Some(path) = entry
            .path
            .strip_prefix(FOLDER)
            .and_then(|path| path.strip_prefix(b"/"))
        {
            let mut inode = entry.inode.clone();
            if let openwrt_formats::tree::Kind::Dir(entries) = &mut inode.kind {
                entries.clear();
            }
            over.put(path, inode)?;
        }
    }
    work.tree.remove(FOLDER);
    for entry in over.walk().filter(|entry| !entry.path.is_empty()) {
        let real = match &entry.inode.kind {
            openwrt_formats::tree::Kind::Dir(_) => work.tree.resolve(&entry.path)?,
            _ => work.real(&entry.path)?,
        };
        let is_folder = matches!(entry.inode.kind, openwrt_formats::tree::Kind::Dir(_));
        // A folder that is there keeps its mode, as with cp.
        if is_folder && work.tree.get(&real).is_some() {
            continue;
        }
        let mut inode = entry.inode.clone();
        inode.meta.mtime = work.options.epoch;
        if is_folder {
            inode.kind = openwrt_formats::tree::Kind::Dir(Default::default());
        }
        let (parent, _) = super::payload::split(&real);
        work.tree.make_dirs(parent, work.options.epoch)?;
        work.tree.put(&real, inode)?;
    }
    Ok(())
}

/// Services and own script of each package, in their order.
pub(super) fn configure(work: &mut Work<'_>, new: &[New]) -> Result<(), InstallError> {
    for package in new {
        match &package.archive {
            Archive::Ipk(ipk) => {
                let text = |name: &str| ipk.control.get(name).map(|(_, text)| text.as_slice());
                run(
                    work,
                    package.at,
                    "post-install",
                    own_text(text("postinst"), text("postinst-pkg")),
                )?;
                enable(work, package)?;
            }
            Archive::Apk(apk) => {
                enable(work, package)?;
                // A newer version would run its post-upgrade, which is the same text on a router; images are not upgraded.
                let text = apk.scripts.get(&Kind::PostInstall).map(Vec::as_slice);
                run(work, package.at, "post-install", own_text(text, None))?;
            }
        }
    }
    Ok(())
}

/// Runs a script if it does anything.
pub(super) fn run(
    work: &mut Work<'_>,
    at: usize,
    kind: &'static str,
    text: Option<&[u8]>,
) -> Result<(), InstallError> {
    let Some(text) = text.filter(|text| does_something(text)) else {
        return Ok(());
    };
    let package = work.name(at);
    let script = Script {
        package: &package,
        kind,
        text,
        epoch: work.options.epoch,
    };
    let result = work.options.scripts.run(&mut work.tree, script);
    result.map_err(|error| match error {
        ScriptError::Failed { problem, output } => InstallError::Script {
            package: package.clone(),
            script: kind,
            problem,
            output,
        },
        ScriptError::Host(problem) => InstallError::Host {
            package: package.clone(),
            script: kind,
            problem,
        },
    })?;
    // A script may have made links or folders.
    work.forget_folders();
    work.report.scripts.push(package);
    Ok(())
}

/// Enables the services of a package: all of a new one; of another version those that were enabled, and those that it did not
/// have before. What somebody has disabled stays so.
fn enable(work: &mut Work<'_>, package: &New) -> Result<(), InstallError> {
    let none = HashMap::new();
    let before = package
        .replaced
        .as_ref()
        .map_or(&none, |replaced| &replaced.services);
    for service in init_scripts(work, package.at) {
        if before.get(&service) == Some(&false) {
            continue;
        }
        enable_one(work, &service)?;
    }
    Ok(())
}

fn enable_one(work: &mut Work<'_>, service: &str) -> Result<(), InstallError> {
    match services::enable(&mut work.tree, service, work.options.epoch) {
        Ok(()) => Ok(()),
        // Another kind of script, or one that says neither: OpenWrt leaves it alone, too.
        Err(ServiceError::Unknown(_)) => Ok(()),
        Err(ServiceError::NoOrder(_)) => {
            let note = format!(
                "service {service} is not enabled: its script sets neither START nor STOP to a number"
            );
            work.report.notes.push(note);
            Ok(())
        }
        Err(ServiceError::Tree(_, error)) => Err(error.into()),
    }
}

/// Packages and the manager they are of, for notes of users.
pub(super) fn asked_accounts(work: &Work<'_>, archive: &Archive) -> String {
    match archive {
        Archive::Ipk(ipk) => {
            let asked = ipk.package.stanza.value("Require-User");
            asked.unwrap_or_default().into_owned()
        }
        Archive::Apk(package) => {
            debug_assert_eq!(work.manager, Manager::Apk);
            super::apk::note(&work.tree, &package.info.name, "rusers")
        }
    }
}
