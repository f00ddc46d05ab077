//! JCG's header, and four bytes behind the root file system that make a CRC come out right.
//!
//! ```text
//! 0   "YSZJ"
//! 36  1 (4)
//! 104 build time (4)
//! 108 version (2 + 2)
//! 504 CRC-32 of the image
//! 508 CRC-32 of the header, this field zero
//! 512 uImage with the kernel ‖ root file system ‖ four bytes
//! ```
//!
//! All big endian. The makers' web pages take the CRC in the uImage's header for that of all that follows it, while the boot
//! loader takes it for that of the kernel. The last four bytes make both the same.
//! Source: firmware-utils' `jcgimage.c`.

use crate::layer::{Check, Error, Format, Opened, Part, Role, be16, be32, put};
use crate::uimage;

/// The header without its two CRCs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    header: Box<[u8; HEADER_LEN]>,
}

const HEADER_LEN: usize = 512;
const BODY_CRC: usize = 504;
const HEADER_CRC: usize = 508;
/// The bytes that make the CRC come out right.
const PATCH: usize = 4;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "jcg-header"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let (header, body) = image.split_first_chunk::<HEADER_LEN>()?;
        if !header.starts_with(b"YSZJ") || be32(header, 36) != Some(1) || body.len() < 64 + PATCH {
            return None;
        }
        let (body_crc, header_crc) = (be32(header, BODY_CRC)?, be32(header, HEADER_CRC)?);
        let wanted = be32(body, 24)?;
        let mut header = Box::new(*header);
        put(&mut header[..], HEADER_CRC, &[0; 4]);
        let computed = crc32fast::hash(&header[..]);
        put(&mut header[..], BODY_CRC, &[0; 4]);
        let version = format!("{}.{}", be16(&header[..], 108)?, be16(&header[..], 110)?);
        let end = image.len() - PATCH;
        let all = crc32fast::hash(&body[uimage::HEADER_LEN..]);
        let part = Part::at("image", HEADER_LEN..end, Role::Image);
        let opened = Opened::new(Self { header }, vec![part])
            .check(Check::number(
                "CRC-32 of the image",
                BODY_CRC,
                body_crc,
                crc32fast::hash(body),
            ))
            .check(Check::number(
                "CRC-32 of the header",
                HEADER_CRC,
                header_crc,
                computed,
            ))
            .check(Check::number(
                "CRC-32 behind the uImage header",
                HEADER_LEN + 24,
                wanted,
                all,
            ))
            .fact("version", version);
        Some(Ok(opened))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut body = parts.concat();
        let (Some(wanted), Some(covered)) = (be32(&body, 24), body.get(uimage::HEADER_LEN..))
        else {
            return Err(Error::damaged(HEADER_LEN, "a uImage is expected"));
        };
        let patch = patch(crc32fast::hash(covered), wanted);
        body.extend_from_slice(&patch);
        let mut header = self.header.clone();
        put(
            &mut header[..],
            BODY_CRC,
            &crc32fast::hash(&body).to_be_bytes(),
        );
        let sum = crc32fast::hash(&header[..]);
        put(&mut header[..], HEADER_CRC, &sum.to_be_bytes());
        Ok([&header[..], &body].concat())
    }
}

/// The four bytes that turn the CRC-32 `have` of what stands before them into `wanted`.
///
/// The register is run backwards over 32 bits: each step undone tells what had to be shifted in.
fn patch(have: u32, wanted: u32) -> [u8; PATCH] {
    let mut register = !wanted;
    for _ in 0..32 {
        let top = register >> 31;
        register = (register ^ if top == 1 { 0xEDB8_8320 } else { 0 }) << 1 | top;
    }
    (register ^ !have).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{assert_exact, plain, random};

    #[test]
    fn the_patch_makes_any_crc() {
        for (at, wanted) in [0, 1, u32::MAX, 0x1234_5678].into_iter().enumerate() {
            let mut bytes = random(100 + at, 3);
            let patch = super::patch(crc32fast::hash(&bytes), wanted);
            bytes.extend(patch);
            assert_eq!(crc32fast::hash(&bytes), wanted);
        }
    }

    #[test]
    fn is_exact() {
        let opened = assert_exact(|kernel, rootfs| {
            let mut body = plain(kernel, rootfs, 1);
            let wanted = u32::from_be_bytes(body[24..28].try_into().unwrap());
            // By search in the tables of zlib's CRC, as the paper does that the tool follows.
            let table = |n: u32| (0..8).fold(n, |n, _| (n >> 1) ^ (0xEDB8_8320 * (n & 1)));
            let mut want = !wanted;
            let mut indices = [0u32; 4];
            for index in indices.iter_mut().rev() {
                *index = (0..256).find(|n| table(*n) >> 24 == want >> 24).unwrap();
                want = (want ^ table(*index)) << 8;
            }
            let mut register = !crc32fast::hash(&body[64..]);
            for index in indices {
                body.push((register ^ index) as u8);
                register = table(index) ^ register >> 8;
            }
            let mut header = [0; 512];
            header[..4].copy_from_slice(b"YSZJ");
            header[39] = 1;
            header[104..108].copy_from_slice(&1_700_000_000u32.to_be_bytes());
            header[109] = 89;
            header[111] = 1;
            let sum = crc32fast::hash(&body).to_be_bytes();
            header[504..508].copy_from_slice(&sum);
            let sum = crc32fast::hash(&header).to_be_bytes();
            header[508..].copy_from_slice(&sum);
            [&header[..], &body].concat()
        });
        assert_eq!(opened.container.layers()[0].facts[0].value, "89.1");
    }
}
