//! A zip archive with one file, an image, as Netgear's and Humax' web interfaces take it.
//!
//! ```text
//! "PK" 3 4    0eh CRC-32   12h packed length   16h length   1ah length of the name   1ch length of extra fields
//! 1eh         name, extra fields, DEFLATE stream
//! "PK" 1 2    10h CRC-32   14h packed length   18h length   1ch name   1eh extra fields   20h comment
//! 2eh         name, extra fields, comment
//! "PK" 5 6    10h offset of "PK" 1 2           14h length of a comment
//! ```
//!
//! All numbers are little endian. The stream is made as Info-ZIP's zip makes it without options for its effort, which is what
//! OpenWrt's verb `zip` does (`zip -j -X`). Names, times and attributes stay as they are.
//!
//! Source of the format: PKWARE's APPNOTE.TXT.

#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::gzip::deflate::{Effort, deflate};
use crate::gzip::{MAX_LEN, inflate};
use crate::layer::{Check, Error, Format, Opened, Part, Role, le16, le32, put, text};

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
/// Encrypted, or with its lengths behind the stream.
const OTHER_WAYS: u16 = 0x0001 | 0x0008 | 0x0040;

/// The archive's headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    local: Vec<u8>,
    central: Vec<u8>,
    end: Vec<u8>,
}

/// Where the parts of an archive lie.
struct Places {
    stream: Range<usize>,
    central: Range<usize>,
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "zip"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        image.starts_with(LOCAL).then(|| open(image))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let content = parts.concat();
        let stream = deflate(&content, Effort::ZIP_6);
        let number = |what, len: usize| {
            u32::try_from(len).map_err(|_| Error::too_long(what, len, u32::MAX.into()))
        };
        let mut numbers = Vec::with_capacity(12);
        numbers.extend(crc32fast::hash(&content).to_le_bytes());
        numbers.extend(number("the packed image", stream.len())?.to_le_bytes());
        numbers.extend(number("the image", content.len())?.to_le_bytes());
        let mut image = self.local.clone();
        put(&mut image, 0x0e, &numbers);
        image.extend(stream);
        let offset = number("the packed image", image.len())?;
        let mut central = self.central.clone();
        put(&mut central, 0x10, &numbers);
        image.extend(central);
        let mut end = self.end.clone();
        put(&mut end, 0x10, &offset.to_le_bytes());
        image.extend(end);
        Ok(image)
    }
}

fn open(image: &[u8]) -> Result<Opened<Layout>, Error> {
    let places = places(image).ok_or_else(|| Error::Unsupported {
        what: "a zip archive with more than one deflated file, or an encrypted one".into(),
        cure: "Unpack it, or use the device's squashfs-sysupgrade image.",
    })?;
    let start = places.stream.start;
    let (content, len) = inflate(&image[places.stream.clone()], start, MAX_LEN)?;
    if len != places.stream.len() {
        return Err(Error::damaged(
            start + len,
            "the compressed data ends before the length that the zip states",
        ));
    }
    let crc = Check::number(
        "CRC-32 of the content",
        0x0e,
        le32(image, 0x0e).unwrap_or_default(),
        crc32fast::hash(&content),
    );
    let stated = Check::number(
        "length of the content",
        0x16,
        le32(image, 0x16).unwrap_or_default(),
        content.len() as u32,
    );
    let layout = Layout {
        local: image[..start].to_vec(),
        central: image[places.central.clone()].to_vec(),
        end: image[places.central.end..].to_vec(),
    };
    let name_len = le16(image, 0x1a).unwrap_or_default();
    // No image has an archive in an archive, and a file made to fill the memory may.
    let role = match content.starts_with(LOCAL) || content.starts_with(&[0x1f, 0x8b]) {
        true => Role::Kept,
        false => Role::Image,
    };
    let part = Part::unpacked("content", content, role);
    Ok(Opened::new(layout, vec![part])
        .check(crc)
        .check(stated)
        .fact("file name", text(image, 0x1e, name_len.into())))
}

/// `None` when it is not one deflated file with all its lengths in the headers.
fn places(image: &[u8]) -> Option<Places> {
    let length = |at| le16(image, at).map(usize::from);
    let start = 0x1e + length(0x1a)? + length(0x1c)?;
    let packed = le32(image, 0x12)?;
    let stream = start..start.checked_add(packed as usize)?;
    let central = stream.end;
    let entry = image.get(central..)?;
    let inner = |at| le16(entry, at).map(usize::from);
    let end = central + 0x2e + inner(0x1c)? + inner(0x1e)? + inner(0x20)?;
    let last = image.get(end..)?;
    let good = entry.starts_with(CENTRAL)
        && last.starts_with(END)
        && [6, 8].map(|at| le16(image, at)) == [6, 8].map(|at| le16(entry, at + 2))
        && le16(image, 6)? & OTHER_WAYS == 0
        && le16(image, 8)? == 8
        && image.get(0x0e..0x1a)? == entry.get(0x10..0x1c)?
        && [4, 6, 8, 10].map(|at| le16(last, at)) == [Some(0), Some(0), Some(1), Some(1)]
        && le32(last, 12)? as usize == end - central
        && le32(last, 16)? as usize == central
        && last.len() == 22 + usize::from(le16(last, 20)?);
    good.then_some(Places {
        stream,
        central: central..end,
    })
}
