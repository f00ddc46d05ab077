//! Netgear's CHK header.
//!
//! All numbers are big endian.
//!
//! ```text
//! 0  magic 2A 23 24 5E
//! 4  length of the header with the board's id
//! 8  region (1 all the world, 2 North America), then seven numbers of a version (63 each in OpenWrt's)
//! 16 checksum of the kernel: here, of the whole image
//! 20 checksum of the root file system: 0
//! 24 length of the image
//! 28 length of the root file system: 0
//! 32 checksum of the image
//! 36 checksum of the header with its id, this field 0
//! 40 id of the board, without a NUL
//! .. image
//! ```
//!
//! A checksum is two sums modulo 2³², of the bytes and of the first sum after each byte, both folded to 16 bits.
//! Source: firmware-utils' `mkchkimg.c`.

use crate::layer::{Check, Error, Format, Opened, Part, Role, be32, put};

/// What the header says that does not depend on the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Region and version.
    version: [u8; 8],
    /// Id of the board.
    board: Vec<u8>,
}

const MAGIC: [u8; 4] = [0x2a, 0x23, 0x24, 0x5e];
const FIXED_LEN: usize = 40;
/// The longest id the tool takes.
const MAX_BOARD: usize = 64;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "netgear-chk"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let header_len = be32(image, 4)? as usize;
        let ours = image.starts_with(&MAGIC)
            && (FIXED_LEN..=FIXED_LEN + MAX_BOARD).contains(&header_len)
            && header_len <= image.len();
        ours.then(|| open(image, header_len))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let body = parts.concat();
        let len = u32::try_from(body.len())
            .map_err(|_| Error::too_long("the image", body.len(), u64::from(u32::MAX)))?;
        let mut image = vec![0; FIXED_LEN];
        image.extend_from_slice(&self.board);
        let sum = checksum(&body).to_be_bytes();
        // Not above `FIXED_LEN + MAX_BOARD`.
        let header_len = (image.len() as u32).to_be_bytes();
        put(&mut image, 0, &MAGIC);
        put(&mut image, 4, &header_len);
        put(&mut image, 8, &self.version);
        put(&mut image, 16, &sum);
        put(&mut image, 24, &len.to_be_bytes());
        put(&mut image, 32, &sum);
        let own = checksum(&image).to_be_bytes();
        put(&mut image, 36, &own);
        image.extend_from_slice(&body);
        Ok(image)
    }
}

fn open(image: &[u8], header_len: usize) -> Result<Opened<Layout>, Error> {
    let (header, body) = image.split_at(header_len);
    let field = |at| be32(header, at).unwrap_or_default();
    if field(28) != 0 {
        return Err(Error::Unsupported {
            what: "a CHK image with a root file system of its own".into(),
            cure: "Use the device's squashfs-sysupgrade image instead, if there is one.",
        });
    }
    let (need, have) = (u64::from(field(24)), body.len() as u64);
    if need > have {
        return Err(Error::Truncated {
            what: "the length in the CHK header",
            need: need + header_len as u64,
            have: image.len() as u64,
        });
    }
    if need < have {
        let what = format!("the CHK header says {need} bytes follow it, but there are {have}");
        return Err(Error::damaged(24, what));
    }
    let mut version = [0; 8];
    version.copy_from_slice(&header[8..16]);
    let board = header[FIXED_LEN..].to_vec();
    let name = String::from_utf8_lossy(&board).into_owned();
    let mut own = header.to_vec();
    put(&mut own, 36, &[0; 4]);
    let sum = checksum(body);
    let part = Part::at("image", header_len..image.len(), Role::Image);
    let layout = Layout { version, board };
    Ok(Opened::new(layout, vec![part])
        .check(Check::number("checksum of the kernel", 16, field(16), sum))
        .check(Check::number("checksum of the image", 32, field(32), sum))
        .check(Check::number(
            "checksum of the CHK header",
            36,
            field(36),
            checksum(&own),
        ))
        .fact("board", name)
        .fact("region", version[0]))
}

fn checksum(bytes: &[u8]) -> u32 {
    let (mut sum, mut sums) = (0u32, 0u32);
    for byte in bytes {
        sum = sum.wrapping_add(u32::from(*byte));
        sums = sums.wrapping_add(sum);
    }
    fold(sums) << 16 | fold(sum)
}

fn fold(sum: u32) -> u32 {
    let once = (sum & 0xFFFF) + (sum >> 16);
    (once + (once >> 16)) & 0xFFFF
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{assert_exact, assert_repacks, plain};
    use crate::pad_rootfs::Rule;
    use crate::trx::tests::{nand, with_loader};

    /// Both sums without wrapping, and folded by division: an independent writing of the same.
    fn sums(bytes: &[u8]) -> [u8; 4] {
        let len = bytes.len() as u128;
        let all = bytes.iter().map(|b| u128::from(*b)).sum::<u128>();
        let weighted = bytes
            .iter()
            .enumerate()
            .map(|(at, b)| (len - at as u128) * u128::from(*b))
            .sum::<u128>();
        let fold = |sum: u128| {
            let sum = sum % (1 << 32);
            let once = sum % 65536 + sum / 65536;
            ((once + once / 65536) % 65536) as u16
        };
        let [a, b] = fold(weighted).to_be_bytes();
        let [c, d] = fold(all).to_be_bytes();
        [a, b, c, d]
    }

    fn chk(body: &[u8]) -> Vec<u8> {
        let id = b"U12H072T00_NETGEAR";
        let sum = sums(body);
        let len = (body.len() as u32).to_be_bytes();
        let region = [2, 99, 99, 99, 99, 99, 99, 99];
        let header = |own: [u8; 4]| {
            let start = [&b"*#$^\0\0\0"[..], &[40 + 18], &region].concat();
            [&start[..], &sum, &[0; 4], &len, &[0; 4], &sum, &own, id].concat()
        };
        let own = sums(&header([0; 4]));
        [header(own), body.to_vec()].concat()
    }

    #[test]
    fn around_a_trx_is_exact() {
        let opened = assert_exact(|kernel, rootfs| chk(&with_loader(kernel, rootfs)));
        let layers = opened.container.layers();
        assert_eq!(layers[0].facts[0].value, "U12H072T00_NETGEAR");
        assert_eq!(layers[1].layout.kind(), "trx");
    }

    #[test]
    fn around_a_trx_for_nand_is_exact() {
        let opened = assert_repacks(|kernel, rootfs| chk(&nand(kernel, rootfs)));
        assert_eq!(opened.container.to_string(), "netgear-chk › trx › ubi");
    }

    #[test]
    fn around_kernel_and_rootfs_is_exact() {
        assert_exact(|kernel, rootfs| {
            let mut image = plain(kernel, rootfs, 1);
            image.extend(Rule::padjffs2(&[64]).unwrap().padding(image.len() as u64));
            chk(&image)
        });
    }

    /// Worked out by hand: sums 1, 3, 6 of the bytes, and 10 of these.
    #[test]
    fn checksums_are_as_described() {
        assert_eq!(checksum(&[1, 2, 3]), 10 << 16 | 6);
        // 0x1_0000 folds to 1.
        assert_eq!(fold(0x1_0000), 1);
        assert_eq!(fold(0xFFFF_FFFF), 0xFFFF);
    }
}
