//! Finding the squashfs in an image, by its superblock and nothing else of it.
//!
//! The magic number alone proves nothing, since four bytes come up by chance in megabytes of compressed kernel. So the
//! superblock must agree with itself: version 4.0, a block size that is the power of two it says, a
//! known compressor, and tables that lie in order inside the length it states.

use thiserror::Error;

/// `hsqs`: a little-endian squashfs.
pub const MAGIC: [u8; 4] = *b"hsqs";
/// Length of the superblock.
const SUPERBLOCK: usize = 96;
/// What an absent table has for its offset.
const NONE: u64 = u64::MAX;

/// A squashfs superblock that agrees with itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Superblock {
    /// Length of the file system in bytes.
    pub bytes_used: u64,
    /// Data block size in bytes.
    pub block_size: u32,
    /// Compressor number (1 gzip, 2 LZMA, 3 LZO, 4 xz, 5 LZ4, 6 zstd).
    pub compressor: u16,
    /// Creation time, seconds since 1970.
    pub time: u32,
}

/// Why no root file system could be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Error {
    /// No superblock that agrees with itself.
    #[error("there is no squashfs 4.0 file system in it")]
    NotFound,
    /// The file ends before the file system does.
    #[error(
        "it is cut off: the squashfs at offset {offset} has {need} bytes, but only {have} of them are in the file; \
         download it again"
    )]
    Truncated {
        /// Where the superblock is.
        offset: u64,
        /// The length it states.
        need: u64,
        /// The bytes from it to the end of the file.
        have: u64,
    },
}

impl Superblock {
    /// The superblock at the start of `bytes`, if there is one that agrees with itself. The file system may be longer than `bytes`.
    pub fn probe(bytes: &[u8]) -> Option<Self> {
        let raw = bytes.first_chunk::<SUPERBLOCK>()?;
        let short = |at: usize| u16::from_le_bytes([raw[at], raw[at + 1]]);
        let word = |at: usize| u32::from(short(at)) | u32::from(short(at + 2)) << 16;
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        let (inodes, block_size, compressor, block_log) = (word(4), word(12), short(20), short(22));
        let bytes_used = long(40);
        let (ids, xattrs, inode_table) = (long(48), long(56), long(64));
        let (directories, fragments, exports) = (long(72), long(80), long(88));
        let inside = |at: u64| (SUPERBLOCK as u64..bytes_used).contains(&at);
        let good = raw[..4] == MAGIC
            && (short(28), short(30)) == (4, 0)
            && (12..=20).contains(&block_log)
            && block_size == 1 << block_log
            && (1..=6).contains(&compressor)
            && inodes > 0
            && inside(ids)
            && inside(inode_table)
            && inside(directories)
            && inode_table < directories
            && directories < ids
            && [xattrs, fragments, exports]
                .iter()
                .all(|at| *at == NONE || inside(*at));
        good.then_some(Self {
            bytes_used,
            block_size,
            compressor,
            time: word(8),
        })
    }
}

/// The first squashfs in `bytes` at or behind offset `from`, and where it begins.
///
/// # Errors
/// [`Error::Truncated`] when the only superblock belongs to a longer file system than there is; else [`Error::NotFound`].
pub fn find(bytes: &[u8], from: usize) -> Result<(usize, Superblock), Error> {
    let mut truncated = None;
    let tail = bytes.get(from..).unwrap_or_default();
    let starts = tail.windows(MAGIC.len()).enumerate();
    for (at, _) in starts.filter(|(_, window)| **window == MAGIC) {
        let Some(superblock) = Superblock::probe(&tail[at..]) else {
            continue;
        };
        let have = (tail.len() - at) as u64;
        if superblock.bytes_used <= have {
            return Ok((from + at, superblock));
        }
        truncated.get_or_insert(Error::Truncated {
            offset: (from + at) as u64,
            need: superblock.bytes_used,
            have,
        });
    }
    Err(truncated.unwrap_or(Error::NotFound))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A squashfs with `files` files, made by mksquashfs as OpenWrt calls it.
    pub(crate) fn mksquashfs(files: u32) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        std::fs::create_dir(&root).unwrap();
        for n in 0..files {
            let text: String = (0..n * 37 % 9000).map(|i| format!("{:x}", i * n)).collect();
            std::fs::write(root.join(format!("file{n}")), text).unwrap();
        }
        crate::layer::testing::pack(&root)
    }

    #[test]
    fn finds_what_mksquashfs_made() {
        let squashfs = mksquashfs(12);
        let decoy = [b"hsqs".as_slice(), &[0x41; 200]].concat();
        let file = [decoy.clone(), squashfs.clone(), vec![0xFF; 77]].concat();
        let (at, superblock) = find(&file, 0).unwrap();
        assert_eq!(at, decoy.len());
        assert_eq!(superblock.bytes_used, squashfs.len() as u64);
        assert_eq!(superblock.block_size, 256 << 10);
        assert_eq!((superblock.compressor, superblock.time), (4, 1_700_000_000));
        assert_eq!(find(&file, at + 1), Err(Error::NotFound));
        assert_eq!(find(&file, usize::MAX), Err(Error::NotFound));
        let cut = &file[..at + squashfs.len() - 1];
        assert_eq!(
            find(cut, 0),
            Err(Error::Truncated {
                offset: at as u64,
                need: squashfs.len() as u64,
                have: squashfs.len() as u64 - 1,
            })
        );
    }
}
