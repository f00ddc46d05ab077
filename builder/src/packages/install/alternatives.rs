//! Links that the package of the highest priority gives their targets.
//!
//! Where no package names a link any more, BusyBox gets it back if it has it. Sources: opkg-lede's
//! `libopkg/pkg_alternatives.c`; OpenWrt's `lib/functions.sh` (`update_alternatives`), which with two packages of the same
//! priority makes no link at all: here the first of them gets it, as with opkg.

use std::collections::{BTreeMap, BTreeSet};

use openwrt_formats::tree::Kind;

use super::super::universe::Manager;
use super::listing::sort_by_bucket;
use super::remove::Left;
use super::work::Work;
use super::{InstallError, apk};

const BUSYBOX: &str = "/bin/busybox";

/// Sets the links that packages which were installed (`new`) or removed (`left`) name.
pub(super) fn settle(work: &mut Work<'_>, new: &[usize], left: &Left) -> Result<(), InstallError> {
    let mut all: Vec<(String, i32, String, String)> = Vec::new();
    let installed: Vec<_> = work
        .installed()
        .map(|package| (package.name.clone(), package.alternatives.clone()))
        .collect();
    for (name, of) in installed {
        let of = match work.manager {
            Manager::Opkg => of,
            Manager::Apk => apk::alternatives(&work.tree, &name),
        };
        let more = of
            .into_iter()
            .map(|(priority, path, target)| (name.clone(), priority, path, target));
        all.extend(more);
    }
    match work.manager {
        Manager::Opkg => sort_by_bucket(&mut all, |(name, ..)| name.clone().into_bytes()),
        Manager::Apk => all.sort_by_cached_key(|(name, ..)| format!("{name}.alternatives")),
    }
    let mut paths: BTreeSet<String> = left.links.iter().map(|(path, _)| path.clone()).collect();
    let mut best: BTreeMap<&str, (i32, &str)> = BTreeMap::new();
    let names: BTreeSet<String> = new.iter().map(|at| work.name(*at)).collect();
    for (name, priority, path, target) in &all {
        let is_new = names.contains(name);
        // A new package may have put a link of its own in the place of one by priority.
        if is_new
            || new.iter().any(|at| {
                work.package(*at)
                    .is_some_and(|package| brings(package, path))
            })
        {
            paths.insert(path.clone());
        }
        if best
            .get(path.as_str())
            .is_none_or(|(other, _)| other < priority)
        {
            best.insert(path, (*priority, target));
        }
    }
    for path in paths {
        let busybox = work.by_name.get("busybox").and_then(|at| work.package(*at));
        let target = match best.get(path.as_str()) {
            Some((_, target)) => Some((*target).to_owned()),
            None => busybox
                .is_some_and(|busybox| brings(busybox, &path))
                .then(|| BUSYBOX.to_owned()),
        };
        set(work, &path, target.as_deref(), left)?;
    }
    Ok(())
}

fn brings(package: &super::known::Known, path: &str) -> bool {
    let path = path.trim_start_matches('/').as_bytes();
    package.files.iter().any(|file| file == path)
}

fn set(
    work: &mut Work<'_>,
    path: &str,
    target: Option<&str>,
    left: &Left,
) -> Result<(), InstallError> {
    let relative = path.trim_start_matches('/').as_bytes();
    let real = work.real(relative)?;
    let there = work.tree.get(&real).map(|inode| inode.kind.clone());
    match (target, there) {
        (Some(target), Some(Kind::Symlink(old))) if old == target.as_bytes() => {}
        (Some(target), Some(Kind::File(_))) if work.manager == Manager::Opkg => {
            let note = format!("{path} is a file, so it does not become a link to {target}");
            work.report.notes.push(note);
        }
        (Some(target), Some(Kind::Dir(_))) => {
            let note = format!("{path} is a folder, so it does not become a link to {target}");
            work.report.notes.push(note);
        }
        (Some(target), _) => {
            work.tree.put_symlink(&real, target, work.options.epoch)?;
        }
        (None, Some(Kind::Symlink(old))) if work.owner(&real).is_none() => {
            let was_ours = left
                .links
                .iter()
                .any(|(of, target)| of == path && target.as_bytes() == old);
            if was_ours {
                work.tree.remove(&real);
            }
        }
        (None, _) => {}
    }
    Ok(())
}
