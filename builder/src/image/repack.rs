//! The same image with another root file system.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use openwrt_formats::container::{self, Container, Opened, Parts};
use openwrt_formats::rootfs::Superblock;
use openwrt_formats::squashfs::{self, NoCache, Writer};
use openwrt_formats::tar;
use openwrt_formats::tree::Tree;
use serde::Serialize;

use super::{Image, folder, prove};
use crate::failure::{Class, Failure, OrFail};
use crate::ui::Ui;
use crate::whole;

/// What was made.
#[derive(Debug, Clone, Serialize)]
pub struct Repacked {
    /// The new image.
    pub output: String,
    /// Its length in bytes.
    pub size: u64,
    /// The donor's length in bytes.
    pub donor_size: u64,
    /// The length of the new root file system, bytes.
    pub rootfs_size: u64,
    /// The length of the donor's root file system, bytes.
    pub donor_rootfs_size: u64,
    /// What kind of image it is.
    pub container: String,
    /// How many signatures were left out, since they are over the donor's bytes.
    pub signatures_removed: usize,
}

/// Makes `output` of the image `donor`, with the squashfs, tarball or folder at `rootfs` in the place of its root file system.
///
/// # Errors
/// When the donor cannot be put together again bit for bit, the root file system is damaged or too big, or `output` cannot be
/// written; then `output` is as it was.
pub fn repack(donor: &Image, rootfs: &Path, output: &Path, ui: &Ui) -> Result<Repacked, Failure> {
    let opened = container::prove(donor.bytes.clone())
        .with_context(|| donor.name.clone())
        .map_err(|error| {
            Failure::new(Class::Source, error).help(
                "only an image that comes out bit for bit the same can be repacked; `clom image inspect` shows what is in it",
            )
        })?;
    may_write(donor, rootfs, output)?;
    let new = new_rootfs(rootfs, &opened, ui)?;
    let (container, signatures_removed) = opened.container.clone().unsigned();
    let bytes = close(&container, &opened, &new, || {
        format!("{} with {}", donor.name, rootfs.display())
    })?;
    write(output, &bytes)?;
    Ok(Repacked {
        output: output.display().to_string(),
        size: bytes.len() as u64,
        donor_size: donor.bytes.len() as u64,
        rootfs_size: new.len() as u64,
        donor_rootfs_size: opened.rootfs.len() as u64,
        container: prove::kind(&opened),
        signatures_removed,
    })
}

/// Closes the image, and proves what came out.
fn close(
    container: &Container,
    opened: &Opened,
    rootfs: &[u8],
    name: impl Fn() -> String,
) -> Result<Vec<u8>, Failure> {
    let parts = Parts {
        kernel: None,
        rootfs,
    };
    let bytes = container
        .close(&parts)
        .with_context(&name)
        .or_fail(Class::TooBig)?;
    let again = container::prove(bytes.clone())
        .context("the new image does not come out the same when it is opened and closed; this is a bug in clom, please report it")
        .with_context(&name)
        .or_fail(Class::Other)?;
    if again.kernel != opened.kernel || again.rootfs != rootfs {
        let error = anyhow!(
            "the new image does not hold the kernel and root file system that went in; this is a bug in clom, please report it"
        );
        return Err(Failure::new(Class::Other, error.context(name())));
    }
    Ok(bytes)
}

/// The squashfs that goes in.
fn new_rootfs(path: &Path, opened: &Opened, ui: &Ui) -> Result<Bytes, Failure> {
    if path.is_dir() {
        let tree = folder::read(path).or_fail(Class::Source)?;
        return compress(&tree, opened, ui);
    }
    let file = Image::read(path)?;
    if file.bytes.starts_with(b"hsqs") {
        return as_it_is(&file, opened, ui);
    }
    let tree = tar::read(&file.bytes)
        .with_context(|| format!("root file system {}", file.name))
        .map_err(|error| {
            Failure::new(Class::Source, error).help(
                "a root file system is a squashfs 4.0, a tar file (also .gz, .xz, .zst), or a folder",
            )
        })?;
    if tree.walk().nth(1).is_none() {
        let error = anyhow!(
            "root file system {}: it is a tar file without files",
            file.name
        );
        return Err(Failure::new(Class::Source, error));
    }
    compress(&tree, opened, ui)
}

