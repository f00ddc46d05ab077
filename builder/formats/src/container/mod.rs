//! How a device's image wraps its kernel and root file system, whichever way it is done.
//!
//! [`open`] takes an image apart into kernel, root file system, metadata and a [`Container`]: the *rule* by which they were put
//! together, a tree of formats. [`Container::close`] applies the rule to other parts, so that it gives what OpenWrt's own tools
//! would have given. [`prove`] opens an image and closes it with the same parts: only an image that comes out bit for bit the
//! same may be a donor, because one that cannot be reproduced cannot safely be changed. [`Slot::survey`] looks at anything.

mod close;
mod error;
mod layout;
mod open;
mod refuse;
mod slot;

pub use close::Parts;
pub use error::{Error, Part};
pub use layout::Layout;
pub use open::{Opened, open, prove};
pub use slot::{Content, Layer, Slot};

use std::fmt;

use crate::fwtool::{self, Chunk};
use crate::pad_rootfs::{End, Tail};
use crate::rootfs::Superblock;

/// The rule by which an image is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    root: Slot,
}

impl Container {
    /// A container that puts a kernel and a root file system together by `layout`, which must be of a format with just
    /// these two parts: plain, TP-Link's, a sysupgrade tarball.
    pub fn new(layout: Layout) -> Self {
        let rootfs = Superblock {
            bytes_used: 0,
            block_size: 0,
            compressor: 0,
            time: 0,
        };
        let slots = vec![
            Slot::empty("kernel", Content::Kernel),
            Slot::empty("rootfs", Content::Rootfs(rootfs)),
        ];
        Self {
            root: Slot::empty("image", layer(layout, slots)),
        }
    }

    /// The same with these chunks behind the image.
    #[must_use]
    pub fn with_trailer(self, chunks: Vec<Chunk>) -> Self {
        let layout = Layout::Trailer(fwtool::Layout { chunks });
        Self {
            root: Slot::empty("image", layer(layout, vec![self.root])),
        }
    }

    /// The same without signatures, which are over the image's own bytes and cannot hold for others, and how many were left out.
    #[must_use]
    pub fn unsigned(mut self) -> (Self, usize) {
        let left_out = unsign(&mut self.root);
        (self, left_out)
    }

    /// The image and its parts.
    pub fn root(&self) -> &Slot {
        &self.root
    }

    /// The formats on the way to the root file system, outermost first.
    pub fn layers(&self) -> Vec<&Layer> {
        let mut layers = Vec::new();
        let mut slot = Some(&self.root);
        while let Some(layer) = slot.and_then(Slot::layer) {
            layers.push(layer);
            slot = layer.slots.iter().find(|slot| slot.holds_rootfs());
        }
        layers
    }

    /// The name of its kind, as OpenWrt's recipes call it: that of its outermost format, the metadata trailer left out.
    pub fn kind(&self) -> &'static str {
        let layers = self.layers();
        let mut kinds = layers.iter().map(|layer| layer.layout.kind());
        kinds
            .find(|kind| *kind != fwtool::KIND)
            .unwrap_or("squashfs")
    }

    /// The metadata and signatures of the image, in the order of the file; empty without a trailer.
    pub fn chunks(&self) -> &[Chunk] {
        self.layers()
            .into_iter()
            .find_map(|layer| match &layer.layout {
                Layout::Trailer(trailer) => Some(&trailer.chunks[..]),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// The metadata's text exactly as it stands in the image.
    pub fn metadata_text(&self) -> Option<&str> {
        self.chunks().iter().find_map(|chunk| match chunk {
            Chunk::Metadata { text, .. } => Some(text.as_str()),
            Chunk::Signature(_) => None,
        })
    }

    /// The board that a sysupgrade tarball is for.
    pub fn board(&self) -> Option<&str> {
        self.layers()
            .into_iter()
            .find_map(|layer| match &layer.layout {
                Layout::SysupgradeTar(tar) => tar.board.as_deref(),
                _ => None,
            })
    }

    /// Whether the image is signed.
    pub fn is_signed(&self) -> bool {
        self.chunks()
            .iter()
            .any(|chunk| matches!(chunk, Chunk::Signature(_)))
    }

    /// The length that every image of this container has, for those that fill a flash partition; in bytes.
    pub fn fixed_len(&self) -> Option<u64> {
        let mut before = 0;
        for layer in self.layers() {
            let tail = match &layer.layout {
                Layout::Trailer(_) => continue,
                Layout::Lead(lead) => {
                    before += lead.len as u64;
                    continue;
                }
                Layout::Plain(layout) => &layout.tail,
                Layout::Tplink(layout) => &layout.tail,
                _ => return None,
            };
            return match tail.end {
                End::Total { len, .. } => Some(len + before),
                _ => None,
            };
        }
        None
    }
}

fn layer(layout: Layout, slots: Vec<Slot>) -> Content {
    Content::Layer(Box::new(Layer {
        layout,
        slots,
        checks: Vec::new(),
        facts: Vec::new(),
    }))
}

fn unsign(slot: &mut Slot) -> usize {
    if !slot.holds_rootfs() {
        return 0;
    }
    let Content::Layer(layer) = &mut slot.content else {
        return 0;
    };
    let mut left_out: usize = layer.slots.iter_mut().map(unsign).sum();
    if let Layout::Trailer(trailer) = &mut layer.layout {
        let before = trailer.chunks.len();
        trailer
            .chunks
            .retain(|chunk| !matches!(chunk, Chunk::Signature(_)));
        left_out += before - trailer.chunks.len();
    }
    left_out
}

/// One line for people: the kinds, and the rule of the padding.
impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers = self.layers();
        let mut named = layers
            .iter()
            .filter(|layer| !matches!(layer.layout, Layout::Trailer(_) | Layout::Filesystem(_)));
        if let Some(first) = named.next() {
            f.write_str(first.layout.kind())?;
        }
        for layer in named {
            write!(f, " › {}", layer.layout.kind())?;
        }
        layers.iter().try_for_each(|layer| match &layer.layout {
            Layout::Plain(layout) => describe_tail(f, &layout.tail),
            Layout::Tplink(layout) => describe_tail(f, &layout.tail),
            Layout::Filesystem(layout) => describe_tail(f, &layout.tail),
            Layout::SysupgradeTar(layout) => {
                if let Some(board) = &layout.board {
                    write!(f, " of board {board}")?;
                }
                describe_tail(f, &layout.root_tail)
            }
            _ => Ok(()),
        })
    }
}

fn describe_tail(f: &mut fmt::Formatter<'_>, tail: &Tail) -> fmt::Result {
    if let Some(marks) = &tail.marks {
        write!(f, ", overlay markers at {marks}")?;
    }
    match tail.end {
        End::Exact => Ok(()),
        End::PadTo { block, .. } => write!(f, ", padded to a multiple of {block} bytes"),
        End::Extra { len, .. } => write!(f, ", {len} bytes of padding behind"),
        End::Total { len, .. } => write!(f, ", filled to {len} bytes"),
    }
}

#[cfg(test)]
mod tests;
