//! Writing packages, byte for byte as `apk mkpkg` does.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::read::{REGULAR, SYMLINK};
use super::{Acl, File, FileKind, Folder, Package, Script, path};
use crate::apk::adb::{self, Compression, Encoder, Schema, Value};
use crate::apk::{Error, PackageInfo, PrivateKey, Signature};

/// The number that tells builds apart: the beginning of the SHA-256 of the values, with zeros where the number will be.
const UNIQUE: usize = 20;

impl Package {
    /// The file, signed by all these keys. Sets what follows from the rest: its identity, its installed size and its number.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Signature`].
    pub fn write(
        &mut self,
        keys: &[PrivateKey],
        compression: Compression,
    ) -> Result<Vec<u8>, Error> {
        let values = self.write_values()?;
        self.identity = Sha256::digest(&values).into();
        let sign = |key| Signature::make(Schema::PACKAGE, &values, key);
        let signatures: Result<Vec<_>, _> = keys.iter().map(sign).collect();
        let mut data = Vec::new();
        for (folder, place) in self.folders.iter().zip(1u32..) {
            for (file, number) in folder.files.iter().zip(1u32..) {
                if let FileKind::Regular { content, .. } = &file.kind
                    && !content.is_empty()
                {
                    data.push(
                        [
                            &place.to_le_bytes()[..],
                            &number.to_le_bytes(),
                            &content.to_vec(),
                        ]
                        .concat(),
                    );
                }
            }
        }
        adb::pack(
            &adb::write(Schema::PACKAGE, &values, &signatures?, &data),
            compression,
        )
    }

    fn write_values(&mut self) -> Result<Vec<u8>, Error> {
        let files = self.folders.iter().flat_map(|folder| &folder.files);
        let sizes = files.clone().map(|file| match &file.kind {
            FileKind::Regular { content, .. } => content.len(),
            _ => 0,
        });
        self.info.installed_size = sizes.sum::<u64>().max(1);
        let linked: BTreeSet<&[u8]> = files
            .filter_map(|file| match &file.kind {
                FileKind::HardLink(target) => Some(&target[..]),
                _ => None,
            })
            .collect();

        let mut encoder = Encoder::default();
        let mut info = PackageInfo {
            hashes: Vec::new(),
            installed_size: 0,
            file_size: 0,
            ..self.info.clone()
        }
        .write_fields(&mut encoder)?;
        let mut folders = Vec::new();
        for folder in &self.folders {
            folders.push(self.folder(&mut encoder, folder, &linked)?);
        }
        info[11] = encoder.int(self.info.installed_size)?;
        let unique = encoder.blob_alone(&[0; UNIQUE])?;
        info[2] = unique;
        let info = encoder.object(&info)?;
        let folders = encoder.object(&folders)?;
        let mut scripts = Vec::new();
        for script in Script::ALL {
            let text = self.scripts.get(&script).map(Vec::as_slice);
            scripts.push(encoder.blob(text.unwrap_or_default())?);
        }
        let scripts = encoder.object(&scripts)?;
        let mut triggers = Vec::new();
        for trigger in &self.triggers {
            triggers.push(encoder.blob(trigger.as_bytes())?);
        }
        let triggers = encoder.object(&triggers)?;
        let priority = match self.replaces_priority {
            0 => Value::NULL,
            priority => encoder.int(priority)?,
        };
        let root = encoder.object(&[info, folders, scripts, triggers, priority])?;
        let mut values = encoder.finish(root);
        let number = Sha256::digest(&values);
        let at = Encoder::place_of(unique);
        if let (Some(place), Some(number)) = (values.get_mut(at..at + UNIQUE), number.get(..UNIQUE))
        {
            place.copy_from_slice(number);
            self.info.hashes = number.to_vec();
        }
        Ok(values)
    }

    fn folder(
        &self,
        encoder: &mut Encoder,
        folder: &Folder,
        linked: &BTreeSet<&[u8]>,
    ) -> Result<Value, Error> {
        let mut files = Vec::new();
        for file in &folder.files {
            files.push(self.file(encoder, folder, file, linked)?);
        }
        let name = encoder.blob(&folder.path)?;
        let acl = acl(encoder, &folder.acl)?;
        let files = encoder.object(&files)?;
        encoder.object(&[name, acl, files])
    }

    fn file(
        &self,
        encoder: &mut Encoder,
        folder: &Folder,
        file: &File,
        linked: &BTreeSet<&[u8]>,
    ) -> Result<Value, Error> {
        let target = |kind: u16, target: &[u8]| [&kind.to_le_bytes(), target].concat();
        let path = path::join(&folder.path, &file.name);
        // A file with further names: apk-tools writes the target of these before the file itself.
        if linked.contains(&path[..]) {
            encoder.blob(&target(REGULAR, &path))?;
        }
        let name = encoder.blob(&file.name)?;
        let (hash, target, size) = match &file.kind {
            FileKind::Regular { content, sha256 } => {
                (encoder.blob(sha256)?, Value::NULL, content.len())
            }
            FileKind::Symlink(to) => (
                Value::NULL,
                encoder.blob(&target(SYMLINK, to))?,
                to.len() as u64,
            ),
            FileKind::HardLink(to) => {
                let (sha256, size) = self
                    .regular(to)
                    .ok_or_else(|| path::blocked(&path, "is a hard link to no regular file"))?;
                (
                    encoder.blob(&sha256)?,
                    encoder.blob(&target(REGULAR, to))?,
                    size,
                )
            }
        };
        let mtime = encoder.int(u64::from(file.mtime))?;
        let size = encoder.int(size)?;
        let acl = acl(encoder, &file.acl)?;
        encoder.object(&[name, acl, size, mtime, hash, target])
    }

    /// The SHA-256 of the regular file at a path.
    pub(in crate::apk) fn hash_of(&self, path: &[u8]) -> Option<[u8; 32]> {
        self.regular(path).map(|(sha256, _)| sha256)
    }

    /// The hash and size of the regular file at a path.
    fn regular(&self, path: &[u8]) -> Option<([u8; 32], u64)> {
        let mut files = self
            .folders
            .iter()
            .flat_map(|folder| folder.files.iter().map(move |file| (folder, file)));
        files.find_map(|(folder, file)| match &file.kind {
            FileKind::Regular { content, sha256 }
                if path::join(&folder.path, &file.name) == path =>
            {
                Some((*sha256, content.len()))
            }
            _ => None,
        })
    }
}

fn acl(encoder: &mut Encoder, acl: &Acl) -> Result<Value, Error> {
    let mode = encoder.int(u64::from(acl.mode))?;
    let user = encoder.blob(acl.user.as_bytes())?;
    let group = encoder.blob(acl.group.as_bytes())?;
    let mut xattrs = Vec::new();
    for (name, value) in &acl.xattrs {
        xattrs.push(encoder.blob(&[name, &b"\0"[..], value].concat())?);
    }
    let xattrs = encoder.object(&xattrs)?;
    encoder.object(&[mode, user, group, xattrs])
}
