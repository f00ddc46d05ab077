//! What is known of a package, in an index as in the package itself.
//!
//! Source: apk-tools' `src/apk_adb.h`.
//!
//! ```text
//! object     1 name  2 version  3 hashes  4 description  5 arch  6 license  7 origin  8 maintainer  9 url
//!            10 repo_commit  11 build_time  12 installed_size  13 file_size  14 provider_priority
//!            15 depends  16 provides  17 replaces  18 install_if  19 recommends  20 layer  21 tags
//! ```

use super::adb::{Database, Encoder, Slots, Value};
use super::{Dependency, Error, Version};

/// What is known of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageInfo {
    /// Its name; in OpenWrt with the ABI version behind, if it has one.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// In an index the SHA-256 of the package's values, which names and proves it. In a package a number of 20 bytes to tell
    /// builds apart, which proves nothing.
    pub hashes: Vec<u8>,
    /// For people.
    pub description: String,
    /// The architecture (`aarch64_cortex-a53`), or `noarch`.
    pub arch: String,
    /// SPDX names.
    pub license: String,
    /// The source package: in OpenWrt its folder (`feeds/base/utils/busybox`).
    pub origin: String,
    /// Who looks after it.
    pub maintainer: String,
    /// Its home page.
    pub url: String,
    /// The commit it was built from.
    pub repo_commit: Vec<u8>,
    /// Seconds since 1970; 0 for unknown.
    pub build_time: u64,
    /// Bytes that its files take, as the maker counted.
    pub installed_size: u64,
    /// Bytes of the package file; only in an index.
    pub file_size: u64,
    /// Of two packages that offer the same, the one with more is taken.
    pub provider_priority: u64,
    /// What it needs, and with `!` what it does not stand.
    pub depends: Vec<Dependency>,
    /// What it offers besides its name.
    pub provides: Vec<Dependency>,
    /// Whose files it may overwrite.
    pub replaces: Vec<Dependency>,
    /// It is installed by itself where all these are.
    pub install_if: Vec<Dependency>,
    /// What is better there than not.
    pub recommends: Vec<Dependency>,
    /// 0 for the root file system, 1 for a volume of its own (uvol).
    pub layer: u64,
    /// `key=value`: `openwrt:abiversion=…`, `openwrt:cpe=…`.
    pub tags: Vec<String>,
}

impl PackageInfo {
    /// A package of which nothing else is known.
    pub fn new(name: impl Into<String>, version: Version) -> Self {
        Self {
            name: name.into(),
            version,
            hashes: Vec::new(),
            description: String::new(),
            arch: String::new(),
            license: String::new(),
            origin: String::new(),
            maintainer: String::new(),
            url: String::new(),
            repo_commit: Vec::new(),
            build_time: 0,
            installed_size: 0,
            file_size: 0,
            provider_priority: 0,
            depends: Vec::new(),
            provides: Vec::new(),
            replaces: Vec::new(),
            install_if: Vec::new(),
            recommends: Vec::new(),
            layer: 0,
            tags: Vec::new(),
        }
    }

    /// The value of a tag.
    pub fn tag(&self, key: &str) -> Option<&str> {
        let mut tags = self.tags.iter();
        tags.find_map(|tag| tag.strip_prefix(key)?.strip_prefix('='))
    }

    /// OpenWrt's ABI version, which its name ends in.
    pub fn abi_version(&self) -> Option<&str> {
        self.tag("openwrt:abiversion")
    }

