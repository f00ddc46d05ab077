//! apk's database: `lib/apk/db/` and `etc/apk/{world,arch}`.
//!
//! ```text
//! lib/apk/db/installed         a record for each package, by name without regard to case
//! lib/apk/db/scripts.tar.gz    their scripts; OpenWrt removes those of kind post-install from images
//! lib/apk/db/triggers          a line for each package with triggers: its checksum, folders
//! lib/apk/db/lock              empty, mode 0600
//! etc/apk/world                what the user asked for, a line each, by name
//! etc/apk/arch                 the architecture
//! lib/apk/packages/NAME.*      OpenWrt's: list, conffiles, conffiles_static, alternatives, rusers; files of the packages themselves
//! ```
//!
//! Source: apk-tools' `src/database.c`, OpenWrt's `include/package-pack.mk`.

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding};
use flate2::read::MultiGzDecoder;
use openwrt_formats::apk::package::{Owners, Package, Script};
use openwrt_formats::apk::{Dependency, Installed, InstalledPackage, Version};
use openwrt_formats::tree::{Kind, Meta, Tree};
use std::io::Read;

use super::InstallError;
use super::known::{Claims, Known};
use super::payload::{join, split};
use super::scripts_tar::{self, Entry};
use super::tree::{put_text, read};

const INSTALLED: &str = "lib/apk/db/installed";
const SCRIPTS: &str = "lib/apk/db/scripts.tar.gz";
const TRIGGERS: &str = "lib/apk/db/triggers";
const LOCK: &str = "lib/apk/db/lock";
const WORLD: &str = "etc/apk/world";
const ARCH: &str = "etc/apk/arch";
/// Where OpenWrt's packages bring what apk has no field for.
pub(super) const NOTES: &str = "lib/apk/packages";
/// More than all scripts of a router.
const MAX_SCRIPTS: u64 = 64 << 20;

/// Scripts by their names in the archive, each with its time.
type Scripts = BTreeMap<Vec<u8>, (u64, Vec<u8>)>;

/// The database while it changes.
#[derive(Debug, Clone, Default)]
pub(super) struct Apk {
    installed: Installed,
    scripts: Scripts,
    /// Checksums to the rest of their lines.
    triggers: BTreeMap<Vec<u8>, String>,
    world: Vec<String>,
}

impl Apk {
    /// Reads what the tree has; nothing when it has none.
    pub(super) fn read(tree: &Tree) -> Result<(Self, Vec<Known>), InstallError> {
        let text = read(tree, INSTALLED).unwrap_or_default();
        let installed = Installed::read(&text).map_err(|error| wrong(INSTALLED, error))?;
        let known: Vec<Known> = installed.packages.iter().map(known_of_record).collect();
        let mut triggers = BTreeMap::new();
        for line in String::from_utf8_lossy(&read(tree, TRIGGERS).unwrap_or_default()).lines() {
            if let Some((checksum, rest)) = line.split_once(' ') {
                triggers.insert(checksum.as_bytes().to_vec(), rest.to_owned());
            }
        }
        let world = read(tree, WORLD).unwrap_or_default();
        let world = String::from_utf8_lossy(&world).into_owned();
        let world = world.split_ascii_whitespace().map(str::to_owned).collect();
        let scripts = match read(tree, SCRIPTS) {
            Some(packed) => read_scripts(&packed)?,
            None => BTreeMap::new(),
        };
        let all = Self {
            installed,
            scripts,
            triggers,
            world,
        };
        Ok((all, known))
    }

    /// The record of an installed package.
    pub(super) fn record_of(&self, name: &str) -> Option<&InstalledPackage> {
        self.installed.get(name)
    }

    /// Takes a package out.
    pub(super) fn forget(&mut self, name: &str) {
        let Some(record) = self.installed.get(name) else {
            return;
        };
        for script in Script::ALL {
            if let Some(key) = script_name(record, script) {
                self.scripts.remove(&key);
            }
        }
        if let Some(checksum) = record.field(b'C') {
            self.triggers.remove(checksum);
        }
        let other = |package: &InstalledPackage| package.field(b'P') != Some(name.as_bytes());
        self.installed.packages.retain(other);
    }

