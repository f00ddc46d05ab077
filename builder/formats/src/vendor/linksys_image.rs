//! Linksys' footer of factory images.
//!
//! ```text
//! image
//! FF up to 256 bytes before a multiple of the flash's page
//! .LINKSYS. 01000409 (17)
//! type (15), padded with blanks
//! checksum of all before, as `cksum` takes it, 8 upper-case hexadecimal digits
//! 0 (8), padded with blanks
//! K0000000F0246434 (16)
//! zeros (192)
//! ```
//!
//! Before 2020 or so there was no padding, and a newline behind it all. Source: OpenWrt's `linksys-image` (ath79, ipq40xx,
//! qualcommax, ramips); that of realtek is another.

use super::cksum::cksum;
use crate::layer::{Check, Error, Format, Opened, Part, Role};
use crate::pad_rootfs::MARKER;

/// The footer, and how the image is padded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// With room for the checksum.
    footer: Vec<u8>,
    /// The image and 256 bytes are padded to a multiple of this; 1 for no padding.
    page: usize,
}

const MAGIC: &[u8] = b".LINKSYS.";
const FOOTER_LEN: usize = 256;
const TYPE_AT: usize = 17;
const SUM_AT: usize = 32;
const SUM_LEN: usize = 8;
/// Pages of NAND flash, the usual one first.
const PAGES: [usize; 3] = [2048, 4096, 512];
/// UBI images are multiples of an erase block, all of which are multiples of this.
const BLOCK: usize = 0x2_0000;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "linksys-image"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let newline = usize::from(image.last() == Some(&b'\n'));
        let end = image.len().checked_sub(FOOTER_LEN + newline)?;
        let (body, footer) = image.split_at(end);
        let stored = footer.get(SUM_AT..SUM_AT + SUM_LEN)?;
        let ours = footer.starts_with(MAGIC)
            && stored.iter().all(u8::is_ascii_hexdigit)
            && footer[64..FOOTER_LEN].iter().all(|b| *b == 0);
        if !ours {
            return None;
        }
        let (len, page) = unpadded(body);
        let kind = String::from_utf8_lossy(&footer[TYPE_AT..SUM_AT]);
        let kind = kind.trim_end().to_owned();
        let check = Check {
            what: "cksum of all before the footer",
            at: (end + SUM_AT) as u64,
            stored: String::from_utf8_lossy(stored).to_lowercase(),
            computed: format!("{:08x}", cksum(body)),
        };
        let layout = Self {
            footer: footer.to_vec(),
            page,
        };
        let part = Part::at("image", 0..len, Role::Image);
        let opened = Opened::new(layout, vec![part]).check(check);
        Some(Ok(opened.fact("type", kind)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = parts.concat();
        let total = (image.len() + FOOTER_LEN).next_multiple_of(self.page.max(1));
        image.resize(total - FOOTER_LEN, 0xFF);
        let sum = format!("{:08X}", cksum(&image));
        let at = image.len();
        image.extend_from_slice(&self.footer);
        crate::layer::put(&mut image, at + SUM_AT, sum.as_bytes());
        Ok(image)
    }
}

/// Length of the image in `body`, and the page it is padded to. The image ends with a UBI's last erase block, which may be
/// empty and so all FF, or with an overlay marker.
fn unpadded(body: &[u8]) -> (usize, usize) {
    let filled = body.iter().rposition(|b| *b != 0xFF).map_or(0, |at| at + 1);
    let whole = body.len() - body.len() % BLOCK;
    let marked = body[..filled].ends_with(&MARKER).then_some(filled);
    let ends = [(whole >= filled).then_some(whole), marked];
    for len in ends.into_iter().flatten().filter(|len| *len > 0) {
        let fits =
            |page: &&usize| (len + FOOTER_LEN).next_multiple_of(**page) == body.len() + FOOTER_LEN;
        if let Some(page) = PAGES.iter().find(fits) {
            return (len, *page);
        }
    }
    (body.len(), 1)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::layer::testing::{assert_exact, assert_repacks, plain, random};
    use crate::pad_rootfs::Rule;
    use crate::ubi::tests::{NAND, ubinize};

    /// With coreutils' `cksum`.
    fn linksys(body: &[u8], page: usize, newline: bool) -> Vec<u8> {
        let mut image = body.to_vec();
        while !(image.len() + 256).is_multiple_of(page) {
            image.push(0xFF);
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("image");
        std::fs::write(&path, &image).unwrap();
        let output = Command::new("cksum").arg(&path).output().unwrap().stdout;
        let sum = String::from_utf8(output).unwrap();
        let sum: u32 = sum.split(' ').next().unwrap().parse().unwrap();
        let footer = format!(
            ".LINKSYS.01000409{:<15}{sum:08X}{:<8}K0000000F0246434",
            "WHW03", "0"
        );
        image.extend(footer.bytes());
        image.extend([0; 192]);
        if newline {
            image.push(b'\n');
        }
        image
    }

    #[test]
    fn around_a_marked_rootfs_is_exact() {
        for (page, newline) in [(2048, false), (1, true)] {
            let opened = assert_exact(|kernel, rootfs| {
                let mut image = plain(kernel, rootfs, 0x2_0000);
                image.extend(Rule::padjffs2(&[64]).unwrap().padding(image.len() as u64));
                linksys(&image, page, newline)
            });
            assert_eq!(opened.container.layers()[0].facts[0].value, "WHW03");
        }
    }

    #[test]
    fn around_kernel_and_ubi_is_exact() {
        for page in [2048, 4096] {
            let opened = assert_repacks(|kernel, rootfs| {
                let volumes = [("rootfs", Some(rootfs), "")];
                let mut image = kernel.to_vec();
                image.resize(5 << 20, 0);
                image.extend(ubinize(NAND, &volumes));
                linksys(&image, page, false)
            });
            let layers = opened.container.layers();
            assert_eq!(layers.last().unwrap().layout.kind(), "ubi");
        }
    }

    /// What is not a root file system with markers is a multiple of 128 KiB, and may end with FF itself.
    #[test]
    fn around_erase_blocks_is_exact() {
        for page in [2048, 4096] {
            for empty in [0, 0x2_0000 - 64, 0x2_0000] {
                let mut first = random(3 * 0x2_0000 - empty, 9);
                first.resize(3 * 0x2_0000, 0xFF);
                let donor = linksys(&first, page, false);
                let opened = Layout::open(&donor).unwrap().unwrap();
                assert!(opened.checks[0].holds());
                assert_eq!(
                    opened.parts[0],
                    Part::at("image", 0..3 * 0x2_0000, Role::Image)
                );
                let second = random(5 * 0x2_0000, 1);
                let closed = opened.layout.close(&[&second]).unwrap();
                assert!(closed == linksys(&second, page, false));
            }
        }
    }
}
