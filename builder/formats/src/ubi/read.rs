//! Taking a UBI image apart.

use super::format::{Geometry, HEADER, LAYOUT_VOLUME, RECORD, STATIC, VID_MAGIC, crc};
use super::write::UNIT;
use super::{Layout, Reserved, Volume};
use crate::layer::{Check, Error, Opened, Part, Role, be16, be32, text};
use crate::pad_rootfs::{Candidate, Tail};
use crate::rootfs::Superblock;

/// Wrong CRCs that are shown at most.
const MAX_CHECKS: usize = 8;

pub(super) fn open(image: &[u8], geometry: Geometry) -> Result<Opened<Layout>, Error> {
    let len = geometry.extent(image);
    let (pebs, rest) = image.split_at(len);
    if !rest.is_empty() && geometry.is_peb(rest) {
        return Err(Error::Truncated {
            what: "the last erase block",
            need: (len + geometry.peb) as u64,
            have: image.len() as u64,
        });
    }
    let any = [Candidate {
        marks: None,
        end: None,
    }];
    let end = Tail::infer(len as u64, rest, &any)?.end;
    let mut checks = Checks(vec![]);
    let mut found = Found::default();
    for (index, peb) in pebs.chunks_exact(geometry.peb).enumerate() {
        let at = index * geometry.peb;
        checks.header("CRC-32 of the erase counter header", at, peb);
        let header = &peb[geometry.vid_at..][..HEADER];
        if header.starts_with(&VID_MAGIC) {
            let at = at + geometry.vid_at;
            checks.header("CRC-32 of the volume identifier header", at, header);
            found.take(at, header, &peb[geometry.data_at..])?;
        } else {
            found.end_marks += 1;
        }
    }
    let table = found.table(&geometry)?;
    let mut layout = Layout {
        geometry,
        volumes: vec![],
        end_marks: found.end_marks,
        end,
    };
    let mut parts = vec![];
    for (id, record) in table.chunks_exact(RECORD).enumerate() {
        let at = geometry.data_at + id * RECORD;
        checks.push("CRC-32 of the volume's record", at + RECORD - 4, record);
        if be32(record, 0) != Some(0) {
            let data = found.data.iter().find(|data| data.id as usize == id);
            let (volume, part) = volume(id as u32, record, data, geometry.leb());
            layout.volumes.push(volume);
            parts.extend(part);
        }
    }
    if parts.len() != found.data.len() {
        let what = "a block belongs to a volume that is not in the volume table";
        return Err(Error::damaged(0, what));
    }
    let names: Vec<_> = layout.volumes.iter().map(describe).collect();
    let mut opened = Opened::new(layout, parts)
        .fact("erase block", format!("{} bytes", geometry.peb))
        .fact("volumes", names.join(", "));
    opened.checks = checks.0;
    Ok(opened)
}

fn describe(volume: &Volume) -> String {
    let kind = if volume.fixed { " (static)" } else { "" };
    format!("{}{kind}", volume.name)
}

/// A volume, and its data as a part.
fn volume(id: u32, record: &[u8], data: Option<&Data>, leb: usize) -> (Volume, Option<Part>) {
    let name = text(
        record,
        16,
        usize::from(be16(record, 14).unwrap_or_default().min(128)),
    );
    let fixed = record.get(12) == Some(&STATIC);
    let lebs = be32(record, 0).unwrap_or_default();
    let part = data.map(|data| part(name.clone(), fixed, data, leb));
    let len = part.as_ref().map(|part| match &part.data {
        crate::layer::Data::Unpacked(bytes) => bytes.len(),
        crate::layer::Data::At(range) => range.len(),
    });
    let by_data = len.is_some_and(|len| len.next_multiple_of(UNIT).div_ceil(leb) == lebs as usize);
    let volume = Volume {
        id,
        name,
        record: record.to_vec(),
        reserved: if by_data {
            Reserved::Data
        } else {
            Reserved::Fixed(lebs)
        },
        fixed,
        filled: data.is_some(),
    };
    (volume, part)
}

