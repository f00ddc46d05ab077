//! A folder of trusted keys.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use openwrt_formats::usign::{KeyNumber, PublicKey, Signature};

use super::file;
use super::{Any, signature_of};
use crate::failure::{Class, Failure, OrFail};
use crate::terminal::clean_bytes;

/// A folder of trusted keys, each file named by its key's number.
#[derive(Debug)]
pub struct Ring {
    folder: PathBuf,
    entries: Vec<Entry>,
}

/// One key in a folder.
#[derive(Debug)]
pub struct Entry {
    /// Its file.
    pub path: PathBuf,
    /// The key.
    pub key: Any,
}

impl Entry {
    /// Whether usign finds this public key by its number.
    pub fn is_named_by_number(&self) -> bool {
        self.path
            .file_name()
            .is_some_and(|name| *name == *self.key.number().to_string())
    }
}

impl Ring {
    /// Reads the keys of a folder, public and secret; what is neither is left out.
    ///
    /// # Errors
    /// [`Class::Source`] when the folder cannot be read.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let cannot = || format!("cannot read the folder of keys {}", folder.display());
        let listed = fs::read_dir(folder)
            .with_context(cannot)
            .or_fail(Class::Source)?;
        let mut entries = Vec::new();
        for entry in listed {
            let path = entry.with_context(cannot).or_fail(Class::Source)?.path();
            // Fifos would make us wait.
            if !path.is_file() {
                continue;
            }
            match file::any(&path) {
                Ok(Any::Signature(_)) | Err(_) => {}
                Ok(key) => entries.push(Entry { path, key }),
            }
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self {
            folder: folder.to_owned(),
            entries,
        })
    }

    /// The keys, sorted by file name.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The trusted key of this number, for `signature` of the file `message`.
    ///
    /// # Errors
    /// [`Class::Source`] when there is none: an unknown key is never trusted.
    pub fn find(
        &self,
        message: &Path,
        signature: &Signature,
    ) -> Result<(&Path, &PublicKey), Failure> {
        let number = signature.number();
        let of_number = |entry: &&Entry| entry.key.number() == number;
        let found = self
            .entries
            .iter()
            .filter(of_number)
            .find_map(|entry| match &entry.key {
                Any::Public(key) if entry.is_named_by_number() => Some((entry.path.as_path(), key)),
                _ => None,
            });
        found.ok_or_else(|| self.unknown(message, signature, number))
    }

    fn unknown(&self, message: &Path, signature: &Signature, number: KeyNumber) -> Failure {
        let folder = self.folder.display();
        let error = anyhow!(
            "{} is signed by key {number}, which is not in {folder} (the signature's comment, which proves nothing: \"{}\")",
            message.display(),
            clean_bytes(signature.comment())
        );
        let mut here = self.entries.iter();
        let misnamed = here.find(|e| e.key.number() == number && matches!(e.key, Any::Public(_)));
        let help = match misnamed {
            Some(entry) => format!(
                "{} is this key; if you trust it, rename it to {number}, as keys are found by that name",
                entry.path.display()
            ),
            None => format!(
                "if you trust that signer, get the key from them, compare its fingerprint (`clom keys show`), and put it in {folder} as {number}"
            ),
        };
        Failure::new(Class::Source, error).help(help)
    }
}

/// The signature that lies beside a file, or elsewhere.
pub(super) fn signature_for(message: &Path, elsewhere: Option<&Path>) -> PathBuf {
    elsewhere.map_or_else(|| signature_of(message), Path::to_owned)
}