    /// Reads the object.
    pub(super) fn read(database: &Database<'_>, value: Value) -> Result<Self, Error> {
        database.spend(size_of::<Self>() as u64)?;
        let fields = Fields {
            database,
            slots: database.slots(value)?,
        };
        let name = fields.text(1)?;
        let missing = |owner: &str, field| Error::Field {
            owner: format!("the package \"{owner}\""),
            field,
        };
        // It becomes part of paths and of lines in databases, so no other characters than apk-tools takes.
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
        if !name.starts_with(|first: char| first.is_ascii_alphanumeric())
            || !name.bytes().all(letter)
        {
            return Err(missing(&name, "name"));
        }
        let version = fields.text(2)?;
        if version.is_empty() {
            return Err(missing(&name, "version"));
        }
        Ok(Self {
            version: version.parse()?,
            hashes: fields.bytes(3)?,
            description: fields.text(4)?,
            arch: fields.text(5)?,
            license: fields.text(6)?,
            origin: fields.text(7)?,
            maintainer: fields.text(8)?,
            url: fields.text(9)?,
            repo_commit: fields.bytes(10)?,
            build_time: fields.int(11)?,
            installed_size: fields.int(12)?,
            file_size: fields.int(13)?,
            provider_priority: fields.int(14)?,
            depends: fields.dependencies(15)?,
            provides: fields.dependencies(16)?,
            replaces: fields.dependencies(17)?,
            install_if: fields.dependencies(18)?,
            recommends: fields.dependencies(19)?,
            layer: fields.int(20)?,
            tags: fields.texts(21)?,
            name,
        })
    }

    /// Writes the object, field after field. `hashes` is a value already written, or is written from the field in its turn.
    pub(super) fn write_fields(&self, encoder: &mut Encoder) -> Result<[Value; 21], Error> {
        let texts = [
            &self.description,
            &self.arch,
            &self.license,
            &self.origin,
            &self.maintainer,
            &self.url,
        ];
        let mut fields = vec![
            encoder.blob(self.name.as_bytes())?,
            encoder.blob(self.version.as_str().as_bytes())?,
            encoder.blob(&self.hashes)?,
        ];
        for text in texts {
            fields.push(encoder.blob(text.as_bytes())?);
        }
        fields.push(encoder.blob(&self.repo_commit)?);
        for number in [
            self.build_time,
            self.installed_size,
            self.file_size,
            self.provider_priority,
        ] {
            fields.push(some_int(encoder, number)?);
        }
        for list in [
            &self.depends,
            &self.provides,
            &self.replaces,
            &self.install_if,
            &self.recommends,
        ] {
            fields.push(Dependency::write_all(encoder, list)?);
        }
        fields.push(some_int(encoder, self.layer)?);
        let tags: Result<Vec<_>, _> = self
            .tags
            .iter()
            .map(|tag| encoder.blob(tag.as_bytes()))
            .collect();
        fields.push(encoder.object(&tags?)?);
        let mut all = [Value::NULL; 21];
        all.iter_mut()
            .zip(fields)
            .for_each(|(slot, field)| *slot = field);
        Ok(all)
    }
}

/// 0 is what a field that is not there means.
fn some_int(encoder: &mut Encoder, number: u64) -> Result<Value, Error> {
    match number {
        0 => Ok(Value::NULL),
        number => encoder.int(number),
    }
}

/// The fields of an object.
struct Fields<'a> {
    database: &'a Database<'a>,
    slots: Slots<'a>,
}

impl Fields<'_> {
    /// Texts that are for people may have bytes that are no UTF-8; these are replaced.
    fn text(&self, slot: usize) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(&self.bytes(slot)?).into_owned())
    }

    fn bytes(&self, slot: usize) -> Result<Vec<u8>, Error> {
        let blob = self.database.blob(self.slots.get(slot))?;
        Ok(blob.unwrap_or_default().to_vec())
    }

    fn int(&self, slot: usize) -> Result<u64, Error> {
        Ok(self.database.int(self.slots.get(slot))?.unwrap_or(0))
    }

    fn dependencies(&self, slot: usize) -> Result<Vec<Dependency>, Error> {
        Dependency::read_all(self.database, self.slots.get(slot))
    }

    fn texts(&self, slot: usize) -> Result<Vec<String>, Error> {
        let list = self.database.slots(self.slots.get(slot))?;
        let text = |value| {
            self.database.spend(size_of::<String>() as u64)?;
            let blob = self.database.blob(value)?.unwrap_or_default();
            Ok(String::from_utf8_lossy(blob).into_owned())
        };
        list.iter().map(text).collect()
    }
}
