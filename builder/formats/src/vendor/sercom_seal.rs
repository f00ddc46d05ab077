//! Sercomm's header, around a zip archive.
//!
//! ```text
//! 0   block of 71 bytes
//! 71  zeros
//! 511 what makes the sum of all bytes of the file 0
//! 512 image
//! ```
//!
//! Source: firmware-utils' `mksercommfw.c`; OpenWrt's `sercom-seal` (ramips).

use super::sercom_block::{LEN, at_start, described};
use crate::layer::{Check, Error, Format, Opened, Part, Role};

/// The header, which stays as it is but for its last byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    block: [u8; LEN],
}

const SUM_AT: usize = 511;
const HEADER_LEN: usize = 512;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "sercom-seal"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let block = at_start(image)?;
        if image.len() <= HEADER_LEN || image[LEN..SUM_AT].iter().any(|b| *b != 0) {
            return None;
        }
        let stored = image[SUM_AT];
        let computed = stored.wrapping_sub(sum(image));
        let part = Part::at("image", HEADER_LEN..image.len(), Role::Image);
        let opened = Opened::new(Self { block }, vec![part]);
        let opened = opened.check(Check::number("sum of all bytes", SUM_AT, stored, computed));
        Some(Ok(described(opened, &block)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = self.block.to_vec();
        image.resize(HEADER_LEN, 0);
        image.extend(parts.concat());
        let sum = sum(&image);
        crate::layer::put(&mut image, SUM_AT, &[sum.wrapping_neg()]);
        Ok(image)
    }
}

fn sum(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(0, |sum: u8, byte| sum.wrapping_add(*byte))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{assert_exact, plain};
    use crate::vendor::sercom_block::tests::block;

    #[test]
    fn is_exact() {
        let opened = assert_exact(|kernel, rootfs| {
            let mut image = block();
            image.resize(512, 0);
            image.extend(plain(kernel, rootfs, 0x1_0000));
            let sum: u64 = image.iter().map(|b| u64::from(*b)).sum();
            image[511] = ((256 - sum % 256) % 256) as u8;
            image
        });
        assert_eq!(opened.container.kind(), "sercom-seal");
    }
}
