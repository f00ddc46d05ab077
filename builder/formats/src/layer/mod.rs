//! What every format of an image is: a rule that puts parts together.
//!
//! An image is a nest of formats: a metadata trailer around a vendor's header around a kernel and a root file system.
//! Each is a [`Format`] that can take bytes apart into parts and a rule, and put other parts together by the same rule.
//! [`container`](crate::container) composes them.
//!
//! Opening is lenient about checksums, so that a damaged image can still be looked at: they are reported as [`Check`]s,
//! and whoever uses the image as donor asks that all of them hold.

mod check;
mod error;
mod field;
#[cfg(test)]
pub(crate) mod testing;

pub use check::{Check, Fact};
pub use error::Error;
pub use field::{be16, be32, be64, le16, le32, le64, put, text};

use std::borrow::Cow;
use std::ops::Range;

/// A format: the rule by which parts were put together to an image.
pub trait Format: Sized {
    /// Its name, as OpenWrt's recipes or tools call it.
    fn kind(&self) -> &'static str;

    /// Takes `image` apart; `None` when it is not of this format.
    ///
    /// Magic numbers alone do not make a format: lengths must agree with the bytes there are.
    ///
    /// # Errors
    /// When it is of this format but damaged, or of a variety that cannot be put together again.
    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>>;

    /// Puts `parts` together, which are as many and in the same order as [`Format::open`] gave.
    ///
    /// # Errors
    /// When the format cannot hold them.
    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error>;
}

/// An image that was taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened<L> {
    /// The rule.
    pub layout: L,
    /// The parts, in the order in which they are put together.
    pub parts: Vec<Part>,
    /// The checksums it states.
    pub checks: Vec<Check>,
    /// What else it states, for people.
    pub facts: Vec<Fact>,
}

impl<L> Opened<L> {
    /// Parts and rule, without checksums or facts.
    pub fn new(layout: L, parts: Vec<Part>) -> Self {
        Self {
            layout,
            parts,
            checks: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// The same with this checksum.
    #[must_use]
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// The same with this fact.
    #[must_use]
    pub fn fact(mut self, name: &'static str, value: impl ToString) -> Self {
        self.facts.push(Fact {
            name,
            value: value.to_string(),
        });
        self
    }

    /// The same with another rule around the first.
    pub fn map<M>(self, layout: impl FnOnce(L) -> M) -> Opened<M> {
        Opened {
            layout: layout(self.layout),
            parts: self.parts,
            checks: self.checks,
            facts: self.facts,
        }
    }
}

/// One part of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What the format calls it, or what it is.
    pub name: Cow<'static, str>,
    /// Its bytes.
    pub data: Data,
    /// What it may hold.
    pub role: Role,
}

impl Part {
    /// A part whose bytes lie in the image as they are.
    pub fn at(name: impl Into<Cow<'static, str>>, range: Range<usize>, role: Role) -> Self {
        Self {
            name: name.into(),
            data: Data::At(range),
            role,
        }
    }

    /// A part whose bytes had to be unpacked.
    pub fn unpacked(name: impl Into<Cow<'static, str>>, bytes: Vec<u8>, role: Role) -> Self {
        Self {
            name: name.into(),
            data: Data::Unpacked(bytes),
            role,
        }
    }
}

/// Where a part's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// In the image, as they are.
    At(Range<usize>),
    /// Compressed, encrypted or scattered in the image.
    Unpacked(Vec<u8>),
}

/// What a part may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The kernel, with headers of its own. Never opened further.
    Kernel,
    /// A squashfs, exactly as long as its superblock says.
    Rootfs,
    /// Anything: an image of another format, or a part that stays as it is.
    Image,
    /// Something that stays as it is.
    Kept,
}