    /// Puts a package in, without post-install script. `files` are those of its files that it got.
    pub(super) fn record(
        &mut self,
        package: &Package,
        file_size: u64,
        owners: &Owners,
    ) -> Result<(), InstallError> {
        let name = &package.info.name;
        let record = InstalledPackage::of(package, file_size, owners).map_err(|error| {
            InstallError::Apk {
                package: name.clone(),
                error,
            }
        })?;
        for (script, text) in &package.scripts {
            if *script != Script::PostInstall
                && let Some(key) = script_name(&record, *script)
            {
                self.scripts
                    .insert(key, (package.info.build_time, text.clone()));
            }
        }
        if !package.triggers.is_empty()
            && let Some(checksum) = record.field(b'C')
        {
            self.triggers
                .insert(checksum.to_vec(), package.triggers.join(" "));
        }
        self.installed.packages.push(record);
        Ok(())
    }

    /// Takes a file out of a package's record: another package has it now.
    pub(super) fn disown(&mut self, name: &str, path: &[u8]) {
        let (folder, file) = split(path);
        let records = self.installed.packages.iter_mut();
        for record in records.filter(|record| record.field(b'P') == Some(name.as_bytes())) {
            for found in record
                .folders
                .iter_mut()
                .filter(|found| found.path == folder)
            {
                found.files.retain(|one| one.name != file);
            }
        }
    }

    /// Adds a line to what the user asked for, in place of one for the same name.
    pub(super) fn want(&mut self, entry: &str) {
        self.unwant(world_name(entry));
        self.world.push(entry.to_owned());
    }

    /// Takes a name out of what the user asked for.
    pub(super) fn unwant(&mut self, name: &str) {
        self.world.retain(|entry| world_name(entry) != name);
    }

    /// Writes all of it.
    pub(super) fn write(
        &mut self,
        tree: &mut Tree,
        architecture: &str,
        epoch: u32,
    ) -> Result<(), InstallError> {
        self.installed.packages.sort_by_cached_key(|record| {
            let name = record.field(b'P').unwrap_or_default().to_vec();
            (name.to_ascii_lowercase(), name)
        });
        self.world.sort_by_cached_key(|entry| {
            let name = world_name(entry).to_owned();
            (name.to_ascii_lowercase(), name)
        });
        let mut entries = Vec::new();
        let mut triggers = String::new();
        for record in &self.installed.packages {
            for script in scripts_tar::ORDER {
                if let Some(name) = script_name(record, script)
                    && let Some((time, text)) = self.scripts.get(&name)
                {
                    entries.push(Entry {
                        name,
                        time: *time,
                        text: text.clone(),
                    });
                }
            }
            let checksum = record.field(b'C').unwrap_or_default();
            if let Some(rest) = self.triggers.get(checksum) {
                triggers.push_str(&format!("{} {rest}\n", String::from_utf8_lossy(checksum)));
            }
        }
        let world = self.world.join("\n") + "\n";
        let plain = Meta::file(0o644);
        put_text(
            tree,
            INSTALLED,
            self.installed.write(),
            plain.clone(),
            epoch,
        )?;
        put_text(
            tree,
            SCRIPTS,
            scripts_tar::write(&entries),
            plain.clone(),
            epoch,
        )?;
        put_text(tree, TRIGGERS, triggers, plain.clone(), epoch)?;
        put_text(tree, WORLD, world, plain.clone(), epoch)?;
        if read(tree, LOCK).is_none() {
            put_text(tree, LOCK, "", Meta::file(0o600), epoch)?;
        }
        if read(tree, ARCH).is_none() {
            put_text(tree, ARCH, format!("{architecture}\n"), plain, epoch)?;
        }
        Ok(())
    }
}

