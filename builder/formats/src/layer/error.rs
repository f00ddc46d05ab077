//! Why a format could not be opened or closed.

use thiserror::Error;

use crate::pad_rootfs::TailError;
use crate::{fwtool, plain, sysupgrade_tar, tplink};

/// Why a format could not be opened or closed. Offsets count from the start of the format's own image.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// Fewer bytes than its headers say.
    #[error("it is cut off: {what} needs {need} bytes, but there are {have}; download it again")]
    Truncated {
        /// What states the length.
        what: &'static str,
        /// The length of the image that this asks for.
        need: u64,
        /// The length it has.
        have: u64,
    },
    /// What it states contradicts itself or the bytes there are.
    #[error("at offset {at}, {what}")]
    Damaged {
        /// Where.
        at: u64,
        /// What is wrong, as the end of a sentence.
        what: String,
    },
    /// A variety that cannot be put together again.
    #[error("{what}, which is not supported. {cure}")]
    Unsupported {
        /// What it is, as the beginning of a sentence.
        what: String,
        /// What to use instead, as a sentence.
        cure: &'static str,
    },
    /// A part is longer than the format can hold.
    #[error(
        "{what} has {need} bytes, but there is room for {max} in this kind of image: leave packages or files out"
    )]
    TooLong {
        /// The part.
        what: String,
        /// Its length.
        need: u64,
        /// What there is room for.
        max: u64,
    },
    /// What follows a root file system could not be explained or made.
    #[error(transparent)]
    Tail(#[from] TailError),
    /// The metadata trailer.
    #[error(transparent)]
    Trailer(#[from] fwtool::Error),
    /// A plain image.
    #[error("this is no image of the plain kind (kernel, squashfs, padding): {0}")]
    Plain(#[from] plain::Error),
    /// An image with a TP-Link header.
    #[error("this image with a TP-Link header does not work: {0}")]
    Tplink(#[from] tplink::Error),
    /// A sysupgrade tarball.
    #[error("this sysupgrade tarball does not work: {0}")]
    SysupgradeTar(#[from] sysupgrade_tar::Error),
}

impl Error {
    /// [`Error::Damaged`].
    pub fn damaged(at: usize, what: impl Into<String>) -> Self {
        Self::Damaged {
            at: at as u64,
            what: what.into(),
        }
    }

    /// [`Error::TooLong`].
    pub fn too_long(what: impl Into<String>, need: usize, max: u64) -> Self {
        Self::TooLong {
            what: what.into(),
            need: need as u64,
            max,
        }
    }
}
