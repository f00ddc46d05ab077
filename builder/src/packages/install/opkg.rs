//! opkg's database: `usr/lib/opkg/status` and `usr/lib/opkg/info/`.
//!
//! ```text
//! status          a stanza for each package
//! info/NAME.list  its files, absolute, no folders
//! info/NAME.*     the files of its control archive; OpenWrt removes postinst and postinst-pkg from images
//! ```
//!
//! Source: opkg-lede's `libopkg/{pkg,opkg_install,opkg_remove}.c`.

use openwrt_formats::opkg::{Conffile, Entry, Ipk, Package, Status};
use openwrt_formats::tree::{Meta, Tree};

use super::InstallError;
use super::known::{Claims, Known};
use super::listing::sort_by_bucket;
use super::tree::{names, put_text, read};

const STATUS: &str = "usr/lib/opkg/status";
const INFO: &str = "usr/lib/opkg/info";

/// The database while it changes; lists of files are with what is known of the packages.
#[derive(Debug, Clone, Default)]
pub(super) struct Opkg {
    status: Status,
}

impl Opkg {
    /// Reads what the tree has; nothing when it has none.
    pub(super) fn read(tree: &Tree) -> Result<(Self, Vec<Known>), InstallError> {
        let wrong = |problem: String| InstallError::Database {
            file: STATUS.into(),
            problem,
        };
        let text = read(tree, STATUS).unwrap_or_default();
        let status = Status::parse(&text).map_err(|error| wrong(error.to_string()))?;
        let installed = status
            .installed()
            .map_err(|error| wrong(error.to_string()))?;
        let known = installed.iter().map(|package| {
            let list = read(tree, format!("{INFO}/{}.list", package.name)).unwrap_or_default();
            let lines = list.split(|byte| *byte == b'\n');
            // Some versions of opkg wrote folders too, with `/` behind.
            let files = lines.filter(|line| !line.is_empty() && !line.ends_with(b"/"));
            let relative = files.map(|line| line.strip_prefix(b"/").unwrap_or(line).to_vec());
            known(package, relative.collect())
        });
        Ok((
            Self {
                status: status.clone(),
            },
            known.collect(),
        ))
    }

    /// The configuration files of an installed package with their sums.
    pub(super) fn conffiles(&self, name: &str) -> Vec<Conffile> {
        self.status.get(name).map(Conffile::of).unwrap_or_default()
    }

    /// Whether the user asked for it, and whether it came as a dependency.
    pub(super) fn flags(&self, name: &str) -> Option<(bool, bool)> {
        let stanza = self.status.get(name)?;
        let status = stanza.value("Status").unwrap_or_default();
        let user = status
            .split_ascii_whitespace()
            .nth(1)
            .is_some_and(|flags| flags.split(',').any(|flag| flag == "user"));
        Some((
            user,
            stanza
                .value("Auto-Installed")
                .is_some_and(|value| value == "yes"),
        ))
    }

    /// What an installed package asks for in users and groups.
    pub(super) fn accounts(tree: &Tree, name: &str) -> String {
        let control = read(tree, format!("{INFO}/{name}.control")).unwrap_or_default();
        let control = String::from_utf8_lossy(&control).into_owned();
        let line = control
            .lines()
            .find_map(|line| line.strip_prefix("Require-User:"));
        line.unwrap_or_default().trim().to_owned()
    }

    /// Takes a package out.
    pub(super) fn forget(&mut self, tree: &mut Tree, name: &str) {
        self.status.remove(name);
        remove_info(tree, name);
    }

