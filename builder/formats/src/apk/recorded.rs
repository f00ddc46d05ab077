//! What the list of installed packages says of a package, read back: the letters that [`InstalledPackage::of`] writes.
//!
//! Source: apk-tools' `src/package.c` (`apk_pkginfo`, the letters) and `src/database.c`.

use std::str::FromStr;

use super::installed::{InstalledPackage, checksum};
use super::{Dependency, Error, PackageInfo};

impl InstalledPackage {
    /// What is known of the package. Its hash is the first 20 bytes of the one that an index has, which is all that the list keeps;
    /// letters that are not known are left aside.
    ///
    /// # Errors
    /// [`Error::Version`], [`Error::Dependency`], [`Error::Field`].
    pub fn info(&self) -> Result<PackageInfo, Error> {
        let text =
            |letter| String::from_utf8_lossy(self.field(letter).unwrap_or_default()).into_owned();
        let name = text(b'P');
        let wrong = |field| Error::Field {
            owner: format!("the package \"{name}\""),
            field,
        };
        let number = |letter, field| -> Result<u64, Error> {
            match text(letter).as_str() {
                "" => Ok(0),
                digits => digits.parse().map_err(|_| wrong(field)),
            }
        };
        let list = |letter| -> Result<Vec<Dependency>, Error> {
            text(letter)
                .split_ascii_whitespace()
                .map(Dependency::from_str)
                .collect()
        };
        let mut info = PackageInfo::new(name.clone(), text(b'V').parse()?);
        info.hashes = self
            .field(b'C')
            .and_then(checksum)
            .map(Vec::from)
            .unwrap_or_default();
        info.arch = text(b'A');
        info.file_size = number(b'S', "S (the size of its file)")?;
        info.installed_size = number(b'I', "I (its installed size)")?;
        info.description = text(b'T');
        info.url = text(b'U');
        info.license = text(b'L');
        info.origin = text(b'o');
        info.maintainer = text(b'm');
        info.build_time = number(b't', "t (its build time)")?;
        info.repo_commit = bytes(&text(b'c')).ok_or_else(|| wrong("c (its commit)"))?;
        info.provider_priority = number(b'k', "k (its priority)")?;
        info.depends = list(b'D')?;
        info.provides = list(b'p')?;
        info.install_if = list(b'i')?;
        info.replaces = list(b'r')?;
        info.tags = text(b'g')
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect();
        Ok(info)
    }
}

/// Two hexadecimal digits to a byte.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| match pair {
            [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
            _ => None,
        })
        .collect()
}