/// A squashfs that was given, without the padding behind it.
fn as_it_is(file: &Image, opened: &Opened, ui: &Ui) -> Result<Bytes, Failure> {
    let fail = |error: anyhow::Error| {
        Failure::new(
            Class::Source,
            error.context(format!("root file system {}", file.name)),
        )
    };
    let len = file.bytes.len() as u64;
    let Some(superblock) = Superblock::probe(&file.bytes) else {
        return Err(fail(anyhow!("its squashfs superblock is damaged")));
    };
    if superblock.bytes_used > len {
        let need = superblock.bytes_used;
        return Err(fail(anyhow!(
            "it is cut off: its squashfs has {need} bytes, but there are {len}"
        )));
    }
    let (squashfs, behind) = file.bytes.split_at(superblock.bytes_used as usize);
    if let Some(at) = behind.iter().position(|b| !matches!(b, 0 | 0xFF)) {
        let at = squashfs.len() + at;
        return Err(fail(anyhow!(
            "there is something other than padding behind its squashfs, at offset {at}"
        ))
        .help("give the squashfs alone; `clom image extract` takes it out of an image"));
    }
    match squashfs::read(squashfs) {
        Ok(_) => {}
        Err(error @ squashfs::Error::Unsupported(_)) => {
            ui.warn(&format!("{}: not checked: {error}", file.name));
        }
        Err(error) => return Err(fail(error.into())),
    }
    let donor = opened.superblock;
    if superblock.compressor != donor.compressor {
        ui.warn(&format!(
            "{} is compressed otherwise than the donor's root file system: the donor's kernel may not read it",
            file.name
        ));
    }
    Ok(file.bytes.slice(..squashfs.len()))
}

/// Writes a tree with the donor's own options, taking over the blocks it has compressed already.
fn compress(tree: &Tree, opened: &Opened, ui: &Ui) -> Result<Bytes, Failure> {
    let (_, info, seeds) = squashfs::read_donor(&opened.rootfs)
        .context("the donor's root file system")
        .or_fail(Class::Source)?;
    let step = ui.step("squashfs", "Compressing the root file system");
    let options = info.options();
    let image = Writer::new(&options)
        .cache(&NoCache)
        .donor(&seeds)
        .write(tree)
        .context("the root file system")
        .or_fail(Class::Other)?;
    step.done(&format!("{} bytes", image.bytes.len()));
    Ok(image.bytes.into())
}

/// Refuses to write over what was read.
fn may_write(donor: &Image, rootfs: &Path, output: &Path) -> Result<(), Failure> {
    let Ok(there) = fs::metadata(output) else {
        return Ok(());
    };
    let same = |path: &Path| {
        fs::metadata(path)
            .is_ok_and(|other| (other.dev(), other.ino()) == (there.dev(), there.ino()))
    };
    let what = match () {
        () if there.is_dir() => "a folder",
        () if same(Path::new(&donor.name)) => "the donor itself",
        () if same(rootfs) => "the root file system itself",
        () if !there.is_file() => "no regular file",
        () => return Ok(()),
    };
    let error = anyhow!("cannot write {}: it is {what}", output.display());
    Err(Failure::new(Class::Output, error).help("give another --output"))
}

/// Writes `bytes` to `path`, which holds all of them or what it held before.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let cannot = || format!("cannot write {}", path.display());
    let dir = whole::folder(path);
    if !dir.is_dir() {
        let error = anyhow!("there is no folder {}", dir.display());
        return Err(Failure::new(Class::Output, error.context(cannot())));
    }
    whole::write(path, bytes)
        .with_context(cannot)
        .or_fail(Class::Output)
}
