//! Installs packages into a root file system in memory, and removes them from it: what opkg or apk, and then OpenWrt's build, do.
//!
//! ```text
//! package files ─ Archive::open ─► Change { remove, install } ─ apply ─► tree, Report
//!                                                               prepare ─► a tree of packages alone, finished
//! ```
//!
//! Order within [`apply`]: what is to be removed goes; all new packages are unpacked in the order given; users and groups are
//! added; databases get their records; then each package is configured in the order of OpenWrt's build (users, links by
//! priority, overlay, services, its own script). An error leaves the tree as it was.
//!
//! Nothing here touches the host. What has to run packages' scripts is behind [`RunScript`].

mod accounts;
mod alternatives;
mod apk;
mod archive;
mod configure;
mod error;
mod known;
mod listing;
mod opkg;
mod payload;
mod prepare;
mod remove;
mod script;
mod scripts_tar;
mod tree;
mod work;

use std::collections::{HashMap, HashSet};

use openwrt_formats::apk::package::Owners;
use openwrt_formats::opkg::Conffile;
use openwrt_formats::tree::Tree;
use sha2::{Digest, Sha256};

use super::universe::Manager;
use accounts::{Accounts, Wanted};
pub use archive::{Archive, Expected};
use configure::New;
pub use error::InstallError;
use payload::Payload;
pub use prepare::prepare;
use remove::{Left, Replaced};
pub use script::{NoScripts, RunScript, Script, ScriptError, does_something};
use work::{Database, Work};

/// A package to be installed.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The package.
    pub archive: Archive,
    /// Bytes of its file, which apk records.
    pub file_size: u64,
    /// Whether the user asked for it; else it came as a dependency.
    pub wanted: bool,
}

/// What is to change.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Names of installed packages to be removed.
    pub remove: Vec<String>,
    /// Packages to be installed, in this order. One that is installed in another version is replaced.
    pub install: Vec<Incoming>,
    /// Lines for apk's `/etc/apk/world` besides the names of packages that are wanted: `base-files=1.2`, `luci`. A line takes
    /// the place of one for the same name. opkg has no such file.
    pub world: Vec<String>,
}

/// What holds for all packages.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Time of what is made or changed, seconds since 1970.
    pub epoch: u32,
    /// The device's architecture for packages, `mipsel_24kc`.
    pub architecture: &'a str,
    /// Runs packages' own scripts.
    pub scripts: &'a dyn RunScript,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// New packages: name, version.
    pub installed: Vec<(String, String)>,
    /// Packages of which another version was installed: name, old version, new version.
    pub replaced: Vec<(String, String, String)>,
    /// Removed packages: name, version.
    pub removed: Vec<(String, String)>,
    /// Files that were removed with their package though somebody had changed them: package, path.
    pub modified: Vec<(String, String)>,
    /// Files of new packages that were put beside changed ones, as `NAME-opkg` or `NAME.apk-new`.
    pub beside: Vec<String>,
    /// Files that a new package rightly took over: the package that had it, path.
    pub taken: Vec<(String, String)>,
    /// Packages whose own script was run.
    pub scripts: Vec<String>,
    /// What else the user may want to know.
    pub notes: Vec<String>,
}

/// Removes and installs packages. All or nothing: after an error `tree` is as it was.
///
/// # Errors
/// [`InstallError`].
pub fn apply(
    tree: &mut Tree,
    manager: Manager,
    change: Change,
    options: &Options<'_>,
) -> Result<Report, InstallError> {
    check(&change, manager, options)?;
    let mut work = Work::new(tree.clone(), manager, options)?;
    let before = providers(&work);
    let mut left = Left::default();
    for name in &change.remove {
        remove::remove(&mut work, name, &mut left)?;
    }
    work.recount_folders();
    let mut new = Vec::new();
    let mut sizes = HashMap::new();
    for incoming in change.install {
        sizes.insert(work.known.len(), (incoming.file_size, incoming.wanted));
        new.push(unpack(&mut work, incoming.archive, &mut left)?);
    }
    check_needs(&work, &before)?;
    new.sort_by_cached_key(|package| configure::script_order(&package.archive));

    let mut accounts = Accounts::read(&work.tree);
    for package in &new {
        let asked = configure::asked_accounts(&work, &package.archive);
        for wanted in Wanted::list(&work.name(package.at), &asked)? {
            accounts.add(&work.name(package.at), &wanted)?;
        }
    }
    remove::sweep_accounts(&work, &left, &mut accounts);
    accounts.write(&mut work.tree, options.epoch)?;
    let (passwd, group) = accounts.texts();
    let owners = Owners::from_files(&passwd, &group);
    configure::resolve_owners(&mut work, &owners)?;

    for package in &new {
        let size = sizes.get(&package.at).copied().unwrap_or_default();
        record(&mut work, package, size, &owners)?;
    }
    let places: Vec<usize> = new.iter().map(|package| package.at).collect();
    alternatives::settle(&mut work, &places, &left)?;
    remove::sweep_folders(&mut work, &left);
    configure::lay_overlay(&mut work)?;
    configure::configure(&mut work, &new)?;

    let mut work = work;
    match &mut work.database {
        Database::Opkg(opkg) => {
            opkg.write(&mut work.tree, work.known.iter().flatten(), options.epoch)?
        }
        Database::Apk(apk) => {
            change.remove.iter().for_each(|name| apk.unwant(name));
            change.world.iter().for_each(|entry| apk.want(entry));
            apk.write(&mut work.tree, options.architecture, options.epoch)?;
        }
    }
    *tree = work.tree;
    Ok(work.report)
}