    /// Puts a package in. `files` was its list; the control files are all there but post-install scripts, which never stay.
    pub(super) fn record(
        &mut self,
        tree: &mut Tree,
        ipk: &Ipk,
        conffiles: &[Conffile],
        (user, auto): (bool, bool),
        epoch: u32,
    ) -> Result<(), InstallError> {
        for (file, (mode, text)) in &ipk.control {
            if file.starts_with("postinst") || file == "list" {
                continue;
            }
            let path = format!("{INFO}/{}.{file}", ipk.package.name);
            put_text(tree, path, text.clone(), Meta::file(*mode), epoch)?;
        }
        self.status.put(&Entry {
            package: &ipk.package,
            conffiles,
            time: u64::from(epoch),
            user,
            auto,
        });
        // A package may ask not to be upgraded by itself, as libc and kernel do: `Status: unknown hold not-installed`.
        let asked = ipk.package.stanza.value("Status").unwrap_or_default();
        let mut flags = asked
            .split_ascii_whitespace()
            .nth(1)
            .unwrap_or_default()
            .split(',');
        if flags.any(|flag| flag == "hold") {
            let name = &ipk.package.name;
            let stanzas = self.status.stanzas_mut().iter_mut();
            let mut own = stanzas
                .filter(|stanza| stanza.value("Package").is_some_and(|found| found == *name));
            if let Some(stanza) = own.next() {
                let flags = if user { "hold,user" } else { "hold" };
                stanza.set("Status", &format!("install {flags} installed"));
            }
        }
        Ok(())
    }

    /// Writes the status and the lists that changed.
    pub(super) fn write<'a>(
        &mut self,
        tree: &mut Tree,
        known: impl Iterator<Item = &'a Known>,
        epoch: u32,
    ) -> Result<(), InstallError> {
        for package in known.filter(|package| package.changed) {
            let mut lines: Vec<Vec<u8>> = package
                .files
                .iter()
                .map(|file| [b"/", &file[..]].concat())
                .collect();
            sort_by_bucket(&mut lines, Clone::clone);
            let text: Vec<u8> = lines
                .into_iter()
                .flat_map(|line| [line, b"\n".to_vec()])
                .flatten()
                .collect();
            let path = format!("{INFO}/{}.list", package.name);
            put_text(tree, path, text, Meta::file(0o644), epoch)?;
        }
        sort_by_bucket(self.status.stanzas_mut(), |stanza| {
            stanza
                .value("Package")
                .unwrap_or_default()
                .into_owned()
                .into_bytes()
        });
        put_text(
            tree,
            STATUS,
            self.status.to_bytes(),
            Meta::file(0o644),
            epoch,
        )?;
        Ok(())
    }

    /// Takes post-install scripts and feeds' lists away, which images do not have.
    pub(super) fn clean(tree: &mut Tree) {
        for name in names(tree, INFO) {
            let text = String::from_utf8_lossy(&name).into_owned();
            if text.contains(".postinst") {
                tree.remove(format!("{INFO}/{text}"));
            }
        }
        for name in names(tree, "usr/lib/opkg/lists") {
            tree.remove([b"usr/lib/opkg/lists/", &name[..]].concat());
        }
    }
}

/// What is known of a package with these files.
pub(super) fn known(package: &Package, files: Vec<Vec<u8>>) -> Known {
    let mut provides = package.provides.clone();
    provides.push(package.name.clone());
    let alternatives = package.alternatives.iter();
    Known {
        name: package.name.clone(),
        version: package.version.to_string(),
        files,
        folders: Vec::new(),
        provides,
        needs: package
            .depends
            .iter()
            .map(|dependency| {
                let names = dependency.alternatives.iter().map(|one| one.name.clone());
                (dependency.to_string(), names.collect())
            })
            .collect(),
        claims: Claims::Opkg(package.replaces.clone()),
        alternatives: alternatives
            .map(|one| (one.priority, one.path.clone(), one.target.clone()))
            .collect(),
        changed: false,
    }
}

/// Removes the files `NAME.*`; those of a package `NAME.x` stay.
fn remove_info(tree: &mut Tree, package: &str) {
    for name in names(tree, INFO) {
        let text = String::from_utf8_lossy(&name).into_owned();
        let file = text
            .strip_prefix(package)
            .and_then(|rest| rest.strip_prefix('.'));
        if file.is_some_and(|file| !file.contains('.')) {
            let real = tree.resolve(INFO).unwrap_or_default();
            tree.remove([&real[..], b"/", &name].concat());
        }
    }
}
