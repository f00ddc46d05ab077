//! Images for JBOOT, the boot loader of D-Link's LTE routers and of AMIT's.
//!
//! ```text
//! 0    mark[1] (4, or FFh in factory images)   1  4   2  2B24h
//! 4    time   8  length of all up to the kernel's end, from 10h on   0ch its sum   0eh negated sum of 0 to 0dh
//! 10h  2124h  12h compression[1]   13h 2   14h load address
//! 18h  length of the kernel   1ch its CRC-32   20h entry   24h address of the file system
//! 28h  length of the file system   2ch its CRC-32   30h CRC-32 of this header (10h to 37h), itself zero
//! 34h  40   36h  0
//! 38h  kernel; with OpenWrt a loader of fixed length
//!      the file system; with OpenWrt the kernel too, before it
//!      overlay markers
//! ```
//!
//! Factory images have 80 bytes more before all that:
//!
//! ```text
//! 0    "DLK…" ROM id[12]   0eh sum of what follows the header
//! 24h  length of the flash partition   2ch length of what follows
//! 40h  4842h   42h 2   4ch family   4eh negated sum of 0 to 4dh
//! ```
//!
//! All numbers are little endian, of 32 bits except for the magic numbers, sums and family (16 bits). A sum adds
//! 16 bits at a time and any carry. In the sum of the first 14 bytes, the mark counts as 4.
//!
//! Source of the format: firmware-utils' `mkdlinkfw.c` and `mkdlinkfw-lib.c`.

#[cfg(test)]
mod tests;

use crate::layer::{Check, Error, Format, Opened, Part, Role, le16, le32, put, text};
use crate::pad_rootfs::Tail;

const TAG: usize = 16;
const HEADER: usize = 56;
const FACTORY: usize = 80;

/// The headers, and what follows the file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    header: Vec<u8>,
    tail: Tail,
}

/// The header of a factory image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factory {
    header: Vec<u8>,
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "jboot"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        if (le16(image, 2)?, le16(image, TAG)?, le16(image, 0x34)?) != (0x2B24, 0x2124, 40) {
            return None;
        }
        let kernel = HEADER + le32(image, 0x18)? as usize;
        if le32(image, 8)? as usize != kernel - TAG {
            return None;
        }
        Some(open(image, kernel))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let [kernel, files] = parts else {
            return Err(Error::damaged(
                0,
                "a JBOOT image has a kernel and a file system",
            ));
        };
        let mut image = self.header.clone();
        put(&mut image, 0x28, &length("the file system", files)?);
        put(&mut image, 0x2c, &crc32fast::hash(files).to_le_bytes());
        let crc = header_crc(&image);
        put(&mut image, 0x30, &crc.to_le_bytes());
        image.extend_from_slice(kernel);
        let all = sum(&image[TAG..]);
        put(&mut image, 0x0c, &all.to_le_bytes());
        let tag = tag_sum(&image);
        put(&mut image, 0x0e, &tag.to_le_bytes());
        image.extend_from_slice(files);
        self.tail.append(&mut image)?;
        Ok(image)
    }
}

fn open(image: &[u8], kernel_end: usize) -> Result<Opened<Layout>, Error> {
    let number = |at| le32(image, at).unwrap_or_default();
    let end = kernel_end + number(0x28) as usize;
    if end > image.len() {
        return Err(Error::Truncated {
            what: "its JBOOT header",
            need: end as u64,
            have: image.len() as u64,
        });
    }
    let rest = &image[end..];
    let tail = Tail::infer(end as u64, rest, &Tail::usual(end as u64, rest))?;
    let half = |at| le16(image, at).unwrap_or_default();
    let checks = [
        Check::number(
            "sum of header and kernel",
            0x0c,
            half(0x0c),
            sum(&image[TAG..kernel_end]),
        ),
        Check::number("sum of the tag", 0x0e, half(0x0e), tag_sum(image)),
        Check::number(
            "CRC-32 of the kernel",
            0x1c,
            number(0x1c),
            crc32fast::hash(&image[HEADER..kernel_end]),
        ),
        Check::number(
            "CRC-32 of the file system",
            0x2c,
            number(0x2c),
            crc32fast::hash(&image[kernel_end..end]),
        ),
        Check::number(
            "CRC-32 of the header",
            0x30,
            number(0x30),
            header_crc(image),
        ),
    ];
    let parts = vec![
        Part::at("loader", HEADER..kernel_end, Role::Kept),
        Part::at("file system", kernel_end..end, Role::Image),
    ];
    let header = image[..HEADER].to_vec();
    let opened = Opened::new(Layout { header, tail }, parts);
    Ok(checks.into_iter().fold(opened, Opened::check))
}

