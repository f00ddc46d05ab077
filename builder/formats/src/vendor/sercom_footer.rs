//! Sercomm's footer, and the room of a boot loader before the image.
//!
//! ```text
//! zeros, a multiple of 64 KiB ‖ image ‖ block of 71 bytes ‖ zeros to a multiple of 128 bytes
//! ```
//!
//! Source: firmware-utils' `mksercommfw.c`; OpenWrt's `sercom-footer` (ramips), which `pad-to 128` always follows.

use super::sercom_block::{LEN, at_start, described};
use crate::layer::{Error, Format, Opened, Part, Role};

/// The footer, which stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Zeros before the image.
    lead: usize,
    block: [u8; LEN],
    /// What the whole is padded to.
    align: usize,
}

const ALIGN: usize = 128;
const LEAD: usize = 0x1_0000;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "sercom-footer"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let filled = image.iter().rposition(|b| *b != 0)? + 1;
        // The block ends with one NUL.
        let end = (filled + 1).checked_sub(LEN)?;
        let block = at_start(image.get(end..)?)?;
        let total = end + LEN;
        let align = [ALIGN, 1]
            .into_iter()
            .find(|align| total.next_multiple_of(*align) == image.len())?;
        let zeros = image[..end].iter().take_while(|b| **b == 0).count();
        let lead = zeros - zeros % LEAD;
        let part = Part::at("image", lead..end, Role::Image);
        let layout = Self { lead, block, align };
        Some(Ok(described(Opened::new(layout, vec![part]), &block)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = vec![0; self.lead];
        image.extend(parts.concat());
        image.extend_from_slice(&self.block);
        image.resize(image.len().next_multiple_of(self.align.max(1)), 0);
        Ok(image)
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{assert_exact, plain};
    use crate::pad_rootfs::Rule;
    use crate::vendor::sercom_block::tests::block;

    #[test]
    fn is_exact() {
        for (lead, align) in [(0x5_0000, 128), (0, 128), (0x20_0000, 1)] {
            let opened = assert_exact(|kernel, rootfs| {
                let mut image = vec![0; lead];
                image.extend(plain(kernel, rootfs, 0x1_0000));
                image.extend(Rule::padjffs2(&[64]).unwrap().padding(image.len() as u64));
                image.resize(image.len().next_multiple_of(0x1_0000), 0);
                image.extend(block());
                image.resize(image.len().next_multiple_of(align), 0);
                image
            });
            let facts = &opened.container.layers()[0].facts;
            assert_eq!(facts[0].value, "R6220");
            assert_eq!(facts[2].value, "0x86");
        }
    }
}
