//! TP-Link's factory image of about 2022, for access points (EAP) with NAND flash.
//!
//! ```text
//! 0x0000  be32 length of the image
//! 0x0004  MD5 of a salt of 16 bytes and all from 0x14 on
//! 0x0014  0xFF
//! 0x1014  be32 length of the UBI image, be32 number of the parts behind it
//! 0x101c  each part: be32 type, name (32), be32 offset from 0x1814 on, be32 length
//!         zeros
//! 0x1814  UBI image ‖ parts: support-list, soft-version
//! ```
//!
//! Source: OpenWrt's `tplink-mkimage-2022.py`.

use super::factory::digest;
use crate::layer::{Check, Error, Format, Opened, Part, Role, be32, put, text};

const COVERED: usize = 0x14;
const TABLE: usize = 0x1014;
const ENTRIES: usize = TABLE + 8;
const ENTRY: usize = 0x2c;
const DATA: usize = 0x1814;

/// The table of the parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The entries of the donor, whose types and names stay.
    entries: Vec<Vec<u8>>,
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "tplink-image-2022"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let blank = image.get(COVERED..TABLE)?.iter().all(|b| *b == 0xFF);
        let len = be32(image, 0)? as usize;
        let first = be32(image, TABLE)? as usize;
        let count = be32(image, TABLE + 4)? as usize;
        let sane = blank
            && len == image.len()
            && DATA.checked_add(first)? <= len
            && (1..=(DATA - ENTRIES) / ENTRY).contains(&count);
        sane.then(|| open(image, first, count))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = vec![0; DATA];
        image[COVERED..TABLE].fill(0xFF);
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let total = u32::try_from(DATA + len)
            .map_err(|_| Error::too_long("the image", len, u64::from(u32::MAX)))?;
        put(&mut image, 0, &total.to_be_bytes());
        let (first, rest) = parts.split_first().ok_or_else(foreign)?;
        put(&mut image, TABLE, &word(first.len()));
        put(&mut image, TABLE + 4, &word(rest.len()));
        let mut offset = first.len();
        for (index, (entry, part)) in self.entries.iter().zip(rest).enumerate() {
            let at = ENTRIES + index * ENTRY;
            put(&mut image, at, entry);
            put(&mut image, at + 36, &word(offset));
            put(&mut image, at + 40, &word(part.len()));
            offset += part.len();
        }
        parts.iter().for_each(|part| image.extend_from_slice(part));
        let digest = digest(&image[COVERED..]);
        put(&mut image, 4, &digest);
        Ok(image)
    }
}

/// A length, which the image's own length bounds.
fn word(len: usize) -> [u8; 4] {
    (len as u32).to_be_bytes()
}

fn open(image: &[u8], first: usize, count: usize) -> Result<Opened<Layout>, Error> {
    let mut parts = vec![Part::at("ubi", DATA..DATA + first, Role::Image)];
    let mut entries = Vec::new();
    let mut facts = Vec::new();
    let mut end = DATA + first;
    for index in 0..count {
        let at = ENTRIES + index * ENTRY;
        let entry = image.get(at..at + ENTRY).ok_or_else(foreign)?;
        let (offset, len) = (be32(entry, 36), be32(entry, 40));
        let start = offset.map(|offset| DATA.saturating_add(offset as usize));
        let range = end..end.saturating_add(len.unwrap_or_default() as usize);
        let bytes = image.get(range.clone()).filter(|_| start == Some(end));
        let bytes = bytes.ok_or_else(|| {
            Error::damaged(
                at,
                "a part is not behind the one before, or longer than the image",
            )
        })?;
        let name = text(entry, 4, 32);
        if name == "support-list" {
            let list = String::from_utf8_lossy(bytes);
            let devices: Vec<_> = list.split(['\r', '\n']).skip(1).map(str::trim).collect();
            facts.push(devices.join(" ").trim().to_owned());
        }
        end = range.end;
        parts.push(Part::at(name, range, Role::Kept));
        entries.push(entry.to_vec());
    }
    if end != image.len() {
        return Err(Error::damaged(end, "bytes follow that belong to no part"));
    }
    let check = Check::digest(
        "MD5 of all behind it",
        4,
        &image[4..COVERED],
        &digest(&image[COVERED..]),
    );
    let mut opened = Opened::new(Layout { entries }, parts).check(check);
    for devices in facts {
        opened = opened.fact("supported", devices);
    }
    Ok(opened)
}

fn foreign() -> Error {
    Error::damaged(TABLE, "the table of parts does not fit the image")
}
