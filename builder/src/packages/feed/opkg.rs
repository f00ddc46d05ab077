//! A feed of opkg.

use openwrt_formats::gzip::deflate::Effort;
use openwrt_formats::gzip::gzip;
use openwrt_formats::opkg::{Field, Ipk, Limits, Stanza, Stanzas};
use openwrt_formats::usign::{SecretKey, padding_for_old_usign};

use super::summary::Summary;
use super::{Feed, FeedError};
use crate::store::Sha256;

/// Packages that OpenWrt never lists: each belongs to one image, and a router must not upgrade them.
const UNLISTED: [&str; 2] = ["kernel", "libc"];
/// What the fields begin with that stay in `Packages.manifest`.
const FULL_ONLY: [&str; 4] = ["Maintainer", "LicenseFiles", "Source", "Require"];

/// A feed in the making: packages one after the other, then its files.
#[derive(Debug, Default)]
pub struct Opkg {
    architecture: Option<String>,
    summary: Summary,
    stanzas: Vec<Stanza>,
}

impl Opkg {
    /// An empty feed; with the architecture that `index.json` is to say, whatever the packages are.
    pub fn new(architecture: Option<&str>) -> Self {
        Self {
            architecture: architecture.map(str::to_owned),
            ..Self::default()
        }
    }

    /// Adds a package: its path from the index, and its content.
    ///
    /// # Errors
    /// [`FeedError`].
    pub fn add(&mut self, path: &str, bytes: &[u8]) -> Result<(), FeedError> {
        let file = path.rsplit('/').next().unwrap_or(path);
        let name = file.split('_').next().unwrap_or(file);
        let package = Ipk::open(bytes, Limits::default());
        let package = package.map_err(|source| FeedError::Ipk {
            file: path.to_owned(),
            source,
        })?;
        let package = package.package;
        if UNLISTED.contains(&name) {
            return Ok(());
        }
        let version = package.version.as_str();
        if !self.summary.note(path, bytes, &package.name, version)? {
            return Ok(());
        }
        let architecture = package.architecture.as_deref().unwrap_or("all");
        self.summary
            .suits(path, architecture, self.architecture.as_deref())?;
        self.summary
            .list(&package.name, package.abi_version.as_deref(), version);

        let mut fields = package.stanza.fields;
        let added = [
            Field::new("Filename", path),
            Field::new("Size", &bytes.len().to_string()),
            Field::new("SHA256sum", &Sha256::of(bytes).to_string()),
        ];
        fields.retain(|field| !added.iter().any(|new| new.name == field.name));
        let end = fields.len();
        let at = fields.iter().position(|field| field.name == "Description");
        fields.splice(at.unwrap_or(end)..at.unwrap_or(end), added);
        self.stanzas.push(Stanza::new(fields));
        Ok(())
    }

    /// The feed, signed by this key. An index of a size that old versions of usign read wrongly gets two empty lines more.
    pub fn finish(self, key: Option<&SecretKey>) -> Feed {
        let short = |stanza: &Stanza| {
            let mut fields = stanza.fields.clone();
            fields.retain(|field| !FULL_ONLY.iter().any(|start| field.name.starts_with(start)));
            Stanza::new(fields)
        };
        let mut index = Stanzas::of(self.stanzas.iter().map(short).collect()).to_bytes();
        index.extend(padding_for_old_usign(index.len() as u64).bytes());
        let mut files = vec![
            (
                "index.json".to_owned(),
                self.summary.json(self.architecture.as_deref()),
            ),
            (
                "Packages.manifest".to_owned(),
                Stanzas::of(self.stanzas).to_bytes(),
            ),
            ("Packages.gz".to_owned(), gzip(&index, Effort::GZIP_9)),
        ];
        if let Some(key) = key {
            files.push(("Packages.sig".to_owned(), key.sign(&index).to_text()));
        }
        files.push(("Packages".to_owned(), index));
        Feed {
            files,
            packages: self.summary.len(),
            remarks: self.summary.remarks,
        }
    }
}