/// A squashfs without the 0xFF that fills its last LEB; else all there is. A static volume states its length, of others only
/// 0xFF in the last LEB may be none of it.
fn part(name: String, fixed: bool, data: &Data, leb: usize) -> Part {
    let bytes = &data.bytes[..];
    let used = Superblock::probe(bytes).and_then(|s| usize::try_from(s.bytes_used).ok());
    let exact = used.filter(|used| {
        let blank = bytes
            .get(*used..)
            .is_some_and(|rest| rest.iter().all(|b| *b == 0xFF));
        let last = used.div_ceil(leb) == bytes.len().div_ceil(leb);
        blank && last && (!fixed || *used == bytes.len())
    });
    let (len, role) = match exact {
        Some(used) => (used, Role::Rootfs),
        None => {
            let start = bytes.len().saturating_sub(1) / leb * leb;
            let filled = bytes[start..].iter().rposition(|b| *b != 0xFF);
            let len = match filled {
                Some(last) if !fixed => start + last + 1,
                _ => bytes.len(),
            };
            let kernel = name == "kernel" || name == "linux";
            (len, if kernel { Role::Kernel } else { Role::Image })
        }
    };
    Part::unpacked(name, bytes[..len].to_vec(), role)
}

/// The data of a volume.
struct Data {
    id: u32,
    lebs: usize,
    bytes: Vec<u8>,
}

#[derive(Default)]
struct Found<'a> {
    tables: Vec<&'a [u8]>,
    data: Vec<Data>,
    end_marks: usize,
}

impl<'a> Found<'a> {
    fn take(&mut self, at: usize, header: &[u8], data: &'a [u8]) -> Result<(), Error> {
        let number = be32(header, 12).unwrap_or_default() as usize;
        let id = be32(header, 8).unwrap_or_default();
        let disorder = || Error::Unsupported {
            what: format!(
                "at offset {at} is block {number} of volume {id}, out of order as in a dump of a flash"
            ),
            cure: "Use an image as ubinize makes it.",
        };
        if self.end_marks > 0 {
            return Err(disorder());
        }
        if id == LAYOUT_VOLUME {
            let next = self.data.is_empty() && number == self.tables.len();
            self.tables.push(data);
            return if next { Ok(()) } else { Err(disorder()) };
        }
        let size = match header[5] {
            STATIC => be32(header, 20).unwrap_or_default() as usize,
            _ => data.len(),
        };
        let bytes = data.get(..size).ok_or_else(|| {
            Error::damaged(
                at + 20,
                format!("the block states {size} bytes, more than it has"),
            )
        })?;
        match self.data.last_mut() {
            Some(last) if last.id == id && last.lebs == number => {
                last.lebs += 1;
                last.bytes.extend_from_slice(bytes);
            }
            last if number == 0 && last.as_ref().is_none_or(|last| last.id < id) => {
                self.data.push(Data {
                    id,
                    lebs: 1,
                    bytes: bytes.to_vec(),
                });
            }
            _ => return Err(disorder()),
        }
        Ok(())
    }

    /// The volume table.
    fn table(&self, geometry: &Geometry) -> Result<&'a [u8], Error> {
        let table = match self.tables[..] {
            [table, copy] if table == copy => table.get(..geometry.records() * RECORD),
            _ => None,
        };
        table.ok_or_else(|| Error::damaged(0, "the volume table is not there twice"))
    }
}

/// The first CRC of each kind, and those that are wrong.
struct Checks(Vec<Check>);

impl Checks {
    fn header(&mut self, what: &'static str, at: usize, header: &[u8]) {
        self.push(what, at + HEADER - 4, &header[..HEADER]);
    }

    /// The CRC at `at` of the image, the last four bytes of `sealed`.
    fn push(&mut self, what: &'static str, at: usize, sealed: &[u8]) {
        let (covered, stored) = sealed.split_at(sealed.len() - 4);
        let check = Check::number(what, at, be32(stored, 0).unwrap_or_default(), crc(covered));
        let new = self.0.iter().all(|other| other.what != what);
        if new || !check.holds() && self.0.len() < MAX_CHECKS {
            self.0.push(check);
        }
    }
}
