//! Taking packages out.
//!
//! What goes: files, also changed ones and configuration files; start and stop links of init scripts; folders that are empty then
//! and that no other package has; links by priority fall back to the next best; users and groups that no other package asks for.
//! Files that another package has stay. Texts that packages want run before or after their removal (`prerm`, `postrm`,
//! `pre-deinstall`, `post-deinstall`) are not run: on the host there is nothing to stop, and OpenWrt's ImageBuilder, which never
//! removes an installed package, does not run them either.

use std::collections::{BTreeSet, HashMap, HashSet};

use openwrt_formats::tree::Kind;
use sha2::{Digest, Sha256};

use super::super::universe::Manager;
use super::InstallError;
use super::accounts::{Accounts, Wanted};
use super::apk::{self, Apk};
use super::opkg::Opkg;
use super::payload::{Payload, split};
use super::work::{Database, Work};
use crate::build::services;

/// Folders that stay though they be empty: base-files has them, and opkg does not record folders.
const SKELETON: [&str; 6] = [
    "etc/config",
    "etc/init.d",
    "etc/rc.d",
    "etc/uci-defaults",
    "usr/bin",
    "usr/lib",
];

/// What removed packages leave to be settled once all changes are made.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Links by priority that have lost a package: path with `/`, target.
    pub(super) links: Vec<(String, String)>,
    /// What removed packages had asked for in users and groups.
    accounts: Vec<Wanted>,
    /// Folders that may be empty now.
    folders: BTreeSet<Vec<u8>>,
}

/// An installed package that another version takes the place of.
#[derive(Debug, Clone, Default)]
pub(super) struct Replaced {
    /// Whether the user had asked for it, and whether it came as a dependency; of opkg.
    pub(super) flags: Option<(bool, bool)>,
    /// Its init scripts, and whether they were enabled.
    pub(super) services: HashMap<String, bool>,
    pub(super) version: String,
}

/// Removes a package.
pub(super) fn remove(work: &mut Work<'_>, name: &str, left: &mut Left) -> Result<(), InstallError> {
    let at = *work
        .by_name
        .get(name)
        .ok_or_else(|| InstallError::NotInstalled(name.to_owned()))?;
    let asked = match work.manager {
        Manager::Opkg => Opkg::accounts(&work.tree, name),
        Manager::Apk => apk::note(&work.tree, name, "rusers"),
    };
    // A text that makes no sense added nobody.
    left.accounts
        .extend(Wanted::list(name, &asked).unwrap_or_default());
    let version = work
        .package(at)
        .map(|package| package.version.clone())
        .unwrap_or_default();
    for service in init_scripts(work, at) {
        let _ = services::disable(&mut work.tree, &service);
    }
    let changed = changed_files(work, at, true);
    for path in changed {
        work.report
            .modified
            .push((name.to_owned(), path.escape_ascii().to_string()));
    }
    take_files(work, at, left, |_| false);
    work.report.removed.push((name.to_owned(), version));
    Ok(())
}

/// Takes the files of an installed version away that the new one does not bring, and marks changed configuration files as to be
/// kept.
pub(super) fn replace(
    work: &mut Work<'_>,
    name: &str,
    new: &Payload,
    left: &mut Left,
) -> Result<Option<Replaced>, InstallError> {
    let Some(at) = work.by_name.get(name).copied() else {
        return Ok(None);
    };
    let mut replaced = Replaced {
        version: work
            .package(at)
            .map(|package| package.version.clone())
            .unwrap_or_default(),
        flags: match &work.database {
            Database::Opkg(opkg) => opkg.flags(name),
            Database::Apk(_) => None,
        },
        services: HashMap::new(),
    };
    let brought: HashSet<&[u8]> = new.files.iter().map(|item| &item.path[..]).collect();
    for service in init_scripts(work, at) {
        let enabled = is_enabled(work, &service);
        if !brought.contains(format!("etc/init.d/{service}").as_bytes()) {
            let _ = services::disable(&mut work.tree, &service);
        }
        replaced.services.insert(service, enabled);
    }
    for path in changed_files(work, at, false) {
        if brought.contains(&path[..])
            && let Ok(real) = work.real(&path)
        {
            work.kept.insert(real);
        }
    }
    take_files(work, at, left, |path| brought.contains(path));
    Ok(Some(replaced))
}

/// Takes the files of a package away but those that `stays` names, and the package out of the database.
fn take_files(work: &mut Work<'_>, at: usize, left: &mut Left, stays: impl Fn(&[u8]) -> bool) {
    let Some(package) = work.package(at).cloned() else {
        return;
    };
    let links = match work.manager {
        Manager::Opkg => package.alternatives.clone(),
        Manager::Apk => apk::alternatives(&work.tree, &package.name),
    };
    left.links
        .extend(links.into_iter().map(|(_, path, target)| (path, target)));
    for path in &package.files {
        let Ok(real) = work.real(path) else { continue };
        if work.owner(&real) != Some(at) {
            continue;
        }
        work.release(&real);
        if stays(path) {
            work.freed.insert(real);
        } else {
            let is_file = work
                .tree
                .get(&real)
                .is_some_and(|inode| !matches!(inode.kind, Kind::Dir(_)));
            if is_file {
                work.tree.remove(&real);
            }
            note_folders(left, split(&real).0);
        }
    }
    for folder in &package.folders {
        if let Ok(real) = work.tree.resolve(folder) {
            note_folders(left, &real);
        }
    }
    match &mut work.database {
        Database::Opkg(opkg) => opkg.forget(&mut work.tree, &package.name),
        Database::Apk(apk) => apk.forget(&package.name),
    }
    work.by_name.remove(&package.name);
    if let Some(slot) = work.known.get_mut(at) {
        *slot = None;
    }
}

