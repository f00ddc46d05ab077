//! Putting an image together.

use super::{Container, Error, Layout};
use crate::fwtool::{self, Chunk};

/// What goes into an image.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The kernel with its own header.
    pub kernel: &'a [u8],
    /// The squashfs, not padded.
    pub rootfs: &'a [u8],
    /// What stands behind the image, in this order.
    pub chunks: &'a [Chunk],
}

impl Container {
    /// Puts an image together.
    ///
    /// # Errors
    /// When the parts are too long for the container, or a chunk for fwtool.
    pub fn close(&self, parts: &Parts<'_>) -> Result<Vec<u8>, Error> {
        let image = match &self.layout {
            Layout::Plain(layout) => layout.close(parts.kernel, parts.rootfs)?,
            Layout::Tplink(layout) => layout.close(parts.kernel, parts.rootfs)?,
            Layout::SysupgradeTar(layout) => layout.close(parts.kernel, parts.rootfs)?,
        };
        let mut file = image;
        if self.lead > 0 {
            file.splice(..0, std::iter::repeat_n(0, self.lead));
        }
        for chunk in parts.chunks {
            fwtool::append(&mut file, chunk)?;
        }
        Ok(file)
    }
}
