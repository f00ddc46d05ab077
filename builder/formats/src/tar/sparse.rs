//! Sparse files as GNU tar writes them with pax records (versions 0.1 and 1.0).

use std::sync::Arc;

use crate::tree::Content;

/// In version 1.0 the map before the data is padded to this.
const BLOCK: usize = 512;

/// The records `GNU.sparse.*` of one entry.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// The file's name; the entry's own name is made up.
    pub(super) name: Option<Vec<u8>>,
    major: Option<u64>,
    minor: Option<u64>,
    size: Option<u64>,
    /// Offsets and lengths in turn, separated by commas (version 0.1).
    map: Option<Vec<u64>>,
}

pub(super) fn number(text: &[u8]) -> Result<u64, String> {
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| format!("`{}` is not a number", String::from_utf8_lossy(text)))
}

impl Records {
    pub(super) fn is_empty(&self) -> bool {
        self.size.is_none() && self.major.is_none() && self.map.is_none()
    }

    /// Takes one record, its key without the prefix.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        match key {
            b"name" => self.name = Some(value.to_vec()),
            b"major" => self.major = Some(number(value)?),
            b"minor" => self.minor = Some(number(value)?),
            b"size" | b"realsize" => self.size = Some(number(value)?),
            b"map" => {
                let numbers = value.split(|byte| *byte == b',').map(number);
                self.map = Some(numbers.collect::<Result<_, _>>()?);
            }
            b"numblocks" => {}
            _ => {
                return Err(format!(
                    "sparse file with record `{}`, of an unknown version",
                    String::from_utf8_lossy(key)
                ));
            }
        }
        Ok(())
    }

    /// The content, from the data of the entry.
    pub(super) fn content(&self, data: &[u8]) -> Result<Content, String> {
        let size = self.size.ok_or("sparse file without size")?;
        let (map, data) = match (&self.map, self.major) {
            (Some(map), None) => (map.clone(), data),
            (None, Some(1)) => map_before(data)?,
            _ => return Err("sparse file of an unknown version".into()),
        };
        assemble(size, &map, data)
    }
}

/// A file of `size` bytes, from offsets and lengths in turn and the data of all of them.
pub(super) fn assemble(size: u64, map: &[u64], data: &[u8]) -> Result<Content, String> {
    let mut extents: Vec<(u64, Arc<[u8]>)> = Vec::new();
    let mut rest = data;
    for pair in map.chunks(2) {
        let [offset, len] = pair else {
            return Err("map of a sparse file ends in the middle".into());
        };
        let (part, more) = usize::try_from(*len)
            .ok()
            .and_then(|len| rest.split_at_checked(len))
            .ok_or("map of a sparse file is longer than its data")?;
        extents.push((*offset, part.into()));
        rest = more;
    }
    Content::sparse(size, extents)
        .ok_or_else(|| "map of a sparse file is out of order or past its end".into())
}

/// The map that stands before the data: a count, then offsets and lengths, a number per line.
fn map_before(data: &[u8]) -> Result<(Vec<u64>, &[u8]), String> {
    let mut used = 0;
    let mut line = || -> Result<u64, String> {
        let rest = data.get(used..).unwrap_or_default();
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or("map of a sparse file is cut short")?;
        used += end + 1;
        number(rest.get(..end).unwrap_or_default())
    };
    let count = line()?;
    let mut map = Vec::new();
    for _ in 0..count.saturating_mul(2) {
        map.push(line()?);
    }
    let start = used.next_multiple_of(BLOCK);
    Ok((map, data.get(start..).unwrap_or_default()))
}
