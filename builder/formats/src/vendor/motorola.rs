//! Motorola's header before a TRX.
//!
//! All numbers are big endian.
//!
//! ```text
//! 0 CRC-32 of all that follows, not inverted at the end
//! 4 flags: 10577050 WR850G, 10577040 WA840G, 10577000 WE800G
//! 8 image
//! ```
//!
//! Source: firmware-utils' `motorola-bin.c`; OpenWrt's `motorola-bin` (bcm47xx).

use crate::layer::{Check, Error, Format, Opened, Part, Role, be32};

/// The model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    flags: [u8; 4],
}

const HEADER_LEN: usize = 8;
const FLAGS_AT: usize = 4;
const MODELS: [(u32, &str); 3] = [
    (0x1057_7050, "WR850G"),
    (0x1057_7040, "WA840G"),
    (0x1057_7000, "WE800G"),
];

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "motorola-bin"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let flags = be32(image, FLAGS_AT)?;
        let (_, model) = MODELS.iter().find(|(known, _)| *known == flags)?;
        let stored = be32(image, 0)?;
        let computed = !crc32fast::hash(&image[FLAGS_AT..]);
        let layout = Self {
            flags: flags.to_be_bytes(),
        };
        let part = Part::at("image", HEADER_LEN..image.len(), Role::Image);
        let check = Check::number("CRC-32 of all behind it", 0, stored, computed);
        let opened = Opened::new(layout, vec![part]).check(check);
        Some(Ok(opened.fact("model", model)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let rest = [&self.flags[..], &parts.concat()].concat();
        let crc = !crc32fast::hash(&rest);
        Ok([&crc.to_be_bytes()[..], &rest].concat())
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::assert_exact;
    use crate::trx::tests::{crc, with_loader};

    #[test]
    fn is_exact() {
        let opened = assert_exact(|kernel, rootfs| {
            let rest = [&b"\x10\x57\x70\x50"[..], &with_loader(kernel, rootfs)].concat();
            [&crc(&rest).to_be_bytes()[..], &rest].concat()
        });
        assert_eq!(opened.container.to_string(), "motorola-bin › trx");
        assert_eq!(opened.container.layers()[0].facts[0].value, "WR850G");
    }
}