fn note_folders(left: &mut Left, folder: &[u8]) {
    let mut folder = folder;
    // What is above a folder that was noted was noted too.
    while !folder.is_empty() && left.folders.insert(folder.to_vec()) {
        folder = split(folder).0;
    }
}

/// Removes what is empty now and nobody's. To be called when all changes are made.
pub(super) fn sweep_folders(work: &mut Work<'_>, left: &Left) {
    work.recount_folders();
    // Longer paths come behind shorter ones that they begin with.
    for folder in left.folders.iter().rev() {
        let skeleton =
            !folder.contains(&b'/') || SKELETON.iter().any(|path| path.as_bytes() == folder);
        let kept =
            work.folder_owner(folder).is_some() || (skeleton && work.manager == Manager::Opkg);
        let empty = matches!(work.tree.get(folder).map(|inode| &inode.kind), Some(Kind::Dir(entries)) if entries.is_empty());
        if empty && !kept {
            work.tree.remove(folder);
        }
    }
    work.forget_folders();
}

/// Takes away the users and groups that nobody asks for any more.
pub(super) fn sweep_accounts(work: &Work<'_>, left: &Left, accounts: &mut Accounts) {
    if left.accounts.is_empty() {
        return;
    }
    let mut users = HashSet::new();
    let mut groups = HashSet::new();
    for package in work.installed() {
        let asked = match work.manager {
            Manager::Opkg => Opkg::accounts(&work.tree, &package.name),
            Manager::Apk => apk::note(&work.tree, &package.name, "rusers"),
        };
        for wanted in Wanted::list(&package.name, &asked).unwrap_or_default() {
            let (user, of) = wanted.names();
            users.extend(user.map(str::to_owned));
            groups.extend(of.map(str::to_owned));
        }
    }
    for wanted in &left.accounts {
        let (user, of) = wanted.names();
        if let Some(user) = user.filter(|user| !users.contains(*user)) {
            accounts.remove("user", user);
        }
        for group in of.filter(|group| !groups.contains(*group)) {
            accounts.remove("group", group);
        }
    }
}

/// The names of a package's init scripts.
pub(super) fn init_scripts(work: &Work<'_>, at: usize) -> Vec<String> {
    let files = work
        .package(at)
        .map(|package| package.files.as_slice())
        .unwrap_or_default();
    let names = files
        .iter()
        .filter_map(|file| file.strip_prefix(b"etc/init.d/"));
    let names = names.filter(|name| !name.contains(&b'/'));
    names
        .filter_map(|name| String::from_utf8(name.to_vec()).ok())
        .collect()
}

fn is_enabled(work: &Work<'_>, service: &str) -> bool {
    let links = super::tree::names(&work.tree, "etc/rc.d");
    links.iter().any(|link| {
        link.first()
            .is_some_and(|letter| matches!(letter, b'S' | b'K'))
            && link.get(3..) == Some(service.as_bytes())
    })
}

/// The files of a package that are not as it brought them, as far as its manager records how they were: all of apk's, the
/// configuration files of opkg's. Without `all`, of apk's those that apk keeps when another version comes.
fn changed_files(work: &mut Work<'_>, at: usize, all: bool) -> Vec<Vec<u8>> {
    let name = work.name(at);
    let mut changed = Vec::new();
    match &work.database {
        Database::Opkg(opkg) => {
            for conffile in opkg.conffiles(&name) {
                let path = conffile.path.trim_start_matches('/').as_bytes();
                let Some(content) = super::tree::read(&work.tree, path) else {
                    continue;
                };
                // Old versions of opkg cut the sum off, older ones wrote MD5. That is not compared: such a file counts as changed
                // where that saves it.
                let sum = hex::encode(Sha256::digest(&content));
                let differs = if conffile.sum.len() > 32 {
                    !sum.starts_with(&conffile.sum)
                } else {
                    !all
                };
                if differs {
                    changed.push(path.to_vec());
                }
            }
        }
        Database::Apk(apk) => {
            let conffiles: HashSet<Vec<u8>> =
                apk::conffiles(&work.tree, &name).into_iter().collect();
            changed = changed_of_record(work, apk, &name);
            changed.retain(|path| all || path.starts_with(b"etc/") || conffiles.contains(path));
        }
    }
    changed
}

fn changed_of_record(work: &Work<'_>, apk: &Apk, name: &str) -> Vec<Vec<u8>> {
    let Some(record) = apk.record_of(name) else {
        return Vec::new();
    };
    let managed: HashSet<Vec<u8>> = work
        .installed()
        .flat_map(|package| apk::alternatives(&work.tree, &package.name))
        .map(|(_, path, _)| path.trim_start_matches('/').as_bytes().to_vec())
        .collect();
    let mut changed = Vec::new();
    for folder in &record.folders {
        for file in &folder.files {
            let path = super::payload::join(&folder.path, &file.name);
            let (Some(checksum), Ok(real)) = (&file.checksum, work.tree.resolve(&folder.path))
            else {
                continue;
            };
            let sum = match work
                .tree
                .get(super::payload::join(&real, &file.name))
                .map(|inode| &inode.kind)
            {
                Some(Kind::File(content)) => Sha256::digest(content.slice(0, content.len())),
                Some(Kind::Symlink(target)) => Sha256::digest(target),
                _ => continue,
            };
            if sum.get(..20) != Some(&checksum[..]) && !managed.contains(&path) {
                changed.push(path);
            }
        }
    }
    changed
}
