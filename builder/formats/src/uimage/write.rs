//! Making a header.

use super::format::{HEADER_LEN, Header, MAGIC};

/// What a new header says; lengths and CRCs are computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHeader<'a> {
    /// Build time, seconds since 1970.
    pub time: u32,
    /// Load address.
    pub load: u32,
    /// Entry point.
    pub entry: u32,
    /// CPU, see [`Header::arch`].
    pub arch: u8,
    /// Kind, see [`Header::kind`].
    pub kind: u8,
    /// Compression, see [`Header::compression`].
    pub compression: u8,
    /// Name; what is longer than 32 bytes is cut off, as mkimage does.
    pub name: &'a str,
}

/// `data` behind a header for Linux; `None` when it has 4 GiB or more.
pub fn wrap(new: &NewHeader<'_>, data: &[u8]) -> Option<Vec<u8>> {
    let mut name = [0; 32];
    let text = new.name.as_bytes();
    let len = text.len().min(name.len());
    name[..len].copy_from_slice(&text[..len]);
    let mut header = Header {
        magic: MAGIC,
        header_crc: 0,
        time: new.time,
        size: u32::try_from(data.len()).ok()?,
        load: new.load,
        entry: new.entry,
        data_crc: crc32fast::hash(data),
        os: 5,
        arch: new.arch,
        kind: new.kind,
        compression: new.compression,
        name,
    };
    header.header_crc = header.computed_crc();
    let mut out = Vec::with_capacity(HEADER_LEN + data.len());
    out.extend_from_slice(&header.to_bytes());
    out.extend_from_slice(data);
    Some(out)
}
