//! Closing a plain image again.

use super::read::{Gap, Layout};
use crate::pad_rootfs::{DEFAULT_KIB, End, Rule, Tail, TailError};

impl Layout {
    /// The layout that OpenWrt's usual recipe gives a device with erase blocks of `block` bytes:
    /// `append-kernel | pad-to BLOCKSIZE | append-rootfs | pad-rootfs`. `None` unless `block` is a multiple of 1024.
    pub fn usual(block: u32) -> Option<Self> {
        let marks = Rule::padjffs2(&[block / 1024]).filter(|_| block.is_multiple_of(1024))?;
        Some(Self {
            gap: Gap::Padding(End::PadTo {
                block: u64::from(block),
                fill: 0,
            }),
            tail: Tail {
                marks: Some(marks),
                end: End::Exact,
            },
        })
    }

    /// The layout of devices that state no block size: the root file system right behind the kernel, markers
    /// at every usual boundary.
    pub fn unaligned() -> Self {
        Self {
            gap: Gap::Padding(End::Exact),
            tail: Tail {
                marks: Rule::padjffs2(&DEFAULT_KIB),
                end: End::Exact,
            },
        }
    }

    /// The image with this kernel and root file system.
    ///
    /// # Errors
    /// [`TailError::TooLong`] when the layout has a fixed length and they do not fit.
    pub fn put_together(&self, kernel: &[u8], rootfs: &[u8]) -> Result<Vec<u8>, TailError> {
        let mut image = kernel.to_vec();
        match &self.gap {
            Gap::Padding(end) => Tail {
                marks: None,
                end: *end,
            }
            .append(&mut image)?,
            Gap::Kept(bytes) => image.extend_from_slice(bytes),
        }
        image.extend_from_slice(rootfs);
        self.tail.append(&mut image)?;
        Ok(image)
    }
}
