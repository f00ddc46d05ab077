//! Closing an image again.

use super::format::HEADER_LEN;
use super::read::{Error, Layout, limit};
use crate::pad_rootfs::TailError;

/// What alignment and markers take at most, bytes.
const ROOM: usize = 0x4_0000;

impl Layout {
    /// The image with this kernel and root file system.
    ///
    /// # Errors
    /// [`Error::TooBig`], [`Error::Tail`] when they do not fit into the firmware partition.
    pub fn put_together(&self, kernel: &[u8], rootfs: &[u8]) -> Result<Vec<u8>, Error> {
        let total = self.header.total();
        let need = kernel.len() as u64 + rootfs.len() as u64;
        let limit = limit(total, self.reserved);
        if need > limit {
            return Err(Error::TooBig {
                need,
                limit,
                reserved: self.reserved,
                total,
            });
        }
        // Not `total`, which is whatever a header says.
        let mut image = Vec::with_capacity(HEADER_LEN + kernel.len() + rootfs.len() + ROOM);
        image.extend_from_slice(self.header.as_bytes());
        image.extend_from_slice(kernel);
        let start = image.len().next_multiple_of(self.align as usize);
        image.resize(start, 0xFF);
        image.extend_from_slice(rootfs);
        self.tail.append(&mut image)?;
        if image.len() as u64 > u64::from(total) {
            return Err(Error::Tail(TailError::TooLong {
                need: image.len() as u64,
                total: u64::from(total),
            }));
        }
        // All lengths are below `total`, which has 32 bits.
        let mut header = self.header.clone();
        header.set_kernel_len(kernel.len() as u32);
        header.set_rootfs_len(rootfs.len() as u32);
        if self.states_offset {
            header.set_rootfs_offset(start as u32);
        }
        let md5 = header.computed_md5(&image[HEADER_LEN..]);
        header.set_md5(md5);
        image[..HEADER_LEN].copy_from_slice(header.as_bytes());
        Ok(image)
    }
}
