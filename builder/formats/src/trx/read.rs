//! Opening a TRX.

use super::behind::{ending, footer, outside, ubi_len};
use super::format::{CRC_AT, LENGTH_AT, Layout, MAGIC, OFFSETS_AT, PAGE, Start, WORD, crc};
use crate::layer::{Check, Error, Format, Opened, Part, Role, le16, le32};
use crate::rootfs::Superblock;
use crate::uimage;

/// Erase block of the NAND flash that UBI images in a TRX are for.
pub(super) const NAND_BLOCK: usize = 0x2_0000;
/// What a squashfs is aligned to, the rule of most recipes first.
const ROOTFS_ALIGNS: [usize; 2] = [1024, WORD];

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "trx"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let (version, total) = (le16(image, 14)?, le32(image, LENGTH_AT)? as usize);
        let header_len = Self::header_len(version);
        let ours = matches!(version, 1 | 2)
            && total.is_multiple_of(PAGE)
            && total > 0
            && le32(image, OFFSETS_AT)? as usize == header_len;
        if !ours {
            return None;
        }
        let offsets = offsets(image, header_len)?;
        let Some(trx) = image.get(..total) else {
            let (need, have) = (total as u64, image.len() as u64);
            let what = "the length in the TRX header";
            return image
                .starts_with(&MAGIC)
                .then_some(Err(Error::Truncated { what, need, have }));
        };
        let computed = crc(trx, offsets.get(3).copied());
        let stored = le32(image, CRC_AT)?;
        // Any magic will do when the CRC holds.
        if stored != computed && !image.starts_with(&MAGIC) {
            return None;
        }
        let check = Check::number("CRC-32 of the TRX", CRC_AT, stored, computed);
        Some(open(image, trx, &offsets, version).map(|opened| opened.check(check)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        self.put_together(parts)
    }
}

/// The offsets of the partitions; `None` unless they ascend and lie behind the header.
fn offsets(image: &[u8], header_len: usize) -> Option<Vec<usize>> {
    let fields = (OFFSETS_AT..header_len).step_by(4);
    let all: Option<Vec<usize>> = fields.map(|at| Some(le32(image, at)? as usize)).collect();
    let all = all?;
    let count = all.iter().take_while(|offset| **offset != 0).count();
    let (used, unused) = all.split_at(count);
    let ours =
        count > 0 && used.is_sorted_by(|a, b| a < b) && unused.iter().all(|offset| *offset == 0);
    ours.then(|| used.to_vec())
}

fn open(
    image: &[u8],
    trx: &[u8],
    offsets: &[usize],
    version: u16,
) -> Result<Opened<Layout>, Error> {
    let roles = roles(offsets.len());
    let (mut starts, mut parts) = (Vec::new(), Vec::new());
    let mut end = Layout::header_len(version);
    let (mut behind, mut ubi) = (Vec::new(), false);
    for (at, (name, role)) in roles.iter().enumerate() {
        let offset = offsets[at];
        let Some(data) = trx.get(offset..offsets.get(at + 1).copied().unwrap_or(trx.len())) else {
            let what = format!("the partition at {offset} lies behind the end of the TRX");
            return Err(Error::damaged(OFFSETS_AT + 4 * at, what));
        };
        starts.push(start(end, offset, data));
        let last = at + 1 == roles.len();
        let (len, role) = extent(data, *role, last)?;
        end = offset + len;
        parts.push(Part::at(*name, offset..end, role));
        if last {
            behind = trx[end..].to_vec();
            ubi = is_ubi(data);
        }
    }
    let footer = footer(&mut behind);
    let (marks, block) = ending(end, &behind, ubi)?;
    let layout = Layout {
        magic: [image[0], image[1], image[2], image[3]],
        flags: le16(image, 12).unwrap_or_default(),
        version,
        starts,
        marks,
        end: block,
        footer,
        behind: outside(trx.len(), &image[trx.len()..])?,
    };
    let mut opened = Opened::new(layout, parts);
    if let Some(footer) = footer {
        let product = String::from_utf8_lossy(&footer.product).into_owned();
        let product = product.trim_end_matches(['\0', ' ']).to_owned();
        opened = opened.fact("product", product);
    }
    Ok(opened)
}

/// What so many partitions are.
fn roles(count: usize) -> &'static [(&'static str, Role)] {
    const ALL: [(&str, Role); 4] = [
        ("loader", Role::Kept),
        ("kernel", Role::Kernel),
        ("rootfs", Role::Image),
        ("pattern", Role::Kept),
    ];
    match count {
        1 => &ALL[1..2],
        2 => &ALL[1..3],
        3 => &ALL[..3],
        _ => &ALL,
    }
}

/// The rule by which a partition with this data begins at `offset` when what is before it ends at `end`.
fn start(end: usize, offset: usize, data: &[u8]) -> Start {
    if is_ubi(data) && offset.is_multiple_of(NAND_BLOCK) {
        return Start::At(offset);
    }
    let mut aligns = ROOTFS_ALIGNS.into_iter().chain([0x1_0000, NAND_BLOCK]);
    match aligns.find(|align| end.next_multiple_of(*align) == offset) {
        Some(align) => Start::Align(align),
        None => Start::At(offset),
    }
}

fn is_ubi(data: &[u8]) -> bool {
    data.starts_with(b"UBI#")
}

/// How much of a partition is data, and what it is: a length that its content states, or all of it.
fn extent(data: &[u8], role: Role, last: bool) -> Result<(usize, Role), Error> {
    if role == Role::Kernel {
        let len = match uimage::parse(data) {
            Ok((_, body)) => uimage::HEADER_LEN + body.len(),
            Err(_) => data.len(),
        };
        let padded = data[len..].iter().all(|b| *b == 0);
        return Ok((if padded { len } else { data.len() }, role));
    }
    if let (Role::Image, Some(superblock)) = (role, Superblock::probe(data)) {
        let len = usize::try_from(superblock.bytes_used).ok();
        return match len.filter(|len| *len <= data.len()) {
            Some(len) => Ok((len, Role::Image)),
            None => Err(Error::Truncated {
                what: "the squashfs in the TRX",
                need: superblock.bytes_used,
                have: data.len() as u64,
            }),
        };
    }
    if last && role == Role::Image && is_ubi(data) {
        return Ok((ubi_len(data), Role::Image));
    }
    // Version 2's pattern is a header of 32 bytes.
    if last && role == Role::Kept && data.get(14..18) == Some(b"U2ND") {
        return Ok((32.min(data.len()), role));
    }
    Ok((
        data.len(),
        if role == Role::Image {
            Role::Kept
        } else {
            role
        },
    ))
}
