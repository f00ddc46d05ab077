//! Netgear's DNI header, and a checksum of one byte behind the image.
//!
//! ```text
//! 0   text (128), padded with NULs:
//!     device:<board>
//!     version:V<version>
//!     region:<region>
//!     hd_id:<hardware>        (some devices)
//! 128 image
//! ..  FF minus the sum of all bytes before (1)
//! ```
//!
//! Source: firmware-utils' `mkdniimg.c`.

use crate::layer::{Check, Error, Format, Opened, Part, Role, text};

/// The header, which stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    header: [u8; HEADER_LEN],
}

const HEADER_LEN: usize = 128;
/// The beginnings of its lines, which are names of facts too.
const LINES: [(&str, &str); 4] = [
    ("device:", "device"),
    ("version:", "version"),
    ("region:", "region"),
    ("hd_id:", "hardware id"),
];

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "netgear-dni"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let header = *image.first_chunk::<HEADER_LEN>()?;
        let lines = text(&header, 0, HEADER_LEN);
        let ours = header.starts_with(b"device:")
            && lines.contains("\nversion:")
            && lines.contains("\nregion:")
            && header[lines.len().min(HEADER_LEN)..]
                .iter()
                .all(|b| *b == 0);
        let end = image.len().checked_sub(1)?;
        if !ours || end < HEADER_LEN {
            return None;
        }
        let (stored, computed) = (image[end], checksum(&image[..end]));
        let part = Part::at("image", HEADER_LEN..end, Role::Image);
        let mut opened = Opened::new(Self { header }, vec![part]).check(Check::number(
            "checksum of all before",
            end,
            stored,
            computed,
        ));
        for line in lines.lines() {
            for (start, name) in LINES {
                if let Some(value) = line.strip_prefix(start).filter(|value| !value.is_empty()) {
                    opened = opened.fact(name, value);
                }
            }
        }
        Some(Ok(opened))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = [&self.header[..], &parts.concat()].concat();
        image.push(checksum(&image));
        Ok(image)
    }
}

fn checksum(bytes: &[u8]) -> u8 {
    !bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{assert_exact, plain};
    use crate::pad_rootfs::Rule;

    fn dni(body: &[u8], lines: &str) -> Vec<u8> {
        let mut image = lines.as_bytes().to_vec();
        image.resize(128, 0);
        image.extend_from_slice(body);
        let sum: u64 = image.iter().map(|b| u64::from(*b)).sum();
        image.push(255 - (sum % 256) as u8);
        image
    }

    #[test]
    fn is_exact() {
        let opened = assert_exact(|kernel, rootfs| {
            let mut image = plain(kernel, rootfs, 0x1_0000);
            image.extend(Rule::padjffs2(&[64]).unwrap().padding(image.len() as u64));
            dni(
                &image,
                "device:EX2700\nversion:V.r33051\nregion:\nhd_id:29764623+4+0+32+2x2+0\n",
            )
        });
        let facts = &opened.container.layers()[0].facts;
        let facts: Vec<_> = facts.iter().map(|fact| &fact.value[..]).collect();
        assert_eq!(facts, ["EX2700", "V.r33051", "29764623+4+0+32+2x2+0"]);
    }

    /// A header of a uImage without data between kernel and root file system, and the room of a boot loader's header.
    #[test]
    fn with_a_fake_header_is_exact() {
        assert_exact(|kernel, rootfs| {
            let mut image = kernel.to_vec();
            image.resize((image.len() + 64).next_multiple_of(0x2_0000) - 64, 0);
            let header = crate::uimage::NewHeader {
                time: 1,
                load: 0,
                entry: 0,
                arch: 2,
                kind: 7,
                compression: 0,
                name: "OpenWrt fake filesystem",
            };
            image.extend(crate::uimage::wrap(&header, b"").unwrap());
            image.resize(3_932_160, 0);
            image.extend_from_slice(rootfs);
            image.extend(Rule::padjffs2(&[64]).unwrap().padding(image.len() as u64));
            dni(&image, "device:RBR40\nversion:V.r33051\nregion:WW\n")
        });
    }
}