impl Format for Factory {
    fn kind(&self) -> &'static str {
        "jboot factory"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        if !image.starts_with(b"DLK") || (le16(image, 0x40)?, le16(image, 0x42)?) != (0x4842, 2) {
            return None;
        }
        let (header, data) = image.split_at_checked(FACTORY)?;
        let len = le32(image, 0x2c)? as usize;
        if len != data.len() {
            return Some(Err(Error::Truncated {
                what: "its JBOOT factory header",
                need: (FACTORY + len) as u64,
                have: image.len() as u64,
            }));
        }
        let part = Part::at("image", FACTORY..image.len(), Role::Image);
        let half = |at| le16(image, at).unwrap_or_default();
        let header = header.to_vec();
        let own = !sum(&header[..0x4e]);
        Some(Ok(Opened::new(Self { header }, vec![part])
            .check(Check::number(
                "sum of the image",
                0x0e,
                half(0x0e),
                sum(data),
            ))
            .check(Check::number("sum of the header", 0x4e, half(0x4e), own))
            .fact("ROM id", text(image, 0, 12))
            .fact("family", format!("{:04x}", half(0x4c)))
            .fact("partition size", le32(image, 0x24)?)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let data = parts.concat();
        let max = u64::from(le32(&self.header, 0x24).unwrap_or_default());
        if (FACTORY + data.len()) as u64 > max {
            return Err(Error::too_long("the image", FACTORY + data.len(), max));
        }
        let mut image = self.header.clone();
        put(&mut image, 0x2c, &length("the image", &data)?);
        put(&mut image, 0x0e, &sum(&data).to_le_bytes());
        let own = !sum(&image[..0x4e]);
        put(&mut image, 0x4e, &own.to_le_bytes());
        image.extend(data);
        Ok(image)
    }
}

fn length(what: &str, data: &[u8]) -> Result<[u8; 4], Error> {
    let len = u32::try_from(data.len());
    let len = len.map_err(|_| Error::too_long(what, data.len(), u32::MAX.into()))?;
    Ok(len.to_le_bytes())
}

/// The CRC of the second header, with its own field zero.
fn header_crc(image: &[u8]) -> u32 {
    let mut header = image.get(TAG..HEADER).unwrap_or_default().to_vec();
    put(&mut header, 0x30 - TAG, &[0; 4]);
    crc32fast::hash(&header)
}

/// The negated sum of the first header, with the mark of sysupgrade images.
fn tag_sum(image: &[u8]) -> u16 {
    let mut tag = image.get(..14).unwrap_or_default().to_vec();
    put(&mut tag, 0, &[4]);
    !sum(&tag)
}

/// The boot loader's sum. It takes FFh from a last odd byte.
fn sum(data: &[u8]) -> u16 {
    let fold = |mut sum: u32| {
        while sum >> 16 != 0 {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }
        sum
    };
    let pairs = data.chunks_exact(2);
    let odd = pairs.remainder().first();
    let mut total = pairs.fold(0, |total, pair| {
        fold(total + u32::from(u16::from_le_bytes([pair[0], pair[1]])))
    });
    if let Some(byte) = odd {
        total = fold(total.wrapping_add(u32::from(*byte)).wrapping_sub(0xFF));
    }
    total as u16
}
