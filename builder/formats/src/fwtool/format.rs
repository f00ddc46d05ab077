//! The trailer's bytes.

/// `FWx0`, the first four bytes of a trailer.
pub(super) const MAGIC: [u8; 4] = *b"FWx0";
/// Length of a trailer.
pub(super) const TRAILER: usize = 16;
/// Length of the header before the JSON of a metadata chunk: version and flags, both 0 in every known image.
pub(super) const HEADER: usize = 8;

/// fwtool's limit for the data of a metadata chunk, its 8-byte header and final newline included.
pub const MAX_METADATA: usize = 30 * 1024;
/// fwtool's limit for the data of a signature chunk.
pub const MAX_SIGNATURE: usize = 1024;

/// Type byte of a signature chunk.
pub(super) const SIGNATURE: u8 = 0;
/// Type byte of a metadata chunk.
pub(super) const METADATA: u8 = 1;

/// A trailer's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trailer {
    /// CRC-32 without the final inversion, over the file up to this trailer.
    pub(super) crc: u32,
    /// [`SIGNATURE`] or [`METADATA`].
    pub(super) kind: u8,
    /// Length of the chunk's data plus this trailer.
    pub(super) size: u32,
}

impl Trailer {
    /// The trailer at the start of `bytes`, if they begin with one.
    pub(super) fn parse(bytes: &[u8; TRAILER]) -> Option<Self> {
        let [
            m0,
            m1,
            m2,
            m3,
            c0,
            c1,
            c2,
            c3,
            kind,
            _,
            _,
            _,
            s0,
            s1,
            s2,
            s3,
        ] = *bytes;
        ([m0, m1, m2, m3] == MAGIC).then(|| Self {
            crc: u32::from_be_bytes([c0, c1, c2, c3]),
            kind,
            size: u32::from_be_bytes([s0, s1, s2, s3]),
        })
    }

    /// Its 16 bytes.
    pub(super) fn to_bytes(self) -> [u8; TRAILER] {
        let mut out = [0; TRAILER];
        out[..4].copy_from_slice(&MAGIC);
        out[4..8].copy_from_slice(&self.crc.to_be_bytes());
        out[8] = self.kind;
        out[12..].copy_from_slice(&self.size.to_be_bytes());
        out
    }
}

/// The CRC of a trailer: CRC-32/IEEE without the final inversion.
pub(super) fn crc(bytes: &[u8]) -> u32 {
    !crc32fast::hash(bytes)
}
