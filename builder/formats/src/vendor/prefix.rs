//! Headers that are the same whatever follows them: a name, or commands for the boot loader.
//!
//! ```text
//! text, filled with zeros to a length ‖ image
//! ```
//!
//! Sources: OpenWrt's `include/image-commands.mk` and the image makefiles of ath79, mediatek and ramips.

use crate::layer::{Error, Format, Opened, Part, Role};

/// A header, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    name: &'static str,
    header: Vec<u8>,
}

/// A header's name, its first bytes, and its length.
type Known = (&'static str, &'static [u8], usize);

const KNOWN: [Known; 5] = [
    ("elecom-product-header", b"ELECOM\0\0", 56),
    ("elecom-wrc-gs-factory", b"ELECOM ", 32),
    ("buffalo-tftp-header", b"# Airstation Public Fmt1\0", 32),
    // Letters and digits of "# Airstation FirmWare\nrun u_fw\nreset\n\n" replaced by others.
    ("buffalo-tftp-header", BUFFALO_SHUFFLED, 512),
    ("yuncore-tftp-header-16m", b"YUNCOREsetenv bootcmd ", 192),
];

/// The commands of Buffalo's older routers, as their substitution makes them.
const BUFFALO_SHUFFLED: &[u8] = b"# siABCXCion biAmUXA1\nADn D_2F\nA1B1C\n\n\0";

impl Format for Layout {
    fn kind(&self) -> &'static str {
        self.name
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let (name, _, len) = KNOWN
            .iter()
            .find(|(_, magic, _)| image.starts_with(magic))?;
        let (header, _) = image.split_at_checked(*len)?;
        let text = header.split(|b| *b == 0).find(|word| !word.is_empty());
        let text = String::from_utf8_lossy(text.unwrap_or_default()).into_owned();
        let layout = Self {
            name,
            header: header.to_vec(),
        };
        let part = Part::at("image", *len..image.len(), Role::Image);
        Some(Ok(Opened::new(layout, vec![part]).fact("header", text)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        Ok([&self.header, &parts.concat()[..]].concat())
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{assert_exact, plain};

    fn filled(text: &[u8], len: usize) -> Vec<u8> {
        let mut header = text.to_vec();
        header.resize(len, 0);
        header
    }

    #[test]
    fn buffalo_tftp() {
        for header in [
            filled(b"# Airstation Public Fmt1", 32),
            filled(super::BUFFALO_SHUFFLED, 512),
        ] {
            let opened = assert_exact(|kernel, rootfs| {
                [header.clone(), plain(kernel, rootfs, 0x1_0000)].concat()
            });
            assert_eq!(opened.container.kind(), "buffalo-tftp-header");
        }
    }

    /// The table of `buffalo-tftp`, written anew: what it makes of the commands.
    #[test]
    fn the_shuffled_commands_are_buffalos() {
        let from = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let to = b"XYZ0123hijklmnopqABCDEFGHrstuvabcdefgwxyzIJKLMSTUVW456789NOPQR";
        let shuffled: Vec<u8> = b"# Airstation FirmWare\nrun u_fw\nreset\n\n\0"
            .iter()
            .map(|byte| {
                from.iter()
                    .position(|b| b == byte)
                    .map_or(*byte, |at| to[at])
            })
            .collect();
        assert_eq!(
            String::from_utf8_lossy(&shuffled),
            String::from_utf8_lossy(super::BUFFALO_SHUFFLED)
        );
    }

    #[test]
    fn yuncore_tftp() {
        let text = b"YUNCOREsetenv bootcmd \"bootm 0x9f050000 || bootm 0x9fe80000\"&& saveenv&& erase 0x9f050000 +0xfa0000&& cp.b 0x800600c0 0x9f050000 0xfa0000";
        let opened = assert_exact(|kernel, rootfs| {
            [filled(text, 192), plain(kernel, rootfs, 0x1_0000)].concat()
        });
        assert_eq!(opened.container.kind(), "yuncore-tftp-header-16m");
    }

    #[test]
    fn elecom_product() {
        let header = [filled(b"ELECOM\0\0WRC-X3000GS3", 40), filled(b"0.00", 16)].concat();
        let opened = assert_exact(|kernel, rootfs| {
            [header.clone(), plain(kernel, rootfs, 0x2_0000)].concat()
        });
        assert_eq!(opened.container.kind(), "elecom-product-header");
    }
}