/// Checks what can be checked before anything is done.
fn check(change: &Change, manager: Manager, options: &Options<'_>) -> Result<(), InstallError> {
    let mut names = HashSet::new();
    let installed = change
        .install
        .iter()
        .map(|incoming| incoming.archive.name());
    for name in change.remove.iter().map(String::as_str).chain(installed) {
        if !names.insert(name) {
            return Err(InstallError::Twice(name.to_owned()));
        }
    }
    let mut archives = change.install.iter().map(|incoming| &incoming.archive);
    archives.try_for_each(|archive| archive.suits(manager, options.architecture))
}

/// Puts one package's files into the tree.
fn unpack(work: &mut Work<'_>, archive: Archive, left: &mut Left) -> Result<New, InstallError> {
    let payload = Payload::of(&archive)?;
    let (name, version) = (archive.name().to_owned(), archive.version().to_owned());
    let replaced = remove::replace(work, &name, &payload, left)?;
    match &replaced {
        Some(Replaced { version: old, .. }) => {
            work.report
                .replaced
                .push((name.clone(), old.clone(), version))
        }
        None => work.report.installed.push((name.clone(), version)),
    }
    let at = work.known.len();
    let known = match &archive {
        Archive::Ipk(ipk) => {
            let files = payload.files.iter().map(|item| item.path.clone()).collect();
            let conffiles = ipk.conffiles();
            let conffiles = conffiles
                .iter()
                .map(|path| path.trim_start_matches('/').as_bytes().to_vec());
            work.conffiles.insert(at, conffiles.collect());
            let mut known = opkg::known(&ipk.package, files);
            known.changed = true;
            known
        }
        Archive::Apk(package) => apk::known(package),
    };
    work.known.push(Some(known));
    work.by_name.insert(name, at);
    if let Archive::Ipk(ipk) = &archive {
        let text = ipk.control.get("preinst").map(|(_, text)| text.as_slice());
        configure::run(work, at, "preinst", text)?;
    }
    let not_its_own = work.place(at, payload)?;
    if !not_its_own.is_empty()
        && let Some(known) = work.package_mut(at)
    {
        known.files.retain(|file| !not_its_own.contains(file));
    }
    Ok(New {
        at,
        archive,
        replaced,
    })
}

/// Enters a package into the database.
fn record(
    work: &mut Work<'_>,
    package: &New,
    (file_size, wanted): (u64, bool),
    owners: &Owners,
) -> Result<(), InstallError> {
    let epoch = work.options.epoch;
    match (&package.archive, &mut work.database) {
        (Archive::Ipk(ipk), Database::Opkg(opkg)) => {
            let mut conffiles = Vec::new();
            for path in ipk.conffiles() {
                // The sum is of what the package brings, also where somebody's own file stays.
                if let Some(content) = ipk.data.read(&path) {
                    let sum = hex::encode(Sha256::digest(&content));
                    conffiles.push(Conffile { path, sum });
                }
            }
            let (user, auto) = package
                .replaced
                .as_ref()
                .and_then(|old| old.flags)
                .unwrap_or((wanted, !wanted));
            let flags = (user || wanted, auto && !wanted);
            opkg.record(&mut work.tree, ipk, &conffiles, flags, epoch)
        }
        (Archive::Apk(archive), Database::Apk(apk)) => {
            apk.record(archive, file_size, owners)?;
            // What another package keeps, or has taken over since.
            let its_own: HashSet<&Vec<u8>> = match work.known.get(package.at) {
                Some(Some(known)) => known.files.iter().collect(),
                _ => HashSet::new(),
            };
            for path in apk::known(archive).files {
                if !its_own.contains(&path) {
                    apk.disown(&archive.info.name, &path);
                }
            }
            if wanted {
                apk.want(&archive.info.name);
            }
            Ok(())
        }
        // `check` has seen to it that they fit.
        _ => Ok(()),
    }
}

/// Which packages provide each name.
fn providers(work: &Work<'_>) -> HashMap<String, String> {
    let all = work.installed().flat_map(|package| {
        let names = package.provides.iter();
        names.map(|name| (name.clone(), package.name.clone()))
    });
    all.collect()
}

/// Checks that nothing that was there before is missing now to a package. What never was there is for the solver to know.
fn check_needs(work: &Work<'_>, before: &HashMap<String, String>) -> Result<(), InstallError> {
    let now: HashSet<&str> = work
        .installed()
        .flat_map(|package| package.provides.iter().map(String::as_str))
        .collect();
    for package in work.installed() {
        for (dependency, names) in &package.needs {
            if names.iter().any(|name| now.contains(name.as_str())) {
                continue;
            }
            if let Some(gone) = names.iter().find_map(|name| before.get(name)) {
                return Err(InstallError::StillNeeded {
                    package: gone.clone(),
                    by: package.name.clone(),
                    dependency: dependency.clone(),
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
