//! The parts of an image, as a tree.

use std::borrow::Cow;

use bytes::Bytes;

use super::Layout;
use crate::layer::{Check, Data, Error, Fact, Opened, Part, Role};
use crate::rootfs::Superblock;

/// How many formats may lie in each other. Images have up to five.
const MAX_DEPTH: usize = 8;

/// A part of an image, or the image itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// What its format calls it.
    pub name: Cow<'static, str>,
    /// Where it lies in the file; `None` for what had to be unpacked, and for the parts of that.
    pub at: Option<u64>,
    /// Its bytes.
    pub bytes: Bytes,
    /// What it is.
    pub content: Content,
    /// Why it could not be opened further although it is of a known format.
    pub problem: Option<Error>,
}

/// What a part of an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Something that stays as it is.
    Kept,
    /// The kernel with its own headers.
    Kernel,
    /// A squashfs without its padding.
    Rootfs(Superblock),
    /// An image of some format.
    Layer(Box<Layer>),
}

/// An image of some format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The rule by which it is put together.
    pub layout: Layout,
    /// Its parts.
    pub slots: Vec<Slot>,
    /// The checksums it states.
    pub checks: Vec<Check>,
    /// What else it states.
    pub facts: Vec<Fact>,
}

impl Slot {
    /// Takes `file` apart as far as the known formats go. Never fails: what is not known stays as it is.
    pub fn survey(file: Bytes) -> Self {
        Self::explore("image".into(), Some(0), file, Role::Image, 0)
    }

    /// A part that is only known by its kind, for an image that is still to be made.
    pub(super) fn empty(name: &'static str, content: Content) -> Self {
        Self {
            name: name.into(),
            at: None,
            bytes: Bytes::new(),
            content,
            problem: None,
        }
    }

    fn explore(
        name: Cow<'static, str>,
        at: Option<u64>,
        bytes: Bytes,
        role: Role,
        depth: usize,
    ) -> Self {
        let mut problem = None;
        let content = match role {
            Role::Kept => Content::Kept,
            Role::Kernel => Content::Kernel,
            Role::Rootfs | Role::Image => match Superblock::probe(&bytes) {
                Some(superblock) if superblock.bytes_used == bytes.len() as u64 => {
                    Content::Rootfs(superblock)
                }
                _ if depth >= MAX_DEPTH => Content::Kept,
                _ => match Layout::open(&bytes) {
                    Some(Ok(opened)) => {
                        Content::Layer(Box::new(Layer::explore(at, &bytes, opened, depth)))
                    }
                    Some(Err(error)) => {
                        problem = Some(error);
                        Content::Kept
                    }
                    None => Content::Kept,
                },
            },
        };
        Self {
            name,
            at,
            bytes,
            content,
            problem,
        }
    }

    /// The parts of it, itself first, in the order in which they lie in the image.
    pub fn walk(&self) -> Vec<&Self> {
        let mut all = vec![self];
        for slot in self.slots() {
            all.extend(slot.walk());
        }
        all
    }

    /// Its direct parts.
    pub fn slots(&self) -> &[Self] {
        match &self.content {
            Content::Layer(layer) => &layer.slots,
            _ => &[],
        }
    }

    /// The format it is of, when it was opened further.
    pub fn layer(&self) -> Option<&Layer> {
        match &self.content {
            Content::Layer(layer) => Some(layer),
            _ => None,
        }
    }

    /// Whether a root file system is in it.
    pub fn holds_rootfs(&self) -> bool {
        match &self.content {
            Content::Kept | Content::Kernel => false,
            Content::Rootfs(_) => true,
            Content::Layer(layer) => layer.slots.iter().any(Self::holds_rootfs),
        }
    }
}

impl Layer {
    fn explore(at: Option<u64>, image: &Bytes, opened: Opened<Layout>, depth: usize) -> Self {
        let slot = |part: Part| {
            let (at, bytes) = match part.data {
                Data::At(range) => (
                    at.map(|at| at + range.start as u64),
                    // A range that a format made up does not bring the others down.
                    if range.start <= range.end && range.end <= image.len() {
                        image.slice(range)
                    } else {
                        Bytes::new()
                    },
                ),
                Data::Unpacked(bytes) => (None, Bytes::from(bytes)),
            };
            Slot::explore(part.name, at, bytes, part.role, depth + 1)
        };
        Self {
            layout: opened.layout,
            slots: opened.parts.into_iter().map(slot).collect(),
            checks: opened.checks,
            facts: opened.facts,
        }
    }
}
