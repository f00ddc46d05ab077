//! The header's bytes.

/// Length of the header.
pub const HEADER_LEN: usize = 64;
/// The usual magic number. Some vendors' boot loaders want another one, so it is not what makes a uImage: the CRC is.
pub const MAGIC: u32 = 0x2705_1956;
/// `OKLI`: the magic of kernels that OpenWrt's second-stage LZMA loader looks for.
pub const OKLI_MAGIC: u32 = 0x4f4b_4c49;

/// A header's fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Magic number, [`MAGIC`] but for some vendors.
    pub magic: u32,
    /// CRC-32 of the header with this field zero.
    pub header_crc: u32,
    /// Build time, seconds since 1970.
    pub time: u32,
    /// Length of the data behind the header.
    pub size: u32,
    /// Load address.
    pub load: u32,
    /// Entry point.
    pub entry: u32,
    /// CRC-32 of the data.
    pub data_crc: u32,
    /// Operating system (5 Linux).
    pub os: u8,
    /// CPU (2 ARM, 5 MIPS, 7 PowerPC, 22 ARM64).
    pub arch: u8,
    /// Kind (2 kernel, 4 multi-file, 5 firmware, 6 script, 7 file system).
    pub kind: u8,
    /// Compression (0 none, 1 gzip, 2 bzip2, 3 LZMA, 4 LZO, 5 LZ4, 6 zstd).
    pub compression: u8,
    /// Name, padded with NULs.
    pub name: [u8; 32],
}

impl Header {
    /// The header at the start of `bytes`, if they look like one; CRCs need not fit when the magic number is a known one.
    pub fn at(bytes: &[u8]) -> Option<Self> {
        let header = Self::decode(bytes.first_chunk()?);
        let known = [MAGIC, OKLI_MAGIC].contains(&header.magic);
        (known || header.header_crc == header.computed_crc()).then_some(header)
    }

    /// The CRC that belongs into [`Header::header_crc`].
    pub fn expected_crc(&self) -> u32 {
        self.computed_crc()
    }

    /// The fields in `bytes`, nothing checked.
    pub(super) fn decode(bytes: &[u8; HEADER_LEN]) -> Self {
        let word = |at: usize| {
            let mut word = [0; 4];
            word.copy_from_slice(&bytes[at..at + 4]);
            u32::from_be_bytes(word)
        };
        let mut name = [0; 32];
        name.copy_from_slice(&bytes[32..]);
        Self {
            magic: word(0),
            header_crc: word(4),
            time: word(8),
            size: word(12),
            load: word(16),
            entry: word(20),
            data_crc: word(24),
            os: bytes[28],
            arch: bytes[29],
            kind: bytes[30],
            compression: bytes[31],
            name,
        }
    }

    /// The header's bytes.
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        let words = [
            self.magic,
            self.header_crc,
            self.time,
            self.size,
            self.load,
            self.entry,
            self.data_crc,
        ];
        for (at, word) in words.into_iter().enumerate() {
            out[at * 4..at * 4 + 4].copy_from_slice(&word.to_be_bytes());
        }
        out[28..32].copy_from_slice(&[self.os, self.arch, self.kind, self.compression]);
        out[32..].copy_from_slice(&self.name);
        out
    }

    /// The CRC that belongs into `header_crc`.
    pub(super) fn computed_crc(&self) -> u32 {
        let blank = Self {
            header_crc: 0,
            ..self.clone()
        };
        crc32fast::hash(&blank.to_bytes())
    }

    /// The name as text, up to its first NUL.
    pub fn name(&self) -> String {
        let end = self.name.iter().position(|b| *b == 0);
        String::from_utf8_lossy(&self.name[..end.unwrap_or(self.name.len())]).into_owned()
    }
}
