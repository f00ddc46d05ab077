//! Buffalo's header of an image, in two varieties, and the header around both.
//!
//! All numbers are big endian.
//!
//! ```text
//! 0   product (32), brand (32), version (8), minor version (8), all padded with NULs
//! 80  region (2), mask of regions (4), unknown (2)
//! 88  language (8), platform (8), hwv (4), hardware version (4)
//! 112 unknown (24)
//! 136 length with this header; DHP: with 200 bytes, for this header encrypted and the one before it
//! 140 checksum of all, this field 0, as `cksum` takes it; DHP: 0
//! 144 base 1 (4)                             DHP: length without this header (4)
//! 148 base 2 (4)                             DHP: base 2 (4)
//! 152 length without this header (4)         DHP: image
//! 156 flag (1), unknown (3)
//! 160 image
//! ```
//!
//! Source: firmware-utils' `buffalo-tag.c` and `buffalo-lib.h`; OpenWrt's `buffalo-tag` (ath79) and `buffalo-tag-dhp`.

use super::cksum::cksum;
use crate::layer::{Check, Error, Format, Opened, Part, Role, be32, put, text};

/// The header, with what depends on the image left 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    head: Vec<u8>,
}

const LEN: usize = 160;
const DHP_LEN: usize = 152;
/// What the length of the second variety counts beside the image.
const DHP_AROUND: usize = 200;
const TOTAL_AT: usize = 136;
const SUM_AT: usize = 140;
const SIZE_AT: usize = 152;
const DHP_SIZE_AT: usize = 144;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        if self.is_dhp() {
            "buffalo-tag-dhp"
        } else {
            "buffalo-tag"
        }
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let field = |at| be32(image, at).map(|value| value as usize);
        let total = field(TOTAL_AT)?;
        let texts =
            |header: &[u8]| header[0].is_ascii_alphanumeric() && header[32].is_ascii_alphanumeric();
        let is = |len: usize, size_at: usize, around: usize| {
            let body = image.len().checked_sub(len).filter(|body| *body > 0)?;
            (texts(image) && field(size_at) == Some(body) && total == body + around)
                .then(|| image.split_at(len))
        };
        let tag = is(LEN, SIZE_AT, LEN);
        let (header, body) = tag.or_else(|| is(DHP_LEN, DHP_SIZE_AT, DHP_AROUND))?;
        let mut layout = Self {
            head: header.to_vec(),
        };
        let dhp = layout.is_dhp();
        let size_at = if dhp { DHP_SIZE_AT } else { SIZE_AT };
        put(&mut layout.head, TOTAL_AT, &[0; 4]);
        put(&mut layout.head, size_at, &[0; 4]);
        let part = Part::at("image", header.len()..image.len(), Role::Image);
        let stored = be32(header, SUM_AT)?;
        if dhp && stored != 0 {
            return None;
        }
        put(&mut layout.head, SUM_AT, &[0; 4]);
        let computed = (!dhp).then(|| layout.closed(body));
        let mut opened = Opened::new(layout, vec![part]);
        if let Some(computed) = computed.and_then(|image| be32(&image, SUM_AT)) {
            let check = Check::number("cksum of all", SUM_AT, stored, computed);
            opened = opened.check(check);
        }
        let opened = opened
            .fact("product", text(header, 0, 32))
            .fact("version", text(header, 64, 8))
            .fact("region", text(header, 80, 2))
            .fact("platform", text(header, 96, 8));
        Some(Ok(opened))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let body = parts.concat();
        match u32::try_from(body.len() + DHP_AROUND) {
            Ok(_) => Ok(self.closed(&body)),
            Err(_) => Err(Error::too_long(
                "the image",
                body.len(),
                u64::from(u32::MAX),
            )),
        }
    }
}

impl Layout {
    fn is_dhp(&self) -> bool {
        self.head.len() == DHP_LEN
    }

    /// The header and `body`, which is shorter than 4 GiB.
    fn closed(&self, body: &[u8]) -> Vec<u8> {
        let mut image = [&self.head[..], body].concat();
        let len = (body.len() as u32).to_be_bytes();
        let total = |around: usize| ((body.len() + around) as u32).to_be_bytes();
        if self.is_dhp() {
            put(&mut image, TOTAL_AT, &total(DHP_AROUND));
            put(&mut image, DHP_SIZE_AT, &len);
        } else {
            put(&mut image, TOTAL_AT, &total(LEN));
            put(&mut image, SIZE_AT, &len);
            let sum = cksum(&image);
            put(&mut image, SUM_AT, &sum.to_be_bytes());
        }
        image
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::process::Command;

    use crate::layer::testing::assert_exact;
    use crate::vendor::buffalo_enc::tests::{enc, marked};

    /// With coreutils' `cksum`.
    pub(in crate::vendor) fn cksum(bytes: &[u8]) -> [u8; 4] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("image");
        std::fs::write(&path, bytes).unwrap();
        let output = Command::new("cksum").arg(&path).output().unwrap().stdout;
        let sum = String::from_utf8(output).unwrap();
        let sum: u32 = sum.split(' ').next().unwrap().parse().unwrap();
        sum.to_be_bytes()
    }

    fn texts(fields: &[(&[u8], usize)]) -> Vec<u8> {
        let mut all = Vec::new();
        for (text, len) in fields {
            let end = all.len() + len;
            all.extend_from_slice(text);
            all.resize(end, 0);
        }
        all
    }

    fn tag(body: &[u8]) -> Vec<u8> {
        let mut image = texts(&[
            (b"WZR-HP-AG300H", 32),
            (b"WZR-HP-AG300H", 32),
            (b"1.99", 8),
            (b"1.01", 8),
            (b"M_\xff\xff\xff\xff", 8),
            (b"mlang8", 8),
            (b"ath", 8),
            (b"hwv", 4),
            (b"3", 4),
            (b"", 24),
        ]);
        image.extend((body.len() as u32 + 160).to_be_bytes());
        image.extend([0; 4]);
        image.extend(b"\x80\x04\x10\0\x80\x1e\x80\0");
        image.extend((body.len() as u32).to_be_bytes());
        image.extend([1, 0, 0, 0]);
        image.extend(body);
        let sum = cksum(&image);
        image[140..144].copy_from_slice(&sum);
        image
    }

    pub(in crate::vendor) fn dhp_tag(body: &[u8]) -> Vec<u8> {
        let mut image = texts(&[
            (b"WSR-2533DHP2", 32),
            (b"WSR-2533DHP2", 32),
            (b"9.99", 8),
            (b"9.99", 8),
            (b"M_\0\0\0\x01", 8),
            (b"JP", 8),
            (b"MTK", 8),
            (b"hwv", 4),
            (b"1", 4),
            (b"", 24),
        ]);
        image.extend((body.len() as u32 + 200).to_be_bytes());
        image.extend([0; 4]);
        image.extend((body.len() as u32).to_be_bytes());
        image.extend([1, 0, 0, 0]);
        image.extend(body);
        image
    }

    #[test]
    fn ath79_factory_is_exact() {
        let opened = assert_exact(|kernel, rootfs| {
            let image = marked(kernel, rootfs);
            tag(&enc(&image, "WZR-HP-AG300H", "1.99", false, usize::MAX))
        });
        let kinds = opened.container.to_string();
        assert!(
            kinds.starts_with("buffalo-tag › buffalo-enc › plain"),
            "{kinds}"
        );
        assert_eq!(opened.container.layers()[0].facts[0].value, "WZR-HP-AG300H");
    }
}
