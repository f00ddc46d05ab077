//! Seama, the container of D-Link and others: an image with an MD5 and texts, or a seal around such an entity.
//!
//! All numbers are big endian.
//!
//! ```text
//! 0  magic 5E A3 A4 17
//! 4  reserved (2)
//! 6  length of the texts (2)
//! 8  length of the image; 0 for a seal
//! 12 MD5 of the image (16), which a seal has not
//! .. texts with NULs, such as “type=firmware”, padded with zeros to a multiple of 4 bytes
//! .. image; for a seal, an entity
//! ```
//!
//! An entity may be followed by overlay markers. For NAND flash (`seama-nand`), the image is a kernel, zeros up to offset 4 MiB
//! of the entity, a UBI image and DE AD C0 DE. Sources: firmware-utils' `seama.c`, `seama.h` and `oseama.c`; OpenWrt's recipes.

#[cfg(test)]
mod tests;

use md5::{Digest, Md5};

use crate::layer::{Check, Error, Format, Opened, Part, Role, be16, be32, put};
use crate::pad_rootfs::{MARKER, Tail};
use crate::uimage;

/// An entity or a seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Texts and padding.
    meta: Vec<u8>,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// A header without an image of its own.
    Seal,
    /// An image, and what follows it.
    Entity { nand: bool, tail: Tail },
}

const MAGIC: [u8; 4] = [0x5e, 0xa3, 0xa4, 0x17];
const SEAL_LEN: usize = 12;
const ENTITY_LEN: usize = 28;
/// Where the UBI image of `seama-nand` begins.
const UBI_AT: usize = 0x40_0000;

impl Format for Layout {
    fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Seal => "seama-seal",
            Kind::Entity { nand: true, .. } => "seama-nand",
            Kind::Entity { nand: false, .. } => "seama",
        }
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let (meta_len, len) = (be16(image, 6)? as usize, be32(image, 8)? as usize);
        let ours = image.starts_with(&MAGIC)
            && be16(image, 4) == Some(0)
            && meta_len.is_multiple_of(4)
            && SEAL_LEN + meta_len < image.len();
        ours.then(|| match len {
            0 => Ok(seal(image, SEAL_LEN + meta_len)),
            _ => entity(image, ENTITY_LEN + meta_len, len),
        })
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let Kind::Entity { nand, tail } = &self.kind else {
            let mut image = self.header(0, &[]);
            image.extend(parts.concat());
            return Ok(image);
        };
        let start = ENTITY_LEN + self.meta.len();
        let body = match parts {
            [kernel, ubi] if *nand => {
                let mut body = kernel.to_vec();
                let room = UBI_AT.saturating_sub(start);
                if body.len() > room {
                    return Err(Error::too_long("the kernel", body.len(), room as u64));
                }
                body.resize(room, 0);
                [&body[..], ubi, &MARKER].concat()
            }
            _ => parts.concat(),
        };
        let len = u32::try_from(body.len())
            .map_err(|_| Error::too_long("the image", body.len(), u64::from(u32::MAX)))?;
        let mut image = self.header(len, &Md5::digest(&body));
        image.extend(body);
        tail.append(&mut image)?;
        Ok(image)
    }
}

impl Layout {
    fn header(&self, len: u32, md5: &[u8]) -> Vec<u8> {
        let mut image = vec![0; SEAL_LEN];
        put(&mut image, 0, &MAGIC);
        // It came from 16 bits.
        put(&mut image, 6, &(self.meta.len() as u16).to_be_bytes());
        put(&mut image, 8, &len.to_be_bytes());
        image.extend_from_slice(md5);
        image.extend_from_slice(&self.meta);
        image
    }
}

fn seal(image: &[u8], start: usize) -> Opened<Layout> {
    let layout = Layout {
        meta: image[SEAL_LEN..start].to_vec(),
        kind: Kind::Seal,
    };
    let part = Part::at("entity", start..image.len(), Role::Image);
    described(Opened::new(layout, vec![part]))
}

fn entity(image: &[u8], start: usize, len: usize) -> Result<Opened<Layout>, Error> {
    let end = start.saturating_add(len);
    if end > image.len() {
        return Err(Error::Truncated {
            what: "the length in the Seama header",
            need: end as u64,
            have: image.len() as u64,
        });
    }
    let body = &image[start..end];
    let before = end as u64;
    let rest = &image[end..];
    let tail = Tail::infer(before, rest, &Tail::usual(before, rest))?;
    let nand = UBI_AT > start
        && image[..end].get(UBI_AT..UBI_AT + 4) == Some(b"UBI#")
        && body.ends_with(&MARKER);
    let parts = if nand {
        let kernel = &image[start..UBI_AT];
        let padded = match uimage::parse(kernel) {
            Ok((_, data)) => uimage::HEADER_LEN + data.len(),
            Err(_) => kernel.len(),
        };
        let zeros = kernel[padded..].iter().all(|b| *b == 0);
        let kernel_end = if zeros { start + padded } else { UBI_AT };
        vec![
            Part::at("kernel", start..kernel_end, Role::Kernel),
            Part::at("ubi", UBI_AT..end - MARKER.len(), Role::Image),
        ]
    } else {
        vec![Part::at("image", start..end, Role::Image)]
    };
    let layout = Layout {
        meta: image[ENTITY_LEN..start].to_vec(),
        kind: Kind::Entity { nand, tail },
    };
    let stored = &image[SEAL_LEN..ENTITY_LEN];
    let check = Check::digest("MD5 of the image", SEAL_LEN, stored, &Md5::digest(body));
    Ok(described(Opened::new(layout, parts).check(check)))
}

/// The same with the texts as facts.
fn described(mut opened: Opened<Layout>) -> Opened<Layout> {
    let texts: Vec<String> = opened
        .layout
        .meta
        .split(|b| *b == 0)
        .filter(|text| !text.is_empty())
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .collect();
    for text in texts {
        opened = opened.fact("text", text);
    }
    opened
}
