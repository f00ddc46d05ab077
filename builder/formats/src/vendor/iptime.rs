//! ipTIME's header with a CRC.
//!
//! ```text
//! 0  model (8, NUL ended)
//! 8  version (8, NUL ended), zeros to 48
//! 48 length of the image, little endian (4)
//! 52 CRC, little endian (4): CRC-32 without the final inversion, over header (this field zero) and image
//! 56 zeros to 0x800 on some models
//! ‖ image
//! ```
//!
//! Source: firmware-utils' `iptime-crc32.c`.

use crate::layer::{Check, Error, Format, Opened, Part, Role, le32, put, text};

/// The header without length and CRC, and the zeros behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    header: [u8; HEADER_LEN],
    /// Where the image begins.
    start: usize,
}

const HEADER_LEN: usize = 56;
const LEN: usize = 48;
const CRC: usize = 52;
/// Where images begin, by model.
const STARTS: [usize; 2] = [0x38, 0x800];

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "iptime-crc32"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let mut header = *image.first_chunk::<HEADER_LEN>()?;
        let (len, stored) = (le32(&header, LEN)?, le32(&header, CRC)?);
        let model = text(&header, 0, 8);
        let good_name = |name: &str| {
            (2..8).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        if !good_name(&model) || header[14..LEN].iter().any(|b| *b != 0) {
            return None;
        }
        let start = image.len().checked_sub(len as usize)?;
        let gap = image.get(HEADER_LEN..start)?;
        if !STARTS.contains(&start) || gap.iter().any(|b| *b != 0) {
            return None;
        }
        put(&mut header, CRC, &[0; 4]);
        let check = Check::number(
            "CRC-32 of header and image",
            CRC,
            stored,
            crc(&header, &image[start..]),
        );
        let part = Part::at("image", start..image.len(), Role::Image);
        let opened = Opened::new(Self { header, start }, vec![part]);
        Some(Ok(opened.check(check).fact("model", model)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let body = parts.concat();
        let len = u32::try_from(body.len())
            .map_err(|_| Error::too_long("the image", body.len(), u64::from(u32::MAX)))?;
        let mut header = self.header;
        put(&mut header, LEN, &len.to_le_bytes());
        let sum = crc(&header, &body);
        put(&mut header, CRC, &sum.to_le_bytes());
        let mut image = header.to_vec();
        image.resize(self.start, 0);
        image.extend_from_slice(&body);
        Ok(image)
    }
}

fn crc(header: &[u8], body: &[u8]) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(header);
    hash.update(body);
    !hash.finalize()
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{assert_exact, plain};

    /// A CRC bit by bit, and the fields one by one.
    fn iptime(model: &[u8], start: usize, body: &[u8]) -> Vec<u8> {
        let mut image = vec![0; start];
        image[..model.len()].copy_from_slice(model);
        image[8..14].copy_from_slice(b"00_000");
        image[48..52].copy_from_slice(&(body.len() as u32).to_le_bytes());
        let covered = [&image[..56], body].concat();
        let mut crc = u32::MAX;
        for byte in covered {
            crc ^= u32::from(byte);
            for _ in 0..8 {
                crc = (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 };
            }
        }
        image[52..56].copy_from_slice(&crc.to_le_bytes());
        [image, body.to_vec()].concat()
    }

    #[test]
    fn both_starts_are_exact() {
        for (model, start) in [(&b"ax3000q"[..], 0x38), (b"a6004mx", 0x800)] {
            let opened = assert_exact(|kernel, rootfs| {
                iptime(model, start, &plain(kernel, rootfs, 0x2_0000))
            });
            assert_eq!(opened.container.kind(), "iptime-crc32");
        }
    }
}
