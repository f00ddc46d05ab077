//! Writing packages: `.ipk`, to the bit as OpenWrt's `scripts/ipkg-build` makes them with GNU tar and gzip.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Stanza, Stanzas};
use crate::gzip::deflate::Effort;
use crate::gzip::gzip;
use crate::tar::gnu;
use crate::tree::{Meta, Tree};

/// Why a package cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WriteError {
    /// Its content cannot be packed.
    #[error(transparent)]
    Content(#[from] gnu::Error),
    /// A control file whose name is none.
    #[error("\"{0}\" cannot be the name of a control file")]
    Name(String),
}

/// A package: `control` with the other control files (mode and content by name), and the content. Everything gets the time `mtime`
/// (seconds since 1970). `Installed-Size` becomes what ipkg-build counts: the length of the content's archive in bytes.
///
/// # Errors
/// Every [`WriteError`].
pub fn write_ipk(
    control: &Stanza,
    files: &BTreeMap<String, (u16, Vec<u8>)>,
    data: &Tree,
    mtime: u32,
) -> Result<Vec<u8>, WriteError> {
    let mut archive = gnu::Archive::default();
    archive.tree(data, mtime)?;
    let data = archive.finish();

    let mut control = control.clone();
    control.set("Installed-Size", &data.len().to_string());
    let text = Stanzas::of(vec![control]).to_bytes();
    let text = [text.trim_ascii_end(), b"\n"].concat();
    let mut tree = Tree::default();
    let named = files
        .iter()
        .map(|(name, (mode, text))| (&name[..], *mode, &text[..]));
    for (name, mode, text) in named.chain([("control", 0o644, &text[..])]) {
        if name.is_empty() || name.contains('/') {
            return Err(WriteError::Name(name.to_owned()));
        }
        tree.put_file(name, text, Meta::file(mode))
            .map_err(|_| WriteError::Name(name.to_owned()))?;
    }
    let mut archive = gnu::Archive::default();
    archive.tree(&tree, mtime)?;

    let members = [
        ("./debian-binary", b"2.0\n".to_vec()),
        ("./data.tar.gz", gzip(&data, Effort::GZIP_6)),
        ("./control.tar.gz", gzip(&archive.finish(), Effort::GZIP_6)),
    ];
    let mut whole = gnu::Archive::default();
    for (name, content) in members {
        whole.file(name.as_bytes(), &Meta::file(0o644).at(mtime), &content);
    }
    Ok(gzip(&whole.finish(), Effort::GZIP_6))
}
