//! Ubiquiti's factory image.
//!
//! ```text
//! 0x000  "OPEN", or another magic (4)      each part:
//! 0x004  version, text (256)               0x00  "PART"
//! 0x104  CRC-32 of all before              0x04  name (16), zeros (12)
//! 0x108  zero                              0x20  address in memory, index, offset in the flash, entry
//! 0x10c  the parts                         0x30  length of the data
//!        "END.", CRC-32 of all before,     0x34  room in the flash
//!        zero; or "ENDS", zeros (260)      0x38  data, CRC-32 of the part so far, zero
//! ```
//!
//! All numbers are 32 bits, big endian. OpenWrt's images for most devices cut kernel and root file system apart at 1 MiB,
//! wherever the kernel ends (`mkubntimage-split`); some have a loader as kernel (`mkubntimage`). Source: firmware-utils'
//! `mkfwimage.c` and `fw.h`.

use crate::layer::{Check, Error, Format, Opened, Part, Role, be32, put, text};

const HEADER: usize = 0x10c;
const PART: usize = 0x38;
const LEN_AT: usize = 0x30;
const ROOM_AT: usize = 0x34;
/// Where `mkubntimage-split` cuts.
const SPLIT: usize = 1 << 20;
const MAX_PARTS: usize = 8;
/// Length of the unchecked kind of end.
const ENDS: usize = 4 + 256 + 4;

/// What stands around the parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    header: Vec<u8>,
    /// The header of each part.
    parts: Vec<Vec<u8>>,
    /// Whether the first two parts are one image, cut at 1 MiB.
    split: bool,
    /// Whether it ends with room for a signature and no CRC.
    signed: bool,
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        if self.split {
            "mkubntimage-split"
        } else {
            "mkubntimage"
        }
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let magic = image.get(..4)?;
        let known = [b"OPEN", b"UBNT", b"GEOS"]
            .iter()
            .any(|known| magic == *known);
        let part = image.get(HEADER..)?.starts_with(b"PART");
        (known && part).then(|| open(image))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = self.header.clone();
        let mut data: Vec<&[u8]> = parts.to_vec();
        if self.split {
            let [whole] = parts else {
                return Err(Error::damaged(HEADER, "such an image has one part"));
            };
            let (kernel, rest) = whole.split_at(whole.len().min(SPLIT));
            data = vec![kernel, rest];
        }
        for (header, data) in self.parts.iter().zip(data) {
            let start = image.len();
            let room = be32(header, ROOM_AT).unwrap_or_default();
            let len = u32::try_from(data.len()).ok().filter(|len| *len <= room);
            let len = len.ok_or_else(|| {
                let name = text(header, 4, 16);
                Error::too_long(format!("the part {name}"), data.len(), room.into())
            })?;
            image.extend_from_slice(header);
            put(&mut image, start + LEN_AT, &len.to_be_bytes());
            image.extend_from_slice(data);
            let crc = crc32fast::hash(&image[start..]);
            image.extend_from_slice(&crc.to_be_bytes());
            image.extend_from_slice(&[0; 4]);
        }
        if self.signed {
            image.extend_from_slice(b"ENDS");
            image.resize(image.len() + ENDS - 4, 0);
        } else {
            let crc = crc32fast::hash(&image);
            image.extend_from_slice(b"END.");
            image.extend_from_slice(&crc.to_be_bytes());
            image.extend_from_slice(&[0; 4]);
        }
        Ok(image)
    }
}

fn open(image: &[u8]) -> Result<Opened<Layout>, Error> {
    let mut checks = vec![crc_check("CRC-32 of the header", image, 0, HEADER - 8)];
    let (mut headers, mut parts) = (vec![], vec![]);
    let mut at = HEADER;
    while image.get(at..).unwrap_or_default().starts_with(b"PART") && headers.len() < MAX_PARTS {
        let header = image.get(at..at + PART).unwrap_or_default();
        let len = be32(header, LEN_AT).unwrap_or_default() as usize;
        let data = at + PART..(at + PART).saturating_add(len);
        let end = data.end.saturating_add(8);
        if end > image.len() {
            return Err(Error::Truncated {
                what: "a part's header",
                need: end as u64,
                have: image.len() as u64,
            });
        }
        checks.push(crc_check("CRC-32 of a part", image, at, data.end));
        let name = text(header, 4, 16);
        // A part `kernel` by itself is a loader, which stays.
        let role = if name == "kernel" {
            Role::Kept
        } else {
            Role::Image
        };
        parts.push(Part::at(name, data, role));
        headers.push(header.to_vec());
        at = end;
    }
    let rest = &image[at..];
    let signed = rest.starts_with(b"ENDS") && rest.len() == ENDS;
    if !(signed || rest.starts_with(b"END.") && rest.len() == 12) {
        return Err(Error::damaged(at, "the end of a Ubiquiti image is missing"));
    }
    if !signed {
        let stored = be32(image, at + 4).unwrap_or_default();
        let computed = crc32fast::hash(&image[..at]);
        checks.push(Check::number(
            "CRC-32 of all before",
            at + 4,
            stored,
            computed,
        ));
    }
    let split = is_split(image, &headers);
    if split {
        parts = vec![joined(image, &headers)];
    }
    let layout = Layout {
        header: image[..HEADER].to_vec(),
        parts: headers,
        split,
        signed,
    };
    let mut opened = Opened::new(layout, parts).fact("version", text(image, 4, 256));
    opened.checks = checks;
    Ok(opened)
}

