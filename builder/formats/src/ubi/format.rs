//! Headers and the volume table.
//!
//! ```text
//! erase counter header, at 0 of each PEB      volume identifier header, behind it
//! 0x00  "UBI#"                                0x00  "UBI!"
//! 0x04  version, 1                            0x04  version, 1
//! 0x05  3 zeros, "EOF" behind the data        0x05  type: 1 dynamic, 2 static
//! 0x08  be64 erase counter                    0x06  copy flag, 0
//! 0x10  be32 offset of the other header       0x07  compatibility: 5 for the layout volume, else 0
//! 0x14  be32 offset of the data               0x08  be32 volume
//! 0x18  be32 image sequence number            0x0c  be32 number of the LEB
//! 0x1c  zeros                                 0x14  be32 bytes in the LEB  ┐
//! 0x3c  be32 CRC of all before                0x18  be32 LEBs in the volume│ static only, else 0
//!                                             0x20  be32 CRC of the bytes  ┘
//!                                             0x3c  be32 CRC of all before
//!
//! record of the volume table
//! 0x00  be32 LEBs reserved     0x0e  be16 length of the name
//! 0x04  be32 alignment, 1      0x10  name, 128 bytes
//! 0x08  be32 data padding, 0   0x90  flags: 1 grows to fill the flash at first boot
//! 0x0c  type                   0xa8  be32 CRC of all before
//! 0x0d  update mark, 0
//! ```

use crate::layer::{be32, be64, put};

/// What each PEB begins with.
pub(crate) const MAGIC: [u8; 4] = *b"UBI#";
/// What the second header begins with.
pub(super) const VID_MAGIC: [u8; 4] = *b"UBI!";
/// The layout volume's number.
pub(super) const LAYOUT_VOLUME: u32 = 0x7FFF_EFFF;
/// Its compatibility: an implementation that does not know it must refuse the image.
pub(super) const REJECT: u8 = 5;
/// Length of either header in bytes.
pub(super) const HEADER: usize = 64;
/// Length of a record of the volume table in bytes.
pub(super) const RECORD: usize = 172;
/// Type of a volume that may be written.
pub(super) const DYNAMIC: u8 = 1;
/// Type of a volume with a stated length.
pub(super) const STATIC: u8 = 2;
/// Where PEBs are looked for: the smallest flash page, in bytes.
const STEP: usize = 512;
/// The largest PEB in bytes.
const MAX_PEB: usize = 4 << 20;

/// Sizes and header fields that all PEBs share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Length of a PEB in bytes.
    pub peb: usize,
    /// Offset of the volume identifier header in bytes.
    pub vid_at: usize,
    /// Offset of the data in bytes.
    pub data_at: usize,
    /// How often the PEBs were erased.
    pub erased: u64,
    /// A number that all PEBs of one image have.
    pub sequence: u32,
}

/// CRC-32 without the last inversion.
pub(super) fn crc(bytes: &[u8]) -> u32 {
    !crc32fast::hash(bytes)
}

impl Geometry {
    /// The geometry of the UBI image that `image` begins with: two PEBs at least, whose headers agree.
    pub(super) fn detect(image: &[u8]) -> Option<Self> {
        let one = Self {
            peb: 0,
            vid_at: be32(image, 16)? as usize,
            data_at: be32(image, 20)? as usize,
            erased: be64(image, 8)?,
            sequence: be32(image, 24)?,
        };
        let sane = image.starts_with(&MAGIC)
            && image.get(4) == Some(&1)
            && one.vid_at >= HEADER
            && one.data_at >= one.vid_at + HEADER
            && one.data_at < MAX_PEB;
        if !sane {
            return None;
        }
        let first = (one.data_at + RECORD).next_multiple_of(STEP);
        let peb = (first..=MAX_PEB)
            .step_by(STEP)
            .take_while(|at| *at < image.len())
            .find(|at| one.is_peb(&image[*at..]))?;
        Some(Self { peb, ..one })
    }

    /// Bytes in a LEB.
    pub fn leb(&self) -> usize {
        self.peb - self.data_at
    }

    /// Records in the volume table.
    pub(super) fn records(&self) -> usize {
        (self.leb() / RECORD).min(128)
    }

    /// Whether a PEB of this image begins here. Its CRC is not looked at.
    pub(super) fn is_peb(&self, bytes: &[u8]) -> bool {
        if !bytes.starts_with(&MAGIC) {
            return false;
        }
        let header = self.counter(false);
        let same = |range: std::ops::Range<usize>| bytes.get(range.clone()) == header.get(range);
        same(0..5) && same(8..28)
    }

    /// How many bytes from the start of `image` on are whole PEBs.
    pub(super) fn extent(&self, image: &[u8]) -> usize {
        let pebs = image.chunks_exact(self.peb);
        pebs.take_while(|peb| self.is_peb(peb)).count() * self.peb
    }

    /// An erase counter header; `end` for a PEB behind the data.
    pub(super) fn counter(&self, end: bool) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        put(&mut header, 0, &MAGIC);
        header[4] = 1;
        if end {
            put(&mut header, 5, b"EOF");
        }
        put(&mut header, 8, &self.erased.to_be_bytes());
        put(&mut header, 16, &(self.vid_at as u32).to_be_bytes());
        put(&mut header, 20, &(self.data_at as u32).to_be_bytes());
        put(&mut header, 24, &self.sequence.to_be_bytes());
        seal(&mut header);
        header
    }
}

/// The length of the UBI image that `image` begins with, in bytes; `None` when there is none or its first CRC is wrong.
pub(crate) fn extent(image: &[u8]) -> Option<usize> {
    let header = image.get(..HEADER)?;
    let good = be32(header, HEADER - 4) == Some(crc(&header[..HEADER - 4]));
    // Cheap things first: a hostile image can have the magic number everywhere.
    let geometry = good.then(|| Geometry::detect(image))??;
    Some(geometry.extent(image))
}

/// A volume identifier header of a volume whose length is not stated.
pub(super) fn identifier(kind: u8, compatibility: u8, volume: u32, number: usize) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    put(&mut header, 0, &VID_MAGIC);
    header[4] = 1;
    header[5] = kind;
    header[7] = compatibility;
    put(&mut header, 8, &volume.to_be_bytes());
    put(&mut header, 12, &(number as u32).to_be_bytes());
    seal(&mut header);
    header
}

/// The same of a volume with `lebs` LEBs in all, for these `bytes` of it.
pub(super) fn static_identifier(
    volume: u32,
    number: usize,
    lebs: usize,
    bytes: &[u8],
) -> [u8; HEADER] {
    let mut header = identifier(STATIC, 0, volume, number);
    put(&mut header, 20, &(bytes.len() as u32).to_be_bytes());
    put(&mut header, 24, &(lebs as u32).to_be_bytes());
    put(&mut header, 32, &crc(bytes).to_be_bytes());
    seal(&mut header);
    header
}

/// Writes the CRC of a header or record: its last four bytes, of all before.
pub(super) fn seal(bytes: &mut [u8]) {
    if let Some(at) = bytes.len().checked_sub(4) {
        let crc = crc(&bytes[..at]);
        put(bytes, at, &crc.to_be_bytes());
    }
}
