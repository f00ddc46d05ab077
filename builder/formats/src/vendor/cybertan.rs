//! Cybertan's header of Linksys' AC2350, between the header with a pattern and a UBI image.
//!
//! All numbers are little endian.
//!
//! ```text
//! 0  CHDR (4)
//! 4  length with this header
//! 8  CRC-32 of all that follows, not inverted at the end
//! 12 1
//! 16 image
//! ```
//!
//! Source: firmware-utils' `linksys-addfwhdr.c`; OpenWrt's `linksys-addfwhdr` (ipq806x).

use crate::layer::{Check, Error, Format, Opened, Part, Role, le32, put};

/// Nothing of it differs between devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout;

const MAGIC: &[u8] = b"CHDR";
const LENGTH_AT: usize = 4;
const CRC_AT: usize = 8;
const ONE_AT: usize = 12;
const HEADER_LEN: usize = 16;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "linksys-addfwhdr"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let (len, one) = (le32(image, LENGTH_AT)? as usize, le32(image, ONE_AT)?);
        if !image.starts_with(MAGIC) || one != 1 || len < HEADER_LEN {
            return None;
        }
        let (need, have) = (len as u64, image.len() as u64);
        if need > have {
            let what = "the length in the CHDR header";
            return Some(Err(Error::Truncated { what, need, have }));
        }
        if need < have {
            let what = format!("the CHDR header says {need} bytes, but there are {have}");
            return Some(Err(Error::damaged(LENGTH_AT, what)));
        }
        let computed = !crc32fast::hash(&image[ONE_AT..]);
        let stored = le32(image, CRC_AT)?;
        let part = Part::at("image", HEADER_LEN..image.len(), Role::Image);
        let check = Check::number("CRC-32 of all behind it", CRC_AT, stored, computed);
        Some(Ok(Opened::new(Self, vec![part]).check(check)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = [MAGIC, &[0; 8], &1u32.to_le_bytes(), &parts.concat()].concat();
        let len = u32::try_from(image.len())
            .map_err(|_| Error::too_long("the image", image.len(), u64::from(u32::MAX)))?;
        put(&mut image, LENGTH_AT, &len.to_le_bytes());
        let crc = !crc32fast::hash(&image[ONE_AT..]);
        put(&mut image, CRC_AT, &crc.to_le_bytes());
        Ok(image)
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{assert_exact, plain};
    use crate::trx::tests::crc;

    #[test]
    fn is_exact() {
        assert_exact(|kernel, rootfs| {
            let body = plain(kernel, rootfs, 0x1_0000);
            let len = (16 + body.len() as u32).to_le_bytes();
            let crc = crc(&[b"\x01\0\0\0", &body[..]].concat()).to_le_bytes();
            [b"CHDR", &len[..], &crc, b"\x01\0\0\0", &body].concat()
        });
    }
}
