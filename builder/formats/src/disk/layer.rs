//! Disk images as a format.

use std::ops::Range;

use super::table::{Partition, Scheme, Table};
use crate::layer::{Error, Format, Opened, Part, Role};
use crate::rootfs::Superblock;

/// The zeros that some scripts append to the root file system at the end of the file, bytes.
const USUAL_EXTRA: usize = 128 << 10;

/// What the disk has at its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The table's kind.
    pub scheme: Scheme,
    /// What becomes of each part.
    places: Vec<Place>,
}

/// What becomes of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It stays as it is.
    Kept,
    /// It begins a partition of `size` bytes, and then comes `fill`.
    Filesystem { size: u64, fill: Fill },
}

/// What comes behind a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fill {
    /// Zeros to the partition's end.
    Partition,
    /// So many bytes of zeros, with which the file ends.
    Extra(usize),
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        match self.scheme {
            Scheme::Mbr => "disk (MBR)",
            Scheme::Gpt => "disk (GPT)",
        }
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        Some(Table::parse(image)?.map(|table| opened(image, table)))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = Vec::new();
        for (place, part) in self.places.iter().zip(parts) {
            image.extend_from_slice(part);
            let Place::Filesystem { size, fill } = *place else {
                continue;
            };
            if part.len() as u64 > size {
                return Err(Error::too_long("the root file system", part.len(), size));
            }
            let zeros = match fill {
                // Not more than the file had.
                Fill::Partition => size as usize - part.len(),
                Fill::Extra(len) => len,
            };
            image.resize(image.len() + zeros, 0);
        }
        Ok(image)
    }
}

fn opened(image: &[u8], table: Table) -> Opened<Layout> {
    let mut cut = Cut::default();
    let mut done = 0;
    for partition in &table.partitions {
        // Both within the image, which is in memory.
        let inside = |at: u64| at.min(image.len() as u64) as usize;
        let start = inside(partition.start);
        let end = inside(partition.start + partition.len);
        let before = match done {
            0 => "partition table and boot loader",
            _ => "gap",
        };
        cut.keep(before.into(), done..start);
        done = end;
        let name = part_name(partition);
        match filesystem(&image[start..end], partition.len) {
            Some((len, role, fill)) => {
                let size = partition.len;
                cut.places.push(Place::Filesystem { size, fill });
                cut.parts.push(Part::at(name, start..start + len, role));
            }
            None => cut.keep(name, start..end),
        }
    }
    cut.keep("behind the partitions".into(), done..image.len());
    let scheme = table.scheme;
    let id_name = match scheme {
        Scheme::Mbr => "disk signature",
        Scheme::Gpt => "disk GUID",
    };
    let places = cut.places;
    let mut opened = Opened::new(Layout { scheme, places }, cut.parts).fact(id_name, table.id);
    for partition in &table.partitions {
        opened = opened.fact("partition", describe(partition));
    }
    opened.checks = table.checks;
    opened
}

/// The parts so far.
#[derive(Default)]
struct Cut {
    places: Vec<Place>,
    parts: Vec<Part>,
}

impl Cut {
    fn keep(&mut self, name: String, range: Range<usize>) {
        if !range.is_empty() {
            self.places.push(Place::Kept);
            self.parts.push(Part::at(name, range, Role::Kept));
        }
    }
}

/// How much of a partition is its file system, what that may be, and what comes behind. `None` when there is no squashfs.
/// `bytes` are fewer than `size` when the file ends before the partition does.
fn filesystem(bytes: &[u8], size: u64) -> Option<(usize, Role, Fill)> {
    let superblock = Superblock::probe(bytes)?;
    let used = usize::try_from(superblock.bytes_used).ok();
    let Some((used, rest)) = used.and_then(|used| Some((used, bytes.get(used..)?))) else {
        // Cut off, which its own format says.
        return Some((bytes.len(), Role::Image, Fill::Extra(0)));
    };
    let zeros = rest.iter().rev().take_while(|b| **b == 0).count();
    let all = zeros == rest.len();
    if bytes.len() as u64 == size {
        let role = if all { Role::Rootfs } else { Role::Image };
        return Some((used + rest.len() - zeros, role, Fill::Partition));
    }
    if all && (zeros == 0 || zeros == USUAL_EXTRA) {
        return Some((used, Role::Rootfs, Fill::Extra(zeros)));
    }
    Some((bytes.len(), Role::Image, Fill::Extra(0)))
}

fn part_name(partition: &Partition) -> String {
    if partition.name.is_empty() {
        format!("partition {}", partition.number)
    } else {
        format!("partition {} “{}”", partition.number, partition.name)
    }
}

fn describe(partition: &Partition) -> String {
    let Partition {
        number,
        kind,
        name,
        start,
        len,
    } = partition;
    let name = if name.is_empty() {
        String::new()
    } else {
        format!(" “{name}”")
    };
    format!("{number}{name}: type {kind}, at {start}, {len} bytes")
}
