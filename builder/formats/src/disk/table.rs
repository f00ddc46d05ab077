//! Partition tables.

use std::fmt::Write as _;

use crate::layer::{Check, Error, le16, le32, le64};

/// Bytes of a sector.
pub(super) const SECTOR: usize = 512;
/// The type of the partition before a GPT that covers the disk.
const PROTECTIVE: u8 = 0xEE;
/// Length of a GPT's header.
const GPT_HEADER: usize = 92;
/// More entries than any tool makes.
const MAX_ENTRIES: usize = 1024;

/// What kind of table it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Four entries in the first sector.
    Mbr,
    /// GUIDs, behind the first sector.
    Gpt,
}

/// A partition, as its table says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its number, from 1 on.
    pub number: usize,
    /// Its type: two hexadecimal digits or a GUID.
    pub kind: String,
    /// Its name; empty in an MBR.
    pub name: String,
    /// Where it begins, bytes.
    pub start: u64,
    /// Its length in bytes.
    pub len: u64,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its kind.
    pub scheme: Scheme,
    /// The disk's signature (MBR) or GUID.
    pub id: String,
    /// The partitions, in the order in which they lie on the disk; none reaches into the next.
    pub partitions: Vec<Partition>,
    /// Its checksums.
    pub(super) checks: Vec<Check>,
}

impl Table {
    /// The table of `disk`; `None` when it has none.
    ///
    /// # Errors
    /// When partitions reach into each other, or a GPT is damaged.
    pub fn parse(disk: &[u8]) -> Option<Result<Self, Error>> {
        let mbr = Self::mbr(disk)?;
        let protective = format!("{PROTECTIVE:02x}");
        let table = if mbr.partitions.iter().any(|p| p.kind == protective) {
            let header = disk.get(SECTOR..)?;
            if !header.starts_with(b"EFI PART") {
                return None;
            }
            Self::gpt(disk)
        } else {
            Ok(mbr)
        };
        Some(table.and_then(Self::sorted))
    }

    /// `None` too when the entries are no such ones: a FAT's first sector ends with the same two bytes.
    fn mbr(disk: &[u8]) -> Option<Self> {
        if disk.get(510..512)? != [0x55, 0xAA] {
            return None;
        }
        let mut partitions = Vec::new();
        for (at, number) in (446..510).step_by(16).zip(1..) {
            let entry = disk.get(at..at + 16)?;
            if entry.iter().all(|b| *b == 0) {
                continue;
            }
            let (start, len) = (le32(entry, 8)?, le32(entry, 12)?);
            let kind = entry[4];
            if entry[0] & 0x7F != 0 || kind == 0 || start == 0 || len == 0 {
                return None;
            }
            partitions.push(Partition {
                number,
                kind: format!("{kind:02x}"),
                name: String::new(),
                start: u64::from(start) * SECTOR as u64,
                len: u64::from(len) * SECTOR as u64,
            });
        }
        let first = partitions.iter().map(|p| p.start).min()?;
        (first < disk.len() as u64).then(|| Self {
            scheme: Scheme::Mbr,
            id: format!("{:08x}", le32(disk, 440).unwrap_or_default()),
            partitions,
            checks: Vec::new(),
        })
    }

    fn gpt(disk: &[u8]) -> Result<Self, Error> {
        let cut = |what, need: usize| Error::Truncated {
            what,
            need: need as u64,
            have: disk.len() as u64,
        };
        let header = disk
            .get(SECTOR..SECTOR + GPT_HEADER)
            .ok_or_else(|| cut("the GPT's header", SECTOR + GPT_HEADER))?;
        let number = |at| le32(header, at).unwrap_or_default();
        let (count, size) = (number(0x50) as usize, number(0x54) as usize);
        let first = le64(header, 0x48).unwrap_or_default();
        if number(0x0c) as usize != GPT_HEADER
            || !(1..=MAX_ENTRIES).contains(&count)
            || !(128..=4096).contains(&size)
            || first > u64::from(u32::MAX)
        {
            return Err(Error::damaged(
                SECTOR,
                "the GPT's header states lengths that no tool makes",
            ));
        }
        let at = first as usize * SECTOR;
        let end = at + count * size;
        let entries = disk
            .get(at..end)
            .ok_or_else(|| cut("the GPT's entries", end))?;
        let mut blank = header.to_vec();
        blank[0x10..0x14].fill(0);
        let checks = vec![
            Check::number(
                "CRC-32 of the GPT's header",
                SECTOR + 0x10,
                number(0x10),
                crc32fast::hash(&blank),
            ),
            Check::number(
                "CRC-32 of the GPT's entries",
                SECTOR + 0x58,
                number(0x58),
                crc32fast::hash(entries),
            ),
        ];
        let mut partitions = Vec::new();
        for (entry, number) in entries.chunks_exact(size).zip(1..) {
            if entry[..16] == [0; 16] {
                continue;
            }
            let sector = |at| le64(entry, at).unwrap_or_default();
            let (first, last) = (sector(32), sector(40));
            if first == 0 || last < first || last > u64::from(u32::MAX) {
                let what =
                    format!("the GPT says that partition {number} has sectors {first} to {last}");
                return Err(Error::damaged(at + (number - 1) * size, what));
            }
            partitions.push(Partition {
                number,
                kind: guid(&entry[..16]),
                name: utf16(&entry[56..128]),
                start: first * SECTOR as u64,
                len: (last - first + 1) * SECTOR as u64,
            });
        }
        Ok(Self {
            scheme: Scheme::Gpt,
            id: guid(&header[0x38..0x48]),
            partitions,
            checks,
        })
    }

    fn sorted(mut self) -> Result<Self, Error> {
        self.partitions.sort_by_key(|p| p.start);
        for pair in self.partitions.windows(2) {
            let [one, next] = pair else { continue };
            if one.start + one.len > next.start {
                let what = format!(
                    "a disk whose partitions {} and {} reach into each other",
                    one.number, next.number
                );
                return Err(Error::Unsupported {
                    what,
                    cure: "Take another image of the device.",
                });
            }
        }
        Ok(self)
    }
}

/// A GUID as people write it: its first three fields are little endian.
fn guid(bytes: &[u8]) -> String {
    let word = |at| le16(bytes, at).unwrap_or_default();
    let mut text = format!(
        "{:08x}-{:04x}-{:04x}-",
        le32(bytes, 0).unwrap_or_default(),
        word(4),
        word(6)
    );
    for (at, byte) in bytes.iter().enumerate().skip(8) {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        if at == 9 {
            text.push('-');
        }
    }
    text
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes
        .chunks_exact(2)
        .map(|b| u16::from(b[0]) | u16::from(b[1]) << 8);
    let units = units.take_while(|unit| *unit != 0);
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
