//! Luxul's header before a TRX.
//!
//! All numbers are little endian.
//!
//! ```text
//! 0  LXL# (4)
//! 4  version: 1
//! 8  length of the header: 32
//! 12 flags: 0
//! 16 board (16), padded with NULs
//! 32 (version 2: release (4))
//! .. image
//! ```
//!
//! Nothing in it depends on the image before version 3, which may hold signatures. Source: firmware-utils' `lxlfw.c`; OpenWrt's
//! `luxul-lxl` (bcm53xx).

use crate::layer::{Error, Format, Opened, Part, Role, le32, text};

/// The header, which stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    header: Vec<u8>,
}

const MAGIC: &[u8] = b"LXL#";

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "luxul-lxl"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        if !image.starts_with(MAGIC) {
            return None;
        }
        let len = match (le32(image, 4)?, le32(image, 8)?) {
            (1, 32) => 32,
            (2, 36) => 36,
            (version, len) => {
                return Some(Err(Error::Unsupported {
                    what: format!("an LXL image of version {version} with a header of {len} bytes"),
                    cure: "Use the device's own OpenWrt image instead.",
                }));
            }
        };
        let header = image.get(..len)?.to_vec();
        let board = text(&header, 16, 16);
        let part = Part::at("image", len..image.len(), Role::Image);
        let opened = Opened::new(Self { header }, vec![part]);
        Some(Ok(opened.fact("board", board)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        Ok([&self.header[..], &parts.concat()].concat())
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{assert_exact, assert_repacks};
    use crate::trx::tests::{nand, with_loader};

    fn lxl(trx: &[u8]) -> Vec<u8> {
        let header = b"LXL#\x01\0\0\0\x20\0\0\0\0\0\0\0XAP-1610\0\0\0\0\0\0\0\0";
        assert_eq!(header.len(), 32);
        [&header[..], trx].concat()
    }

    #[test]
    fn is_exact() {
        let opened = assert_exact(|kernel, rootfs| lxl(&with_loader(kernel, rootfs)));
        assert_eq!(opened.container.layers()[0].facts[0].value, "XAP-1610");
        let opened = assert_repacks(|kernel, rootfs| lxl(&nand(kernel, rootfs)));
        assert_eq!(opened.container.to_string(), "luxul-lxl › trx › ubi");
    }
}
