//! Opening a sysupgrade tarball.

use std::ops::Range;

use thiserror::Error;

use super::format::{BLOCK, Header, RECORD};
use crate::pad_rootfs::{Candidate, End, Tail, TailError};
use crate::rootfs::{self, Superblock};

/// How such a tarball is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The board's name as `CONTROL` has it, if it names one.
    pub board: Option<String>,
    /// The entries in their order.
    pub entries: Vec<Entry>,
    /// What follows the root file system inside `root`.
    pub root_tail: Tail,
    /// How many bytes of zeros end the archive: filled to a record of 10,240 bytes, or this many.
    pub(super) end: ArchiveEnd,
}

/// How an archive ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArchiveEnd {
    /// Two empty blocks, then filled to a record (GNU tar).
    Record,
    /// This many empty bytes.
    Zeros(usize),
}

/// One entry: its header, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub(super) header: Header,
    /// What it is, with its content if that does not depend on kernel and root file system.
    pub role: Role,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// The directory.
    Directory,
    /// `CONTROL`, `dtb`: kept as it is.
    Kept(Vec<u8>),
    /// The kernel.
    Kernel,
    /// The root file system with its padding.
    Root,
}

/// An opened tarball.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// How to close it again.
    pub layout: Layout,
    /// Where the kernel is; empty when the tarball has none.
    pub kernel: Range<usize>,
    /// Where the root file system is, without its padding.
    pub rootfs: Range<usize>,
}