/// One of OpenWrt's notes of a package.
pub(super) fn note(tree: &Tree, package: &str, kind: &str) -> String {
    let bytes = read(tree, format!("{NOTES}/{package}.{kind}")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The configuration files that a package names.
pub(super) fn conffiles(tree: &Tree, package: &str) -> Vec<Vec<u8>> {
    let text = note(tree, package, "conffiles");
    let lines = text.split_ascii_whitespace();
    lines
        .map(|line| line.trim_start_matches('/').as_bytes().to_vec())
        .collect()
}

/// The links a package gives targets, of its note `alternatives`. What is not understood is left out, as OpenWrt does.
pub(super) fn alternatives(tree: &Tree, package: &str) -> Vec<(i32, String, String)> {
    let text = note(tree, package, "alternatives");
    let words = text
        .split([' ', '\t', '\n', ','])
        .filter(|word| !word.is_empty());
    words
        .filter_map(|word| {
            let (priority, rest) = word.split_once(':')?;
            let (path, target) = rest.rsplit_once(':')?;
            let sound = path.starts_with('/')
                && !target.is_empty()
                && !path.split('/').any(|part| part == "..");
            sound.then_some(())?;
            Some((priority.parse().ok()?, path.to_owned(), target.to_owned()))
        })
        .collect()
}

/// What is known of a package that is being installed.
pub(super) fn known(package: &Package) -> Known {
    let info = &package.info;
    let files = package.folders.iter().flat_map(|folder| {
        let files = folder.files.iter();
        files.map(|file| join(&folder.path, &file.name))
    });
    let folders = package.folders.iter().map(|folder| folder.path.clone());
    Known {
        name: info.name.clone(),
        version: info.version.to_string(),
        files: files.collect(),
        folders: folders.filter(|path| !path.is_empty()).collect(),
        provides: provides(&info.name, &info.provides),
        needs: needs(&info.depends),
        claims: Claims::Apk {
            origin: info.origin.clone(),
            replaces: info.replaces.clone(),
            priority: package.replaces_priority,
            version: Some(info.version.clone()),
        },
        alternatives: Vec::new(),
        changed: true,
    }
}

fn known_of_record(record: &InstalledPackage) -> Known {
    let text =
        |letter| String::from_utf8_lossy(record.field(letter).unwrap_or_default()).into_owned();
    let list = |letter| -> Vec<Dependency> {
        let words = text(letter);
        let words = words.split_ascii_whitespace();
        words.filter_map(|word| word.parse().ok()).collect()
    };
    let name = text(b'P');
    let files = record.folders.iter().flat_map(|folder| {
        let files = folder.files.iter();
        files.map(|file| join(&folder.path, &file.name))
    });
    Known {
        version: text(b'V'),
        files: files.collect(),
        folders: record
            .folders
            .iter()
            .map(|folder| folder.path.clone())
            .filter(|path| !path.is_empty())
            .collect(),
        provides: provides(&name, &list(b'p')),
        needs: needs(&list(b'D')),
        claims: Claims::Apk {
            origin: text(b'o'),
            replaces: list(b'r'),
            priority: text(b'q').parse().unwrap_or(0),
            version: text(b'V').parse::<Version>().ok(),
        },
        alternatives: Vec::new(),
        changed: false,
        name,
    }
}

fn provides(name: &str, provides: &[Dependency]) -> Vec<String> {
    let mut all: Vec<String> = provides.iter().map(|one| one.name.clone()).collect();
    all.push(name.to_owned());
    all
}

fn needs(depends: &[Dependency]) -> Vec<(String, Vec<String>)> {
    let wanted = depends.iter().filter(|one| !one.conflict);
    wanted
        .map(|one| (one.to_string(), vec![one.name.clone()]))
        .collect()
}

/// The name of a line of the world: `name`, `name=1`, `name@tag`, `!name`.
fn world_name(entry: &str) -> &str {
    let entry = entry.trim_start_matches('!');
    entry
        .split(['<', '=', '>', '~', '@'])
        .next()
        .unwrap_or(entry)
}

/// How the archive calls a package's script.
fn script_name(record: &InstalledPackage, script: Script) -> Option<Vec<u8>> {
    let checksum = std::str::from_utf8(record.field(b'C')?.strip_prefix(b"Q1")?).ok()?;
    let hex = hex::encode(Base64::decode_vec(checksum).ok()?);
    let (name, version) = (record.field(b'P')?, record.field(b'V')?);
    Some(
        [
            name,
            b"-",
            version,
            format!(".X1{hex}.{}", script.name()).as_bytes(),
        ]
        .concat(),
    )
}

fn read_scripts(packed: &[u8]) -> Result<Scripts, InstallError> {
    let mut bytes = Vec::new();
    let mut limited = MultiGzDecoder::new(packed).take(MAX_SCRIPTS + 1);
    limited
        .read_to_end(&mut bytes)
        .map_err(|error| wrong(SCRIPTS, error))?;
    if bytes.len() as u64 > MAX_SCRIPTS {
        return Err(wrong(
            SCRIPTS,
            format!("it unpacks to more than {MAX_SCRIPTS} bytes"),
        ));
    }
    // An archive without entries.
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(BTreeMap::new());
    }
    let tree = openwrt_formats::tar::read(&bytes).map_err(|error| wrong(SCRIPTS, error))?;
    let files = tree.walk().filter_map(|entry| match &entry.inode.kind {
        Kind::File(content) => Some((
            entry.path,
            (u64::from(entry.inode.meta.mtime), content.to_vec()),
        )),
        _ => None,
    });
    Ok(files.collect())
}

fn wrong(file: &str, problem: impl ToString) -> InstallError {
    InstallError::Database {
        file: file.to_owned(),
        problem: problem.to_string(),
    }
}
