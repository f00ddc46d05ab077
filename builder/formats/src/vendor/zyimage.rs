//! ZyXEL's signature behind images for Keenetic routers.
//!
//! ```text
//! image
//! ZNBG (4)
//! device id, little endian
//! version (48), padded with NULs
//! CRC-32 of the image, not inverted at the end, little endian
//! ```
//!
//! Source: firmware-utils' `zyimage.c`.

use crate::layer::{Check, Error, Format, Opened, Part, Role, le32, text};

/// What the signature says of the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// All before the CRC.
    head: [u8; CRC_AT],
}

const MAGIC: &[u8] = b"ZNBG";
const CRC_AT: usize = 56;
const LEN: usize = 60;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "zyimage"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let end = image.len().checked_sub(LEN)?;
        let (body, signature) = image.split_at(end);
        let head = *signature.first_chunk::<CRC_AT>()?;
        if !head.starts_with(MAGIC) || body.is_empty() {
            return None;
        }
        let stored = le32(signature, CRC_AT)?;
        let part = Part::at("image", 0..end, Role::Image);
        let opened = Opened::new(Self { head }, vec![part])
            .check(Check::number(
                "CRC-32 of all before the signature",
                end + CRC_AT,
                stored,
                !crc32fast::hash(body),
            ))
            .fact("device", format!("0x{:x}", le32(&head, 4)?))
            .fact("version", text(&head, 8, 48));
        Some(Ok(opened))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = parts.concat();
        let crc = !crc32fast::hash(&image);
        image.extend_from_slice(&self.head);
        image.extend_from_slice(&crc.to_le_bytes());
        Ok(image)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use crate::layer::testing::{assert_exact, assert_repacks, plain};
    use crate::pad_rootfs::Rule;
    use crate::ubi::tests::{NAND, ubinize};

    /// The CRC from the end of what gzip makes, inverted.
    fn zyimage(body: &[u8]) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("image");
        std::fs::write(&path, body).unwrap();
        let gzip = Command::new("gzip").arg("-c").arg(&path).output().unwrap();
        let crc: Vec<u8> = gzip.stdout[gzip.stdout.len() - 8..][..4]
            .iter()
            .map(|b| 255 - b)
            .collect();
        // 2102018 is 0x201302.
        let mut image = [body, b"ZNBG\x02\x13\x20\0ZyXEL Keenetic Lite III"].concat();
        image.resize(body.len() + 56, 0);
        image.extend(crc);
        image
    }

    #[test]
    fn is_exact() {
        let opened = assert_exact(|kernel, rootfs| {
            let mut image = plain(kernel, rootfs, 1);
            image.extend(Rule::padjffs2(&[64]).unwrap().padding(image.len() as u64));
            image.resize(image.len().next_multiple_of(0x1_0000), 0);
            zyimage(&image)
        });
        let facts = &opened.container.layers()[0].facts;
        assert_eq!(facts[0].value, "0x201302");
        assert_eq!(facts[1].value, "ZyXEL Keenetic Lite III");
    }

    #[test]
    fn around_kernel_and_ubi_is_exact() {
        let opened = assert_repacks(|kernel, rootfs| {
            let volumes = [("rootfs", Some(rootfs), "")];
            let mut image = kernel.to_vec();
            image.resize(4 << 20, 0);
            image.extend(ubinize(NAND, &volumes));
            zyimage(&image)
        });
        let layers = opened.container.layers();
        assert_eq!(layers.last().unwrap().layout.kind(), "ubi");
    }
}
