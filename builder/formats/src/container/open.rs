//! Taking an image apart.

use std::ops::Range;

use super::error::Part;
use super::{Container, Error, Layout, Parts, magic};
use crate::fwtool::{self, Chunk, Metadata};
use crate::plain::Kernel;
use crate::{plain, sysupgrade_tar, tplink};

/// An image that was taken apart.
#[derive(Debug, Clone)]
pub struct Opened<'a> {
    /// The whole file.
    file: &'a [u8],
    /// How to put it together again.
    pub container: Container,
    /// Where the kernel is in the file, with its own header.
    pub kernel: Range<usize>,
    /// The kind of kernel, if the container depends on it.
    pub kernel_kind: Option<Kernel>,
    /// Where the root file system is in the file: the squashfs without its padding.
    pub rootfs: Range<usize>,
    /// Where the trailer begins; the file's length when there is none.
    pub image_len: usize,
    /// Metadata and signature behind the image, in their order.
    pub chunks: Vec<Chunk>,
    /// The metadata, if there is any.
    pub metadata: Option<Metadata>,
}

impl<'a> Opened<'a> {
    /// The kernel's bytes.
    pub fn kernel_bytes(&self) -> &'a [u8] {
        &self.file[self.kernel.clone()]
    }

    /// The root file system's bytes.
    pub fn rootfs_bytes(&self) -> &'a [u8] {
        &self.file[self.rootfs.clone()]
    }

    /// The metadata's text exactly as it stands in the image.
    pub fn metadata_text(&self) -> Option<&str> {
        self.chunks.iter().find_map(|chunk| match chunk {
            Chunk::Metadata { text, .. } => Some(text.as_str()),
            Chunk::Signature(_) => None,
        })
    }

    /// Whether the image is signed.
    pub fn is_signed(&self) -> bool {
        self.chunks
            .iter()
            .any(|chunk| matches!(chunk, Chunk::Signature(_)))
    }

    /// All its parts, for closing it again as it was.
    pub fn parts(&self) -> Parts<'_> {
        Parts {
            kernel: self.kernel_bytes(),
            rootfs: self.rootfs_bytes(),
            chunks: &self.chunks,
        }
    }

    /// The part of the image at this offset.
    fn part(&self, offset: usize) -> Part {
        if self.kernel.contains(&offset) {
            Part::Kernel
        } else if self.rootfs.contains(&offset) {
            Part::Rootfs
        } else if offset >= self.image_len {
            Part::Trailer
        } else if offset >= self.rootfs.end {
            Part::Padding
        } else {
            Part::Header
        }
    }
}

/// Takes `file` apart.
///
/// # Errors
/// See [`Error`](enum@Error): damaged, cut off, of a kind that is known by name only, or of none.
pub fn open(file: &[u8]) -> Result<Opened<'_>, Error> {
    if file.is_empty() {
        return Err(Error::Empty);
    }
    let split = fwtool::split(file)?;
    let image = split.image;
    let opened = |container, kernel, kernel_kind, rootfs| Opened {
        file,
        container,
        kernel,
        kernel_kind,
        rootfs,
        image_len: image.len(),
        chunks: Vec::new(),
        metadata: None,
    };
    let mut opened = if sysupgrade_tar::looks_like(image) {
        let tar = sysupgrade_tar::open(image)?;
        let container = Container::new(Layout::SysupgradeTar(tar.layout));
        opened(container, tar.kernel, None, tar.rootfs)
    } else if let Some((lead, tplink)) = open_tplink(image) {
        let tplink = tplink?;
        let shift = |range: Range<usize>| range.start + lead..range.end + lead;
        let layout = Layout::Tplink(tplink.layout);
        let container = Container { lead, layout };
        opened(container, shift(tplink.kernel), None, shift(tplink.rootfs))
    } else if let Some(error) = magic::refuse(image) {
        return Err(error);
    } else {
        let plain = plain::open(image).map_err(|error| {
            magic::refuse_after_plain(image, &error).unwrap_or(Error::Plain(error))
        })?;
        let container = Container::new(Layout::Plain(plain.layout));
        opened(container, plain.kernel, Some(plain.kind), plain.rootfs)
    };
    opened.chunks = split.chunks;
    opened.metadata = opened.metadata_text().map(Metadata::parse).transpose()?;
    Ok(opened)
}

/// A TP-Link image at the start of `image`, or behind zeros that stand for the boot loader.
fn open_tplink(image: &[u8]) -> Option<(usize, Result<tplink::Opened, tplink::Error>)> {
    let lead = image.iter().take_while(|b| **b == 0).count();
    if !lead.is_multiple_of(4096) {
        return None;
    }
    Some((lead, tplink::open(&image[lead..])?))
}

/// Takes `file` apart, puts it together again, and compares.
///
/// # Errors
/// As [`open`]; [`Error::NotReproduced`] with the first offset that differs.
pub fn prove(file: &[u8]) -> Result<Opened<'_>, Error> {
    let opened = open(file)?;
    let ours = opened.container.close(&opened.parts())?;
    if ours == file {
        return Ok(opened);
    }
    let same = file.iter().zip(&ours).take_while(|(a, b)| a == b);
    let offset = same.count();
    Err(Error::NotReproduced {
        offset,
        part: opened.part(offset),
        donor: file.get(offset).copied(),
        ours: ours.get(offset).copied(),
    })
}
