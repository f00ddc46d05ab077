//! The bytes of a regular file.

use std::borrow::Cow;
use std::sync::Arc;

/// The bytes of a regular file: a length, and extents of data with holes (zeros) between them.
///
/// Cloning is cheap: the bytes are shared. Two contents are equal when they read the same: a hole equals
/// as many zeros, and how the data is cut into extents does not matter.
#[derive(Debug, Clone, Default)]
pub struct Content {
    len: u64,
    /// Sorted by offset, not overlapping, none empty.
    extents: Vec<(u64, Arc<[u8]>)>,
}

impl Content {
    /// A file of `len` bytes that is one hole.
    pub fn hole(len: u64) -> Self {
        Self {
            len,
            extents: Vec::new(),
        }
    }

    /// A file of `len` bytes with data only at the given offsets; `None` when the extents overlap,
    /// are out of order or reach past `len`. Empty extents are dropped.
    pub fn sparse(len: u64, extents: Vec<(u64, Arc<[u8]>)>) -> Option<Self> {
        let extents: Vec<_> = extents
            .into_iter()
            .filter(|(_, data)| !data.is_empty())
            .collect();
        let mut end = 0u64;
        for (offset, data) in &extents {
            if *offset < end {
                return None;
            }
            end = offset.checked_add(data.len() as u64)?;
        }
        (end <= len).then_some(Self { len, extents })
    }

    /// The file's length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The data extents as `(offset, bytes)`, in order; what lies between them reads as zeros.
    pub fn extents(&self) -> &[(u64, Arc<[u8]>)] {
        &self.extents
    }

    /// All bytes of the file, holes as zeros. Mind the length: a sparse file can be larger than memory.
    pub fn to_vec(&self) -> Vec<u8> {
        self.range(0, self.len)
    }

    /// The bytes from `start` up to `end` (cut at the file's length), holes as zeros.
    pub fn range(&self, start: u64, end: u64) -> Vec<u8> {
        let end = end.min(self.len);
        let start = start.min(end);
        let mut out = vec![0; (end - start) as usize];
        let first = self.first_after(start);
        for (at, data) in &self.extents[first..] {
            if *at >= end {
                break;
            }
            let from = start.max(*at);
            let to = end.min(at + data.len() as u64);
            out[(from - start) as usize..(to - start) as usize]
                .copy_from_slice(&data[(from - at) as usize..(to - at) as usize]);
        }
        out
    }

    /// As [`Content::range`], without copying when the range lies inside one extent.
    pub fn slice(&self, start: u64, end: u64) -> Cow<'_, [u8]> {
        let end = end.min(self.len);
        let start = start.min(end);
        let first = self.first_after(start);
        if let Some((at, data)) = self.extents.get(first)
            && *at <= start
            && let Some(inside) = data.get((start - at) as usize..(end - at) as usize)
        {
            return Cow::Borrowed(inside);
        }
        Cow::Owned(self.range(start, end))
    }

    /// Where the extent or hole at `offset` ends, and its bytes from `offset` on if it is an extent.
    fn run(&self, offset: u64) -> (u64, Option<&[u8]>) {
        match self.extents.get(self.first_after(offset)) {
            None => (self.len, None),
            Some((at, _)) if *at > offset => (*at, None),
            Some((at, data)) => (at + data.len() as u64, data.get((offset - at) as usize..)),
        }
    }

    /// The index of the first extent that ends after `offset`.
    fn first_after(&self, offset: u64) -> usize {
        self.extents
            .partition_point(|(at, data)| at + data.len() as u64 <= offset)
    }

    /// Whether the bytes from `start` up to `end` are all inside one hole.
    pub fn is_hole(&self, start: u64, end: u64) -> bool {
        let first = self.first_after(start);
        self.extents.get(first).is_none_or(|(at, _)| *at >= end)
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        if self.len != other.len {
            return false;
        }
        let mut at = 0;
        while at < self.len {
            // Walk from one extent edge, of either side, to the next.
            let (end, mine) = self.run(at);
            let (other_end, theirs) = other.run(at);
            let end = end.min(other_end);
            let len = (end - at) as usize;
            let same = match (mine, theirs) {
                (None, None) => true,
                (Some(a), Some(b)) => a.get(..len) == b.get(..len),
                (Some(data), None) | (None, Some(data)) => data.iter().take(len).all(|b| *b == 0),
            };
            if !same {
                return false;
            }
            at = end;
        }
        true
    }
}

impl Eq for Content {}

impl From<Arc<[u8]>> for Content {
    fn from(bytes: Arc<[u8]>) -> Self {
        let len = bytes.len() as u64;
        Self {
            len,
            extents: if len == 0 {
                Vec::new()
            } else {
                vec![(0, bytes)]
            },
        }
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Arc::<[u8]>::from(bytes).into()
    }
}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Self {
        Arc::<[u8]>::from(bytes).into()
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}
