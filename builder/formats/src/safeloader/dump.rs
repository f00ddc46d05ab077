//! The sysupgrade image of boards that have their version and support list behind the root file system.
//!
//! ```text
//! kernel ‖ squashfs ‖ 0xFF to a multiple of 64 KiB ‖ DE AD C0 DE ‖ 0xFF ‖ soft-version ‖ 0xFF ‖ support-list
//! ```
//!
//! The last two stand at fixed offsets that are multiples of 4 KiB. Each is be32 length, be32 zero, data, and mostly one byte
//! more. Offsets in the image are offsets in the flash less the kernel's, which is a multiple of 64 KiB on every board.

use super::{marks, meta, supported, version};
use crate::layer::{Error, Format, Opened, Part, Role, be32};
use crate::pad_rootfs::MARKER;
use crate::rootfs;

/// What the parts at fixed places are aligned to, bytes.
const ALIGN: usize = 0x1000;
/// Longer than any support list.
const MAX_LIST: usize = 0x2000;

/// How such a dump is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Where the parts at fixed places begin; bytes.
    pub fixed_at: usize,
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "tplink-safeloader sysupgrade"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let (list_at, list) = support_list(image)?;
        Some(open(image, list_at).map(|opened| opened.fact("supported", supported(list))))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let [kernel, rootfs, fixed] = parts else {
            return Err(Error::damaged(
                0,
                "such an image has a kernel, a root file system and fixed parts",
            ));
        };
        let mut image = [*kernel, *rootfs].concat();
        let padding = marks().map(|rule| rule.padding(image.len() as u64));
        image.extend(padding.unwrap_or_default());
        if image.len() > self.fixed_at {
            let max = self.fixed_at as u64;
            return Err(Error::too_long(
                "kernel, root file system and marker",
                image.len(),
                max,
            ));
        }
        image.resize(self.fixed_at, 0xFF);
        image.extend_from_slice(fixed);
        Ok(image)
    }
}

/// The support list with which `image` ends, and where its part begins.
fn support_list(image: &[u8]) -> Option<(usize, &[u8])> {
    let lowest = image.len().saturating_sub(MAX_LIST + 9);
    let mut at = image.len().checked_sub(1)? / ALIGN * ALIGN;
    while at > lowest {
        if let Some(list) = image.get(at..).and_then(meta)
            && list.starts_with(b"SupportList:")
        {
            return Some((at, list));
        }
        at -= ALIGN;
    }
    None
}

fn open(image: &[u8], list_at: usize) -> Result<Opened<Layout>, Error> {
    let (start, superblock) =
        rootfs::find(&image[..list_at], 0).map_err(crate::plain::Error::Rootfs)?;
    // It lies inside the image, as `find` has checked.
    let end = start + superblock.bytes_used as usize;
    let blank = |at: usize| image[at..].iter().take_while(|b| **b == 0xFF).count();
    let mark = end + blank(end);
    if !mark.is_multiple_of(64 << 10) || !image[mark..].starts_with(&MARKER) {
        let what =
            "the overlay marker is not at the next multiple of 64 KiB behind the root file system";
        return Err(Error::damaged(mark, what));
    }
    let behind = mark + MARKER.len();
    let content = (behind + blank(behind)).min(list_at);
    // A numeric version begins with its length, whose first byte is no 0xFF.
    let fixed_at = content / ALIGN * ALIGN;
    if fixed_at < behind {
        let what = "something stands right behind the overlay marker";
        return Err(Error::damaged(content, what));
    }
    let parts = vec![
        Part::at("os-image", 0..start, Role::Kernel),
        Part::at("file-system", start..end, Role::Rootfs),
        Part::at(
            "soft-version and support-list",
            fixed_at..image.len(),
            Role::Kept,
        ),
    ];
    let mut opened = Opened::new(Layout { fixed_at }, parts);
    let len = be32(image, fixed_at).unwrap_or_default() as usize;
    let stated = image[fixed_at..list_at]
        .get(8..)
        .and_then(|data| data.get(..len));
    if let Some(text) = stated.and_then(version) {
        opened = opened.fact("version", text);
    }
    Ok(opened)
}
