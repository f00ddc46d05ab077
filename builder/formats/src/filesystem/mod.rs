//! A root file system with its padding: what formats hold that keep kernel and root file system apart.
//!
//! ```text
//! squashfs ‖ overlay markers and padding
//! ```

#[cfg(test)]
mod tests;

use crate::layer::{Error, Format, Opened, Part, Role};
use crate::pad_rootfs::Tail;
use crate::rootfs::{self, Superblock};

/// How a root file system is padded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// What follows the root file system.
    pub tail: Tail,
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "filesystem"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let superblock = Superblock::probe(image)?;
        Some(open(image, superblock.bytes_used))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = parts.concat();
        self.tail.append(&mut image)?;
        Ok(image)
    }
}

fn open(image: &[u8], bytes_used: u64) -> Result<Opened<Layout>, Error> {
    let have = image.len() as u64;
    if bytes_used > have {
        let error = rootfs::Error::Truncated {
            offset: 0,
            need: bytes_used,
            have,
        };
        return Err(crate::plain::Error::Rootfs(error).into());
    }
    // Not above the image's length, which is in memory.
    let (rootfs, rest) = image.split_at(bytes_used as usize);
    let tail = Tail::infer(bytes_used, rest, &Tail::usual(bytes_used, rest))?;
    let part = Part::at("rootfs", 0..rootfs.len(), Role::Rootfs);
    Ok(Opened::new(Layout { tail }, vec![part]))
}