/// Why a tarball could not be opened or closed. Offsets count from its first byte.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// A header is damaged.
    #[error(
        "its tar header at offset {at} is damaged: the checksum does not fit; download it again"
    )]
    Header {
        /// Where the header is.
        at: usize,
    },
    /// The archive ends inside an entry, or without its two empty blocks.
    #[error("it is cut off at offset {at}, {inside}; download it again")]
    Truncated {
        /// Length of the file.
        at: usize,
        /// What was not finished.
        inside: String,
    },
    /// An entry that sysupgrade does not read.
    #[error(
        "its entry “{name}” at offset {at} is none that sysupgrade reads (CONTROL, dtb, kernel, root)"
    )]
    Entry {
        /// Its name.
        name: String,
        /// Where its header is.
        at: usize,
    },
    /// Twice the same.
    #[error("its entry “{name}” at offset {at} is there a second time")]
    Twice {
        /// Its name.
        name: String,
        /// Where its second header is.
        at: usize,
    },
    /// No `root`.
    #[error("it has no entry “root”: it is an update of the kernel alone")]
    NoRoot,
    /// `root` is another kind of file system.
    #[error(
        "its root file system at offset {at} is {what}, which is not supported yet; only squashfs is"
    )]
    RootKind {
        /// Where it begins.
        at: usize,
        /// What it is.
        what: &'static str,
    },
    /// `root` is shorter than its superblock says.
    #[error(transparent)]
    Rootfs(#[from] rootfs::Error),
    /// What follows the root file system is unknown.
    #[error(transparent)]
    Tail(#[from] TailError),
    /// Bytes between entries or behind the archive's end are not zero.
    #[error("the byte at offset {at} is no padding of a tar archive")]
    Padding {
        /// The first such byte.
        at: usize,
    },
    /// Kernel or root file system have 8 GiB or more.
    #[error("an entry of {len} bytes does not fit into a tar archive")]
    TooLong {
        /// Its length.
        len: usize,
    },
}

/// Whether `file` begins as a sysupgrade tarball does.
pub fn looks_like(file: &[u8]) -> bool {
    let name = file.strip_prefix(b"./").unwrap_or(file);
    file.get(257..262) == Some(b"ustar") && name.starts_with(b"sysupgrade-")
}

/// Opens a sysupgrade tarball.
///
/// # Errors
/// See [`Error`](enum@Error).
pub fn open(file: &[u8]) -> Result<Opened, Error> {
    let mut entries = Vec::new();
    let mut names = Vec::new();
    let (mut kernel, mut root, mut board) = (0..0, None, None);
    let mut at = 0;
    loop {
        let Some(block) = file[at..].first_chunk::<BLOCK>() else {
            let inside = "where a header or the end of the archive should be".to_owned();
            let at = file.len();
            return Err(Error::Truncated { at, inside });
        };
        if *block == [0; BLOCK] {
            break;
        }
        let header = Header::parse(block).ok_or(Error::Header { at })?;
        let name = header.name();
        let size = header.size().and_then(|size| usize::try_from(size).ok());
        let start = at + BLOCK;
        let data = size.and_then(|size| Some(start..start.checked_add(size)?));
        let padded = data
            .as_ref()
            .and_then(|data| data.end.checked_next_multiple_of(BLOCK));
        let (Some(data), Some(next)) = (data, padded.filter(|next| *next <= file.len())) else {
            let inside = format!("inside the entry “{name}”");
            let at = file.len();
            return Err(Error::Truncated { at, inside });
        };
        zeros(file, data.end..next)?;
        let role = role(&name, header.kind(), &file[data.clone()]).ok_or_else(|| Error::Entry {
            name: name.clone(),
            at,
        })?;
        if names.contains(&name) {
            return Err(Error::Twice { name, at });
        }
        match &role {
            Role::Kernel => kernel = data,
            Role::Root => root = Some(data),
            Role::Kept(text) if name.ends_with("/CONTROL") => board = board_name(text),
            Role::Kept(_) | Role::Directory => {}
        }
        names.push(name);
        entries.push(Entry { header, role });
        at = next;
    }
    zeros(file, at..file.len())?;
    let end = match file.len() - at {
        len if len < 2 * BLOCK => {
            let inside = "before the end of the archive".to_owned();
            let at = file.len();
            return Err(Error::Truncated { at, inside });
        }
        len if (at + 2 * BLOCK).next_multiple_of(RECORD) == at + len => ArchiveEnd::Record,
        len => ArchiveEnd::Zeros(len),
    };
    let root = root.ok_or(Error::NoRoot)?;
    let (superblock, root_tail) = open_root(file, &root)?;
    let layout = Layout {
        board,
        entries,
        root_tail,
        end,
    };
    Ok(Opened {
        layout,
        kernel,
        rootfs: root.start..root.start + superblock.bytes_used as usize,
    })
}

/// The superblock of the squashfs in the entry `root`, and the rule of what follows it there.
fn open_root(file: &[u8], root: &Range<usize>) -> Result<(Superblock, Tail), Error> {
    let at = root.start;
    let bytes = &file[root.clone()];
    let Some(superblock) = Superblock::probe(bytes) else {
        let what = match bytes.first_chunk::<4>() {
            Some([0x31, 0x18, 0x10, 0x06]) => "UBIFS",
            Some(b"UBI#") => "UBI",
            Some(b"hsqs") => "a squashfs with a damaged superblock",
            _ => "of an unknown kind",
        };
        return Err(Error::RootKind { at, what });
    };
    let have = bytes.len() as u64;
    let need = superblock.bytes_used;
    if need > have {
        let offset = at as u64;
        return Err(rootfs::Error::Truncated { offset, need, have }.into());
    }
    // The rules count from the start of `root`; errors from the start of the file.
    let rest = &bytes[need as usize..];
    let exactly = |end| Candidate {
        marks: None,
        end: Some(end),
    };
    let mut candidates = vec![
        exactly(End::PadTo {
            block: 1024,
            fill: 0,
        }),
        exactly(End::Exact),
    ];
    candidates.extend(Tail::usual(need, rest));
    let tail = Tail::infer(need, rest, &candidates).map_err(|error| match error {
        TailError::Unknown { at } => TailError::Unknown {
            at: at + root.start as u64,
        },
        other => other,
    })?;
    Ok((superblock, tail))
}

/// What the entry of this name is; `None` when sysupgrade reads none of this name and type.
fn role(name: &str, kind: u8, data: &[u8]) -> Option<Role> {
    let name = name.strip_prefix("./").unwrap_or(name);
    let inside = name.strip_prefix("sysupgrade-")?;
    match (kind, inside.split_once('/')) {
        (b'5', None | Some((_, ""))) => Some(Role::Directory),
        (b'0' | 0, Some((_, "kernel"))) => Some(Role::Kernel),
        (b'0' | 0, Some((_, "root"))) => Some(Role::Root),
        (b'0' | 0, Some((_, "CONTROL" | "dtb"))) => Some(Role::Kept(data.to_vec())),
        _ => None,
    }
}

fn board_name(control: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(control).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("BOARD="));
    line.map(str::to_owned)
}

fn zeros(file: &[u8], range: Range<usize>) -> Result<(), Error> {
    match file[range.clone()].iter().position(|b| *b != 0) {
        Some(at) => Err(Error::Padding {
            at: range.start + at,
        }),
        None => Ok(()),
    }
}