/// Whether the parts are a kernel of exactly 1 MiB and a root file system that lies behind it in the flash.
fn is_split(image: &[u8], headers: &[Vec<u8>]) -> bool {
    let [kernel, rootfs] = headers else {
        return false;
    };
    let behind = be32(kernel, 0x28).and_then(|base| base.checked_add(SPLIT as u32));
    be32(image, HEADER + LEN_AT) == Some(SPLIT as u32) && be32(rootfs, 0x28) == behind
}

fn joined(image: &[u8], headers: &[Vec<u8>]) -> Part {
    let mut whole = Vec::new();
    let mut at = HEADER;
    for header in headers {
        let len = be32(header, LEN_AT).unwrap_or_default() as usize;
        whole.extend_from_slice(image.get(at + PART..at + PART + len).unwrap_or_default());
        at += PART + len + 8;
    }
    Part::unpacked("kernel and rootfs", whole, Role::Image)
}

/// The CRC of `from..to`, which stands at `to`.
fn crc_check(what: &'static str, image: &[u8], from: usize, to: usize) -> Check {
    let computed = crc32fast::hash(&image[from..to]);
    Check::number(what, to, be32(image, to).unwrap_or_default(), computed)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::{assert_exact, plain, random, sample_rootfs};

    fn part(name: &str, numbers: [u32; 4], room: u32, data: &[u8]) -> Vec<u8> {
        let mut part = b"PART".to_vec();
        part.extend(name.bytes());
        part.resize(32, 0);
        for number in numbers {
            part.extend(number.to_be_bytes());
        }
        part.extend((data.len() as u32).to_be_bytes());
        part.extend(room.to_be_bytes());
        part.extend_from_slice(data);
        let crc = crc32fast::hash(&part);
        part.extend(crc.to_be_bytes());
        part.extend([0; 4]);
        part
    }

    fn image(signed: bool, parts: &[Vec<u8>]) -> Vec<u8> {
        let mut image = b"OPENXM.ar7240.v6.0.4-r28000".to_vec();
        image.resize(260, 0);
        let crc = crc32fast::hash(&image);
        image.extend(crc.to_be_bytes());
        image.extend([0; 4]);
        parts.iter().for_each(|part| image.extend_from_slice(part));
        if signed {
            image.extend(b"ENDS");
            image.extend([0; 260]);
        } else {
            let crc = crc32fast::hash(&image);
            image.extend(b"END.");
            image.extend(crc.to_be_bytes());
            image.extend([0; 4]);
        }
        image
    }

    #[test]
    fn cut_images_are_exact() {
        let opened = assert_exact(|kernel, rootfs| {
            // The kernel's real end is behind the cut or before it.
            let mut body = plain(kernel, rootfs, 0x10_0000);
            body.resize(body.len().max(0x10_0001), 0xFF);
            let (one, two) = body.split_at(0x10_0000);
            let kernel = part(
                "kernel",
                [0x8000_2000, 1, 0x9f05_0000, 0x8000_2000],
                0x10_0000,
                one,
            );
            let rootfs = part("rootfs", [0, 2, 0x9f15_0000, 0], 0x66_0000, two);
            image(true, &[kernel, rootfs])
        });
        assert_eq!(opened.container.kind(), "mkubntimage-split");
    }

    #[test]
    fn images_with_a_loader_are_exact() {
        let loader = random(5000, 9);
        assert_exact(|kernel, rootfs| {
            let body = plain(kernel, rootfs, 0x1_0000);
            let loader = part(
                "kernel",
                [0x8006_0000, 1, 0xbf03_0000, 0x8006_0000],
                5000,
                &loader,
            );
            let rootfs = part("rootfs", [0, 2, 0xbf04_0000, 0], 0xb0_0000, &body);
            image(false, &[loader, rootfs])
        });
    }

    #[test]
    fn what_the_flash_has_no_room_for_is_refused() {
        let (small, large) = (sample_rootfs(0), sample_rootfs(3));
        let make = |room, rootfs: &[u8]| {
            let loader = part("kernel", [0; 4], 9, b"a loader.");
            image(false, &[loader, part("rootfs", [0; 4], room, rootfs)])
        };
        let opened = crate::container::prove(make(100_000, &small)).unwrap();
        let parts = crate::container::Parts {
            kernel: None,
            rootfs: &large,
        };
        let error = opened.container.close(&parts).unwrap_err();
        assert!(error.to_string().contains("room for 100000"), "{error}");
    }
}
