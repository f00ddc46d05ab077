//! Putting a UBI image together.

use super::format::{
    DYNAMIC, Geometry, HEADER, LAYOUT_VOLUME, RECORD, REJECT, STATIC, identifier, seal,
    static_identifier,
};
use super::{Layout, Reserved, Volume};
use crate::layer::{Error, put};
use crate::pad_rootfs::Tail;

/// What a volume's size is rounded up to before its LEBs are counted, bytes.
pub(super) const UNIT: usize = 1024;

pub(super) fn close(layout: &Layout, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
    let geometry = &layout.geometry;
    let mut table = vec![0; geometry.records() * RECORD];
    table.chunks_exact_mut(RECORD).for_each(seal);
    let mut data = Vec::new();
    let mut parts = parts.iter();
    for volume in &layout.volumes {
        let bytes: Option<&[u8]> = match volume.filled {
            true => parts.next().copied(),
            false => None,
        };
        let record = record(volume, geometry, bytes.unwrap_or_default().len())?;
        put(&mut table, volume.id as usize * RECORD, &record);
        fill(&mut data, volume, geometry, bytes.unwrap_or_default());
    }
    let mut image = Vec::with_capacity(data.len() + 2 * geometry.peb);
    for number in 0..2 {
        let header = identifier(DYNAMIC, REJECT, LAYOUT_VOLUME, number);
        push(&mut image, geometry, &header, &table);
    }
    image.append(&mut data);
    for _ in 0..layout.end_marks {
        let end = image.len() + geometry.peb;
        image.extend_from_slice(&geometry.counter(true));
        image.resize(end, 0xFF);
    }
    let tail = Tail {
        marks: None,
        end: layout.end,
    };
    tail.append(&mut image)?;
    Ok(image)
}

/// The volume's record for `len` bytes of data.
fn record(volume: &Volume, geometry: &Geometry, len: usize) -> Result<Vec<u8>, Error> {
    let needed = len.next_multiple_of(UNIT).div_ceil(geometry.leb()) as u32;
    let lebs = match volume.reserved {
        Reserved::Data => needed,
        Reserved::Fixed(lebs) if len.div_ceil(geometry.leb()) > lebs as usize => {
            let max = u64::from(lebs) * geometry.leb() as u64;
            return Err(Error::too_long(format!("volume {}", volume.name), len, max));
        }
        Reserved::Fixed(lebs) => lebs,
    };
    let mut record = volume.record.clone();
    put(&mut record, 0, &lebs.to_be_bytes());
    seal(&mut record);
    Ok(record)
}

/// Appends the PEBs of a volume.
fn fill(image: &mut Vec<u8>, volume: &Volume, geometry: &Geometry, bytes: &[u8]) {
    let lebs = bytes.len().div_ceil(geometry.leb());
    for (number, chunk) in bytes.chunks(geometry.leb()).enumerate() {
        let header = if volume.fixed {
            static_identifier(volume.id, number, lebs, chunk)
        } else {
            identifier(DYNAMIC, 0, volume.id, number)
        };
        push(image, geometry, &header, chunk);
    }
    debug_assert!(!volume.fixed || volume.record.get(12) == Some(&STATIC));
}

/// Appends a PEB.
fn push(image: &mut Vec<u8>, geometry: &Geometry, identifier: &[u8; HEADER], bytes: &[u8]) {
    let start = image.len();
    image.extend_from_slice(&geometry.counter(false));
    image.resize(start + geometry.vid_at, 0xFF);
    image.extend_from_slice(identifier);
    image.resize(start + geometry.data_at, 0xFF);
    image.extend_from_slice(bytes);
    image.resize(start + geometry.peb, 0xFF);
}
