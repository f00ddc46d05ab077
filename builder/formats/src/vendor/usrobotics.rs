//! U.S. Robotics' header before a TRX.
//!
//! All numbers are little endian.
//!
//! ```text
//! 0  USR0 (4)
//! 4  length of the image
//! 8  CRC-32 of the image, not inverted at the end
//! 12 version (4), compatibility (2), hardware revision (2), zeros (8)
//! 28 image
//! ```
//!
//! Source: firmware-utils' `trx2usr.c`; OpenWrt's `usrobotics-bin` (bcm47xx).

use crate::layer::{Check, Error, Format, Opened, Part, Role, le32};

/// What stands behind the CRC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    versions: [u8; 16],
}

const MAGIC: &[u8] = b"USR0";
const CRC_AT: usize = 8;
const HEADER_LEN: usize = 28;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "usrobotics-bin"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let len = le32(image, 4)? as usize;
        let (header, body) = image.split_first_chunk::<HEADER_LEN>()?;
        if !header.starts_with(MAGIC) || len != body.len() {
            return None;
        }
        let versions = *header.last_chunk()?;
        let part = Part::at("image", HEADER_LEN..image.len(), Role::Image);
        let check = Check::number(
            "CRC-32 of the image",
            CRC_AT,
            le32(header, CRC_AT)?,
            !crc32fast::hash(body),
        );
        Some(Ok(Opened::new(Self { versions }, vec![part]).check(check)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let body = parts.concat();
        let len = u32::try_from(body.len())
            .map_err(|_| Error::too_long("the image", body.len(), u64::from(u32::MAX)))?;
        let crc = !crc32fast::hash(&body);
        Ok([
            MAGIC,
            &len.to_le_bytes(),
            &crc.to_le_bytes(),
            &self.versions,
            &body,
        ]
        .concat())
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::assert_exact;
    use crate::trx::tests::{crc, with_loader};

    #[test]
    fn is_exact() {
        assert_exact(|kernel, rootfs| {
            let trx = with_loader(kernel, rootfs);
            let len = (trx.len() as u32).to_le_bytes();
            let crc = crc(&trx).to_le_bytes();
            let versions = b"\x03\x5d\x23\x06\x01\0\x01\0\0\0\0\0\0\0\0\0";
            [b"USR0", &len[..], &crc, versions, &trx].concat()
        });
    }
}
