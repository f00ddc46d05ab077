//! The outermost header of images for Buffalo's DHP series.
//!
//! All numbers are big endian.
//!
//! ```text
//! 0  bgn (3), zeros (8), B1
//! 12 length of the file
//! 16 checksum of the file, this field 0, as `cksum` takes it
//! 20 image
//! ```
//!
//! Source: firmware-utils' `mkdhpimg.c`; OpenWrt's `buffalo-dhp-image`.

use super::cksum::cksum;
use crate::layer::{Check, Error, Format, Opened, Part, Role, be32, put};

/// Nothing of it differs between devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout;

const MAGIC: [u8; 12] = *b"bgn\0\0\0\0\0\0\0\0\xb1";
const LENGTH_AT: usize = 12;
const SUM_AT: usize = 16;
const HEADER_LEN: usize = 20;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "buffalo-dhp-image"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let len = be32(image, LENGTH_AT)? as usize;
        if !image.starts_with(&MAGIC) || len != image.len() || len <= HEADER_LEN {
            return None;
        }
        let mut summed = image.to_vec();
        put(&mut summed, SUM_AT, &[0; 4]);
        let part = Part::at("image", HEADER_LEN..len, Role::Image);
        let check = Check::number("cksum of all", SUM_AT, be32(image, SUM_AT)?, cksum(&summed));
        Some(Ok(Opened::new(Self, vec![part]).check(check)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = [&MAGIC[..], &[0; 8], &parts.concat()].concat();
        let len = u32::try_from(image.len())
            .map_err(|_| Error::too_long("the image", image.len(), u64::from(u32::MAX)))?;
        put(&mut image, LENGTH_AT, &len.to_be_bytes());
        let sum = cksum(&image);
        put(&mut image, SUM_AT, &sum.to_be_bytes());
        Ok(image)
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::assert_exact;
    use crate::vendor::buffalo_enc::tests::{enc, marked};
    use crate::vendor::buffalo_tag::tests::{cksum, dhp_tag};

    /// As the recipes nest them: the tag's own 152 bytes are encrypted, too.
    #[test]
    fn is_exact() {
        for long in [false, true] {
            let opened = assert_exact(|kernel, rootfs| {
                let inner = enc(
                    &marked(kernel, rootfs),
                    "WSR-2533DHP2",
                    "9.99",
                    long,
                    usize::MAX,
                );
                let tag = enc(&dhp_tag(&inner), "", "", long, 152);
                let len = (20 + tag.len() as u32).to_be_bytes();
                let mut image = [b"bgn\0\0\0\0\0\0\0\0\xb1", &len[..], &[0; 4], &tag].concat();
                let sum = cksum(&image);
                image[16..20].copy_from_slice(&sum);
                image
            });
            let kinds: Vec<_> = opened.container.layers();
            let kinds: Vec<_> = kinds.iter().map(|layer| layer.layout.kind()).collect();
            let expected = [
                "buffalo-dhp-image",
                "buffalo-enc-tag",
                "buffalo-tag-dhp",
                "buffalo-enc",
                "plain",
            ];
            assert_eq!(kinds, expected);
        }
    }
}
