//! Making a sysupgrade tarball.

use super::format::{BLOCK, Header, RECORD};
use super::read::{ArchiveEnd, Entry, Error, Layout, Role};
use crate::pad_rootfs::{End, Tail};

impl Layout {
    /// The layout that OpenWrt's `sysupgrade-tar` gives `board`, with all times at `mtime` (seconds since 1970).
    /// `None` when the name is empty, too long or no single path part.
    pub fn new(board: &str, mtime: u32, dtb: Option<Vec<u8>>) -> Option<Self> {
        if board.is_empty() || board.contains(['/', '\n', '\0']) {
            return None;
        }
        let entry = |name: &str, role: Role| {
            let directory = role == Role::Directory;
            let path = format!("sysupgrade-{board}/{name}");
            let header = Header::new(&path, directory, u64::from(mtime))?;
            Some(Entry { header, role })
        };
        let control = format!("BOARD={board}\n").into_bytes();
        let mut entries = vec![
            entry("", Role::Directory)?,
            entry("CONTROL", Role::Kept(control))?,
        ];
        if let Some(dtb) = dtb {
            entries.push(entry("dtb", Role::Kept(dtb))?);
        }
        entries.push(entry("kernel", Role::Kernel)?);
        entries.push(entry("root", Role::Root)?);
        Some(Self {
            board: Some(board.to_owned()),
            entries,
            root_tail: Tail {
                marks: None,
                end: End::PadTo {
                    block: 1024,
                    fill: 0,
                },
            },
            end: ArchiveEnd::Record,
        })
    }

    /// The time of the entry `root`, seconds since 1970.
    pub fn mtime(&self) -> Option<u64> {
        let root = self.entries.iter().find(|entry| entry.role == Role::Root);
        root.and_then(|entry| entry.header.mtime())
    }

    /// The tarball with this kernel and root file system.
    ///
    /// # Errors
    /// [`Error::TooLong`] for 8 GiB and more, [`Error::Tail`] when `root` has a fixed length and it does not fit.
    pub fn put_together(&self, kernel: &[u8], rootfs: &[u8]) -> Result<Vec<u8>, Error> {
        let mut root = rootfs.to_vec();
        self.root_tail.append(&mut root)?;
        let mut out = Vec::with_capacity(kernel.len() + root.len() + 2 * RECORD);
        for entry in &self.entries {
            let data: &[u8] = match &entry.role {
                Role::Directory => &[],
                Role::Kept(data) => data,
                Role::Kernel => kernel,
                Role::Root => &root,
            };
            let len = data.len();
            let mut header = entry.header.clone();
            // A header whose size is right stays as it is, whatever way its numbers are written.
            if header.size() != Some(len as u64) {
                header.set_size(len as u64).ok_or(Error::TooLong { len })?;
            }
            out.extend_from_slice(header.as_bytes());
            out.extend_from_slice(data);
            out.resize(out.len().next_multiple_of(BLOCK), 0);
        }
        let end = match self.end {
            ArchiveEnd::Record => (out.len() + 2 * BLOCK).next_multiple_of(RECORD),
            ArchiveEnd::Zeros(len) => out.len() + len,
        };
        out.resize(end, 0);
        Ok(out)
    }
}
