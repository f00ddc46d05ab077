//! Why an image could not be taken apart or put together.

use std::fmt;

use thiserror::Error;

use crate::fwtool;
use crate::layer::{self, Check};

/// Why an image could not be taken apart or put together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// A format of it could not be opened or closed.
    #[error("{}{error}", within(part.as_deref(), *at))]
    Layer {
        /// The part of that format; `None` for the whole file.
        part: Option<String>,
        /// Where the part begins in the file, if it lies there as it is.
        at: Option<u64>,
        /// What is wrong.
        error: layer::Error,
    },
    /// The metadata is not what sysupgrade reads.
    #[error(transparent)]
    Metadata(#[from] fwtool::MetadataError),
    /// A checksum does not hold.
    #[error(
        "its {kind} says{} that the {} is {}, but it is {}: the file is damaged; download it again and compare its sha256sum",
        place(*at), check.what, check.stored, check.computed
    )]
    Checksum {
        /// The format that states it.
        kind: &'static str,
        /// Both values.
        check: Check,
        /// Where it stands in the file.
        at: Option<u64>,
    },
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
    /// A known container without a squashfs.
    #[error(
        "this is a {kind}, but there is no squashfs 4.0 file system in it{}",
        if other.is_empty() { String::new() } else { format!(" (it holds {})", other.join(", ")) }
    )]
    NoRootfs {
        /// The outermost format.
        kind: &'static str,
        /// What it holds instead.
        other: Vec<String>,
    },
    /// Which root file system is to be replaced cannot be told.
    #[error(
        "it holds two different root file systems, in its parts “{first}” and “{second}”; cannot tell which is used"
    )]
    TwoRootfs {
        /// The part with the first.
        first: String,
        /// The part with the second.
        second: String,
    },
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Headers and padding of this format.
    Around(&'static str),
    /// The part of this name.
    Inside(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Around(kind) => write!(f, "headers and padding of the {kind}"),
            Self::Inside(name) => f.write_str(name),
        }
    }
}

fn within(part: Option<&str>, at: Option<u64>) -> String {
    part.map_or_else(String::new, |part| {
        format!("its part “{part}”{}: ", place(at))
    })
}

fn place(at: Option<u64>) -> String {
    match at {
        None | Some(0) => String::new(),
        Some(at) => format!(" at offset {at}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    bytes.join(" ")
}

fn byte(byte: Option<u8>) -> String {
    byte.map_or("its end".into(), |byte| format!("0x{byte:02x}"))
}
