//! Senao's header before an image that is XORed (EnGenius, Sitecom, I-O Data).
//!
//! All numbers are big endian.
//!
//! ```text
//! 0  head: 0
//! 4  vendor
//! 8  product
//! 12 version (16), padded with NULs
//! 28 type: 2 kernel, 3 kernel and application, ...; 0 when another header follows this one
//! 32 length of the image
//! 36 zero
//! 40 MD5 of the image before it is XORed (16)
//! 56 zeros (32)
//! 88 sum of the header's bytes, this field 0
//! 92 magic: 12345678
//! 96 image, byte i XORed with the low byte of magic >> (i mod 8)
//! ```
//!
//! Source: firmware-utils' `mksenaofw.c`.

use md5::{Digest, Md5};

use crate::layer::{Check, Error, Format, Opened, Part, Role, be32, put, text};

/// The header, with what depends on the image left 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    head: [u8; HEADER_LEN],
}

const HEADER_LEN: usize = 96;
const TYPE_AT: usize = 28;
const SIZE_AT: usize = 32;
const MD5_AT: usize = 40;
const MD5_LEN: usize = 16;
const SUM_AT: usize = 88;
const MAGIC_AT: usize = 92;
/// The magic that OpenWrt's recipes leave as it is.
const MAGIC: u32 = 0x1234_5678;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "senao-header"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let (header, body) = image.split_first_chunk::<HEADER_LEN>()?;
        let field = |at| be32(header, at).unwrap_or_default();
        let zeros = |from: usize, to: usize| header[from..to].iter().all(|b| *b == 0);
        let ours = field(MAGIC_AT) == MAGIC
            && zeros(0, 4)
            && zeros(36, 40)
            && zeros(56, SUM_AT)
            && field(TYPE_AT) <= 0xFF
            && !body.is_empty();
        ours.then(|| open(header, body))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let body = parts.concat();
        let len = u32::try_from(body.len())
            .map_err(|_| Error::too_long("the image", body.len(), u64::from(u32::MAX)))?;
        let mut header = self.head;
        put(&mut header, SIZE_AT, &len.to_be_bytes());
        put(&mut header, MD5_AT, &Md5::digest(&body));
        let sum = sum(&header);
        put(&mut header, SUM_AT, &sum.to_be_bytes());
        Ok([&header[..], &xor(&body)].concat())
    }
}

fn open(header: &[u8; HEADER_LEN], body: &[u8]) -> Result<Opened<Layout>, Error> {
    let field = |at| be32(header, at).unwrap_or_default();
    if field(TYPE_AT) == 0 {
        return Err(Error::Unsupported {
            what: "a Senao image with a second header (CAPWAP)".into(),
            cure: "Use the device's squashfs-sysupgrade image instead.",
        });
    }
    let (need, have) = (field(SIZE_AT) as usize, body.len());
    if need > have {
        return Err(Error::Truncated {
            what: "the length in the Senao header",
            need: (need + HEADER_LEN) as u64,
            have: (have + HEADER_LEN) as u64,
        });
    }
    if need < have {
        return Err(Error::Unsupported {
            what: "a Senao image with padding behind it".into(),
            cure: "Use the device's squashfs-sysupgrade image instead.",
        });
    }
    let plain = xor(body);
    let mut head = *header;
    put(&mut head, SIZE_AT, &[0; 4]);
    put(&mut head, MD5_AT, &[0; MD5_LEN]);
    put(&mut head, SUM_AT, &[0; 4]);
    let mut summed = *header;
    put(&mut summed, SUM_AT, &[0; 4]);
    let version = text(header, 12, 16);
    let md5 = Check::digest(
        "MD5 of the image",
        MD5_AT,
        &header[MD5_AT..MD5_AT + MD5_LEN],
        &Md5::digest(&plain),
    );
    let sum = Check::number(
        "sum of the header's bytes",
        SUM_AT,
        field(SUM_AT),
        sum(&summed),
    );
    let part = Part::unpacked("image", plain, Role::Image);
    Ok(Opened::new(Layout { head }, vec![part])
        .check(md5)
        .check(sum)
        .fact("vendor", format!("{:#x}", field(4)))
        .fact("product", format!("{:#x}", field(8)))
        .fact("version", version))
}

fn sum(bytes: &[u8]) -> u32 {
    bytes.iter().map(|byte| u32::from(*byte)).sum()
}

fn xor(bytes: &[u8]) -> Vec<u8> {
    // The low bytes.
    let key: [u8; 8] = std::array::from_fn(|shift| (MAGIC >> shift) as u8);
    bytes
        .iter()
        .zip(key.iter().cycle())
        .map(|(byte, key)| byte ^ key)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use crate::layer::testing::{assert_exact, plain};
    use crate::pad_rootfs::Rule;

    fn senao(body: &[u8]) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("image");
        std::fs::write(&path, body).unwrap();
        let output = Command::new("md5sum").arg(&path).output().unwrap().stdout;
        let digits = String::from_utf8(output).unwrap();
        let md5: Vec<u8> = (0..16)
            .map(|at| u8::from_str_radix(&digits[2 * at..][..2], 16).unwrap())
            .collect();
        let mut header = b"\0\0\0\0\0\0\x03\x0a\0\0\0\x60200\0".to_vec();
        header.resize(28, 0);
        header.extend([0, 0, 0, 2]);
        header.extend((body.len() as u32).to_be_bytes());
        header.extend([0; 4]);
        header.extend(md5);
        header.extend([0; 32]);
        let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
        header.extend((sum + 0x12 + 0x34 + 0x56 + 0x78).to_be_bytes());
        header.extend([0x12, 0x34, 0x56, 0x78]);
        // 0x12345678 shifted by 0 to 7 bits, by hand.
        let key = [0x78, 0x3C, 0x9E, 0xCF, 0x67, 0xB3, 0x59, 0xAC];
        header.extend(body.iter().enumerate().map(|(at, byte)| byte ^ key[at % 8]));
        header
    }

    #[test]
    fn is_exact() {
        let opened = assert_exact(|kernel, rootfs| {
            let mut image = plain(kernel, rootfs, 0x1_0000);
            image.extend(Rule::padjffs2(&[64]).unwrap().padding(image.len() as u64));
            senao(&image)
        });
        let facts = &opened.container.layers()[0].facts;
        let facts: Vec<_> = facts.iter().map(|fact| &fact.value[..]).collect();
        assert_eq!(facts, ["0x30a", "0x60", "200"]);
    }
}
