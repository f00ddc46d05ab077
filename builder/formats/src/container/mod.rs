//! How a device's image wraps its kernel and root file system, whichever way it is done.
//!
//! [`open`] takes an image apart into kernel, root file system, metadata and a [`Container`]: the *rule* by which they were put
//! together. [`Container::close`] applies the rule to other parts, so that it gives what OpenWrt's own tools would have given.
//! [`prove`] opens an image and closes it with the same parts: only an image that comes out bit for bit the same may be
//! a donor, because one that cannot be reproduced cannot safely be changed.

mod close;
mod error;
mod magic;
mod open;

pub use close::Parts;
pub use error::{Error, Part};
pub use open::{Opened, open, prove};

use std::fmt;

use crate::pad_rootfs::{End, Tail};
use crate::{plain, sysupgrade_tar, tplink};

/// The rule by which an image is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Zeros before everything else, in bytes: recovery images begin with the room of the boot loader.
    pub lead: usize,
    /// How kernel and root file system lie in the image.
    pub layout: Layout,
}

/// How kernel and root file system lie in an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// One behind the other.
    Plain(plain::Layout),
    /// Behind a TP-Link header that states lengths and an MD5.
    Tplink(tplink::Layout),
    /// As files of a tarball.
    SysupgradeTar(sysupgrade_tar::Layout),
}

impl Container {
    /// A container with nothing before its layout.
    pub fn new(layout: Layout) -> Self {
        Self { lead: 0, layout }
    }

    /// The name of its kind: `plain`, `tplink-v1-image`, `tplink-v2-image` or `sysupgrade-tar`, as OpenWrt's recipes call them.
    pub fn kind(&self) -> &'static str {
        match &self.layout {
            Layout::Plain(_) => "plain",
            Layout::Tplink(layout) => match layout.header.kind() {
                tplink::Kind::V1 => "tplink-v1-image",
                tplink::Kind::V2 => "tplink-v2-image",
            },
            Layout::SysupgradeTar(_) => "sysupgrade-tar",
        }
    }

    /// The length that every image of this container has, for those that fill a flash partition; in bytes.
    pub fn fixed_len(&self) -> Option<u64> {
        let tail = match &self.layout {
            Layout::Plain(layout) => &layout.tail,
            Layout::Tplink(layout) => &layout.tail,
            Layout::SysupgradeTar(_) => return None,
        };
        match tail.end {
            End::Total { len, .. } => Some(len + self.lead as u64),
            _ => None,
        }
    }
}

/// One line for people: the kind, and the rule of the padding.
impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        if self.lead > 0 {
            write!(f, " behind {} bytes of zeros", self.lead)?;
        }
        match &self.layout {
            Layout::Plain(layout) => describe_tail(f, &layout.tail),
            Layout::Tplink(layout) => describe_tail(f, &layout.tail),
            Layout::SysupgradeTar(layout) => {
                if let Some(board) = &layout.board {
                    write!(f, " of board {board}")?;
                }
                describe_tail(f, &layout.root_tail)
            }
        }
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
