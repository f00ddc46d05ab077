//! The parts of an image as files.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use openwrt_formats::container::{Content, Layout, Slot};
use openwrt_formats::fwtool::Chunk;
use openwrt_formats::sniff;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Image;
use super::nesting::Part;
use super::rootfs::{self, Rootfs};
use crate::failure::{Class, Failure, OrFail};

/// A file that was written.
#[derive(Debug, Clone, Serialize)]
pub struct Extracted {
    /// Its name in the folder.
    pub file: String,
    /// The part of the image that it is.
    pub part: String,
    /// Where that begins in the image, if it lies there as it is.
    pub at: Option<u64>,
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// Writes the parts of an image into the folder `dir`, which must be new or empty. Their names are ours, never the image's.
///
/// # Errors
/// When `dir` holds something, or cannot be written to; what was written by then is removed.
pub fn extract(image: &Image, dir: &Path) -> Result<Vec<Extracted>, Failure> {
    let root = image.survey();
    let mut folder = Folder::new(dir)?;
    let mut kernels = 0;
    let mut others = 0;
    let rootfs = rootfs::find(&root).ok().flatten();
    if let Some(rootfs) = &rootfs {
        folder.write("rootfs.squashfs", "rootfs", rootfs.at, &rootfs.bytes)?;
    }
    around(&mut folder, &root, rootfs.as_ref())?;
    for slot in root.walk() {
        match &slot.content {
            Content::Kernel if !slot.bytes.is_empty() => {
                let again = folder.holds(&slot.bytes);
                if !again {
                    kernels += 1;
                    let name = numbered("kernel", kernels, "");
                    folder.write(&name, &slot.name, slot.at, &slot.bytes)?;
                }
            }
            Content::Rootfs(_) if !folder.holds(&slot.bytes) => {
                others += 1;
                let name = numbered("other", others, ".squashfs");
                folder.write(&name, &slot.name, slot.at, &slot.bytes)?;
            }
            Content::Kept if worth(slot, &root) => {
                others += 1;
                let name = numbered("other", others, &format!("-{}.bin", harmless(&slot.name)));
                folder.write(&name, &slot.name, slot.at, &slot.bytes)?;
            }
            Content::Layer(layer) => {
                if let Layout::Trailer(trailer) = &layer.layout {
                    chunks(&mut folder, &trailer.chunks)?;
                }
            }
            _ => {}
        }
    }
    let layout = serde_json::json!({
        "file": image.name,
        "size": image.bytes.len(),
        "sha256": hex::encode(Sha256::digest(&image.bytes)),
        "container": Part::of(&root),
        "files": folder.files,
    });
    folder.write(
        "layout.json",
        "layout",
        None,
        format!("{layout:#}\n").as_bytes(),
    )?;
    Ok(folder.keep())
}

/// What lies before and behind a root file system that was found by searching.
fn around(folder: &mut Folder, root: &Slot, rootfs: Option<&Rootfs>) -> Result<(), Failure> {
    let place = rootfs.filter(|rootfs| rootfs.searched && root.slots().is_empty());
    let Some((at, rootfs)) = place.and_then(|rootfs| Some((rootfs.at?, rootfs))) else {
        return Ok(());
    };
    let end = at + rootfs.bytes.len() as u64;
    for (name, part, range) in [
        ("head.bin", "before the root file system", 0..at),
        (
            "tail.bin",
            "behind the root file system",
            end..root.bytes.len() as u64,
        ),
    ] {
        let bytes = root.bytes.get(range.start as usize..range.end as usize);
        if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
            folder.write(name, part, Some(range.start), bytes)?;
        }
    }
    Ok(())
}

fn chunks(folder: &mut Folder, chunks: &[Chunk]) -> Result<(), Failure> {
    let (mut texts, mut signatures) = (0, 0);
    for chunk in chunks {
        match chunk {
            Chunk::Metadata { text, .. } => {
                texts += 1;
                let name = numbered("metadata", texts, ".json");
                folder.write(&name, "metadata", None, text.as_bytes())?;
            }
            Chunk::Signature(data) => {
                signatures += 1;
                let name = numbered("signature", signatures, ".ucert");
                folder.write(&name, "signature", None, data)?;
            }
        }
    }
    Ok(())
}

/// Whether a part that is kept is more than padding, and not the whole file.
fn worth(slot: &Slot, root: &Slot) -> bool {
    let padding = ["empty", "erased", "zeros", "padding", "overlay-marker"];
    !std::ptr::eq(slot, root) && !padding.contains(&sniff::sniff(&slot.bytes).kind)
}

/// `kernel` for the first, `kernel-2` for the second.
fn numbered(name: &str, number: usize, ending: &str) -> String {
    match number {
        1 => format!("{name}{ending}"),
        _ => format!("{name}-{number}{ending}"),
    }
}

/// What of a name can stand in a file name.
fn harmless(name: &str) -> String {
    let good = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    name.chars().take(40).map(good).collect()
}

/// A folder being filled, whose files are removed again unless it is kept.
struct Folder {
    dir: PathBuf,
    made: bool,
    files: Vec<Extracted>,
    kept: bool,
}

impl Folder {
    fn new(dir: &Path) -> Result<Self, Failure> {
        let cannot = || format!("cannot write {}", dir.display());
        let made = match fs::read_dir(dir) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    let error = anyhow!("the folder {} is not empty", dir.display());
                    return Err(
                        Failure::new(Class::Output, error).help("give a new or empty folder")
                    );
                }
                false
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(dir)
                    .with_context(cannot)
                    .or_fail(Class::Output)?;
                true
            }
            Err(error) => return Err(error).with_context(cannot).or_fail(Class::Output),
        };
        Ok(Self {
            dir: dir.to_owned(),
            made,
            files: Vec::new(),
            kept: false,
        })
    }

    fn holds(&self, bytes: &[u8]) -> bool {
        let sum = hex::encode(Sha256::digest(bytes));
        self.files.iter().any(|file| file.sha256 == sum)
    }

    fn write(
        &mut self,
        name: &str,
        part: &str,
        at: Option<u64>,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        let path = self.dir.join(name);
        let cannot = || format!("cannot write {}", path.display());
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(&path)
            .with_context(cannot)
            .or_fail(Class::Output)?;
        self.files.push(Extracted {
            file: name.to_owned(),
            part: part.to_owned(),
            at,
            size: bytes.len() as u64,
            sha256: hex::encode(Sha256::digest(bytes)),
        });
        file.write_all(bytes)
            .with_context(cannot)
            .or_fail(Class::Output)
    }

    fn keep(mut self) -> Vec<Extracted> {
        self.kept = true;
        std::mem::take(&mut self.files)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        for file in &self.files {
            let _ = fs::remove_file(self.dir.join(&file.file));
        }
        if self.made {
            let _ = fs::remove_dir(&self.dir);
        }
    }
}
