//! What stands before a stream.

use super::deflate::Effort;
use crate::layer::{le16, le32};

const TEXT_FIELDS: [(u8, usize); 2] = [(8, 0), (0x10, 1)];

/// The program that made a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// GNU gzip.
    Gzip(Effort),
    /// libdeflate at level 12.
    Libdeflate,
}

/// A header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The file's name, if there is one.
    pub name: Option<String>,
    /// When the file was changed, seconds since 1970; 0 when unknown.
    pub time: u32,
}

impl Header {
    /// The header that `file` begins with; `None` when it is none of gzip's.
    pub fn parse(file: &[u8]) -> Option<Self> {
        if !file.starts_with(&[0x1f, 0x8b, 8]) {
            return None;
        }
        let flags = *file.get(3)?;
        // The other bits are reserved.
        if flags & 0xE0 != 0 {
            return None;
        }
        let mut end = 10;
        if flags & 4 != 0 {
            end += 2 + usize::from(le16(file, end)?);
        }
        let mut texts = [None, None];
        for (flag, at) in TEXT_FIELDS {
            if flags & flag != 0 {
                let rest = file.get(end..)?;
                let len = rest.iter().position(|b| *b == 0)?;
                texts[at] = Some(String::from_utf8_lossy(&rest[..len]).into_owned());
                end += len + 1;
            }
        }
        if flags & 2 != 0 {
            end += 2;
        }
        let [name, _] = texts;
        Some(Self {
            bytes: file.get(..end)?.to_vec(),
            name,
            time: le32(file, 4)?,
        })
    }

    /// The program that writes such headers.
    pub fn program(&self) -> Program {
        match self.bytes[8..10] {
            [_, 255] => Program::Libdeflate,
            [2, _] => Program::Gzip(Effort::GZIP_9),
            _ => Program::Gzip(Effort::GZIP_6),
        }
    }
}
