//! Why an image could not be taken apart or put together.

use std::fmt;

use thiserror::Error;

use crate::pad_rootfs::TailError;
use crate::{fwtool, plain, sysupgrade_tar, tplink};

/// Why an image could not be taken apart or put together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// The trailer is damaged.
    #[error(transparent)]
    Trailer(#[from] fwtool::Error),
    /// The metadata is not what sysupgrade reads.
    #[error(transparent)]
    Metadata(#[from] fwtool::MetadataError),
    /// A format that is known by name only.
    #[error("this is {what}; not supported yet. {cure}")]
    Unsupported {
        /// What it is, with its article.
        what: &'static str,
        /// What to use instead.
        cure: &'static str,
    },
    /// No known container, and no squashfs in it.
    #[error(
        "no known container: it begins with {}, and there is no squashfs 4.0 file system in it",
        hex(first)
    )]
    Unknown {
        /// The first bytes.
        first: Vec<u8>,
    },
    /// A plain image that could not be taken apart.
    #[error("this is no image of the plain kind (kernel, squashfs, padding): {0}")]
    Plain(#[from] plain::Error),
    /// An image with a TP-Link header that could not be taken apart or put together.
    #[error("this image with a TP-Link header does not work: {0}")]
    Tplink(#[from] tplink::Error),
    /// A sysupgrade tarball that could not be taken apart or put together.
    #[error("this sysupgrade tarball does not work: {0}")]
    SysupgradeTar(#[from] sysupgrade_tar::Error),
    /// The parts are longer than the container can hold.
    #[error(transparent)]
    TooLong(#[from] TailError),
    /// Closing the image with its own parts gives other bytes.
    #[error(
        "opened and closed again it does not come out the same: at offset {offset}, in the {part}, it has {} and \
         we make {}; it cannot be used as a donor",
        byte(*donor),
        byte(*ours)
    )]
    NotReproduced {
        /// The first offset where they differ.
        offset: usize,
        /// The part of the image there.
        part: Part,
        /// The donor's byte; `None` behind its end.
        donor: Option<u8>,
        /// Our byte; `None` behind its end.
        ours: Option<u8>,
    },
}

/// A part of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Before or between kernel and root file system.
    Header,
    /// The kernel.
    Kernel,
    /// The root file system.
    Rootfs,
    /// Behind both.
    Padding,
    /// Metadata and signature.
    Trailer,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "headers and padding around the kernel",
            Self::Kernel => "kernel",
            Self::Rootfs => "root file system",
            Self::Padding => "padding behind the root file system",
            Self::Trailer => "metadata trailer",
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    bytes.join(" ")
}

fn byte(byte: Option<u8>) -> String {
    byte.map_or("its end".into(), |byte| format!("0x{byte:02x}"))
}
