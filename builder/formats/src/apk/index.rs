//! What a feed offers: `packages.adb`.
//!
//! ```text
//! root       1 description  2 packages (a list, see `info`)  3 pkgname_spec
//! ```

use super::adb::{self, Compression, Database, Encoder, File, Limits, Schema};
use super::{Error, PackageInfo, PrivateKey, PublicKey, Signature};

/// The name of a package's file where an index does not say otherwise.
const USUAL_SPEC: &str = "${name}-${version}.apk";

/// What a feed offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// For people; mostly empty in OpenWrt.
    pub description: String,
    /// All packages, sorted by name.
    pub packages: Vec<PackageInfo>,
    /// How packages' files are named, if not `${name}-${version}.apk`.
    pub pkgname_spec: Option<String>,
}

impl Index {
    /// Reads the file, which one of these keys must have signed. Says also which.
    ///
    /// # Errors
    /// As [`adb::unpack`], [`File::read_as`], [`File::verify`] and [`Index::read_values`].
    pub fn read<'k>(file: &[u8], trusted: &'k [PublicKey]) -> Result<(Self, &'k PublicKey), Error> {
        let plain = adb::unpack(file, Limits::INDEX)?;
        let file = File::read_as(&plain, Schema::INDEX)?;
        let key = file.verify(trusted)?;
        Ok((Self::read_values(&file.database()?)?, key))
    }

    /// Reads the file without asking who signed it: for a feed of one's own on this computer.
    ///
    /// # Errors
    /// As [`adb::unpack`], [`File::read_as`] and [`Index::read_values`].
    pub fn read_unverified(file: &[u8]) -> Result<Self, Error> {
        let plain = adb::unpack(file, Limits::INDEX)?;
        Self::read_values(&File::read_as(&plain, Schema::INDEX)?.database()?)
    }

    /// Reads the values.
    ///
    /// # Errors
    /// [`Error::Value`], [`Error::Repetition`], [`Error::Field`], [`Error::Version`], [`Error::Dependency`].
    pub fn read_values(database: &Database<'_>) -> Result<Self, Error> {
        let text = |value| -> Result<Option<String>, Error> {
            let blob = database.blob(value)?;
            Ok(blob.map(|blob| String::from_utf8_lossy(blob).into_owned()))
        };
        let root = database.slots(database.root())?;
        let packages = database.slots(root.get(2))?;
        let packages: Result<_, _> = packages
            .iter()
            .map(|value| PackageInfo::read(database, value))
            .collect();
        Ok(Self {
            description: text(root.get(1))?.unwrap_or_default(),
            packages: packages?,
            pkgname_spec: text(root.get(3))?,
        })
    }

    /// The values, as `apk mkndx` writes them: packages sorted by name and version.
    ///
    /// # Errors
    /// [`Error::Full`].
    pub fn write_values(&self) -> Result<Vec<u8>, Error> {
        let mut encoder = Encoder::default();
        let mut packages = Vec::new();
        for package in &self.packages {
            let fields = package.write_fields(&mut encoder)?;
            packages.push((package, encoder.object(&fields)?));
        }
        packages.sort_by(|(a, _), (b, _)| {
            let names = a.name.as_bytes().cmp(b.name.as_bytes());
            names
                .then_with(|| a.version.cmp(&b.version))
                .then_with(|| a.hashes.cmp(&b.hashes))
        });
        let packages: Vec<_> = packages.into_iter().map(|(_, value)| value).collect();
        let description = encoder.blob(self.description.as_bytes())?;
        let spec = encoder.blob(self.pkgname_spec.as_deref().unwrap_or_default().as_bytes())?;
        let packages = encoder.object(&packages)?;
        let root = encoder.object(&[description, packages, spec])?;
        Ok(encoder.finish(root))
    }

    /// The file, signed by all these keys.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Signature`].
    pub fn write(&self, keys: &[PrivateKey], compression: Compression) -> Result<Vec<u8>, Error> {
        let values = self.write_values()?;
        let sign = |key| Signature::make(Schema::INDEX, &values, key);
        let signatures: Result<Vec<_>, _> = keys.iter().map(sign).collect();
        let plain = adb::write(Schema::INDEX, &values, &signatures?, &[]);
        adb::pack(&plain, compression)
    }

    /// Where a package's file lies, from the folder of the index.
    ///
    /// # Errors
    /// [`Error::Field`] when the index names files by something that is not known or that leads elsewhere.
    pub fn file_name(&self, package: &PackageInfo) -> Result<String, Error> {
        let wrong = || Error::Field {
            owner: "the index".into(),
            field: "pkgname_spec",
        };
        let mut rest = self.pkgname_spec.as_deref().unwrap_or(USUAL_SPEC);
        let mut name = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            let (variable, after) = after.split_once('}').ok_or_else(wrong)?;
            let (variable, len) = match variable.split_once(':') {
                Some((variable, len)) => (variable, len.parse().map_err(|_| wrong())?),
                None => (variable, usize::MAX),
            };
            let value = match variable {
                "name" => package.name.clone(),
                "version" => package.version.to_string(),
                "arch" => package.arch.clone(),
                "hash" => package
                    .hashes
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect(),
                _ => return Err(wrong()),
            };
            name.push_str(before);
            name.extend(value.chars().take(len));
            rest = after;
        }
        name.push_str(rest);
        let outside = |part: &str| part.is_empty() || part == "." || part == "..";
        if name.split('/').any(outside) || name.contains(['\\', '\0', '\n', '?', '#', ':', '%']) {
            return Err(wrong());
        }
        Ok(name)
    }
}
