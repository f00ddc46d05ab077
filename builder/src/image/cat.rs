//! One file of an image's root file system.

use std::io::{self, Write};

use anyhow::{Context, anyhow};
use openwrt_formats::tree::{Content, Kind};

use super::{Image, rootfs, tree};
use crate::failure::{Class, Failure, OrFail};

/// The content of the file at `path` in the image, links inside it followed.
///
/// # Errors
/// [`Class::Source`] when there is no such regular file, or it is damaged.
pub fn content(image: &Image, path: &str) -> Result<Content, Failure> {
    let root = image.survey();
    let rootfs = rootfs::of(image, &root)?;
    let mut browser = rootfs.browse(image)?;
    let (_, id) = tree::locate(browser.tree(), path, image)?;
    let inode = browser.tree().inode(id);
    if !matches!(inode.kind, Kind::File(_)) {
        let what = match tree::kind(inode) {
            "dir" => "folder",
            "char" | "block" => "device",
            other => other,
        };
        let error = anyhow!("{path} in {} is a {what}, not a file", image.name);
        return Err(Failure::new(Class::Source, error)
            .help(format!("`clom image tree FILE {path}` shows it")));
    }
    let contents = browser
        .contents(&[id])
        .with_context(|| format!("{path} in {}", image.name))
        .or_fail(Class::Source)?;
    Ok(contents.into_iter().next().unwrap_or_default())
}

/// Writes a content piece by piece: a sparse file can be larger than memory.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(content: &Content, out: &mut impl Write) -> io::Result<()> {
    const PIECE: u64 = 1 << 20;
    let mut at = 0;
    while at < content.len() {
        out.write_all(&content.slice(at, at + PIECE))?;
        at += PIECE;
    }
    out.flush()
}
