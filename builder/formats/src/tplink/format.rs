//! The two headers' bytes.

use md5::{Digest, Md5};

use crate::layer;

/// Length of a header, and where the kernel begins.
pub const HEADER_LEN: usize = 0x200;

/// Which of the two headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `mktplinkfw`: zero-filled, numbers big endian.
    V1,
    /// `mktplinkfw2`: 0xFF-filled; the version is little endian, other numbers big endian.
    V2,
}

/// Where the fields are that depend on the content. All are 32-bit big endian but for the 16 bytes of the MD5.
struct Fields {
    md5: usize,
    /// Length of the firmware partition, 0 before a kernel alone.
    total: usize,
    kernel_offset: usize,
    kernel_len: usize,
    rootfs_offset: usize,
    rootfs_len: usize,
    /// What stands in for the MD5 while it is computed.
    salt: [u8; 16],
}

const V1: Fields = Fields {
    md5: 0x4c,
    total: 0x7c,
    kernel_offset: 0x80,
    kernel_len: 0x84,
    rootfs_offset: 0x88,
    rootfs_len: 0x8c,
    salt: [
        0xdc, 0xd7, 0x3a, 0xa5, 0xc3, 0x95, 0x98, 0xfb, 0xdd, 0xf9, 0xe7, 0xf4, 0x0e, 0xae, 0x47,
        0x38,
    ],
};

const V2: Fields = Fields {
    md5: 0x40,
    total: 0x70,
    kernel_offset: 0x74,
    kernel_len: 0x78,
    rootfs_offset: 0x7c,
    rootfs_len: 0x80,
    salt: [
        0xdc, 0xd7, 0x3a, 0xa5, 0xc3, 0x95, 0x98, 0xfb, 0xdc, 0xf9, 0xe7, 0xf4, 0x0e, 0xae, 0x47,
        0x37,
    ],
};

/// A header: its bytes, and which kind it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    kind: Kind,
    bytes: Box<[u8; HEADER_LEN]>,
}

impl Header {
    /// The header at the start of `bytes`, if they begin with one.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let raw = bytes.first_chunk::<HEADER_LEN>()?;
        let header = |kind| Self {
            kind,
            bytes: Box::new(*raw),
        };
        let at_0x200 = |header: &Self| header.word(header.fields().kernel_offset) == 0x200;
        let v2 = header(Kind::V2);
        if matches!(raw[..4], [2 | 3, 0, 0, 0]) && raw[0x8c..0x8e] == [0x55, 0xaa] && at_0x200(&v2)
        {
            return Some(v2);
        }
        let v1 = header(Kind::V1);
        (matches!(raw[..4], [1 | 2, 0, 0, 0]) && at_0x200(&v1)).then_some(v1)
    }

    /// Which kind it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The header's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..]
    }

    /// Length of the firmware partition, bytes.
    pub fn total(&self) -> u32 {
        self.word(self.fields().total)
    }

    /// Length of the kernel, bytes.
    pub fn kernel_len(&self) -> u32 {
        self.word(self.fields().kernel_len)
    }

    /// Where the header says the root file system begins. Version-1 tools of some releases put the default of the
    /// flash layout here rather than the real place.
    pub fn rootfs_offset(&self) -> u32 {
        self.word(self.fields().rootfs_offset)
    }

    /// Length of the root file system, bytes.
    pub fn rootfs_len(&self) -> u32 {
        self.word(self.fields().rootfs_len)
    }

    /// Whether this header stands before a kernel alone, so that nothing in it depends on the root file system.
    pub fn is_kernel_only(&self) -> bool {
        match self.kind {
            Kind::V1 => self.total() == 0 && self.md5() == [0; 16],
            Kind::V2 => self.rootfs_len() == u32::MAX,
        }
    }

    /// What it says besides lengths and the MD5, for people.
    ///
    /// ```text
    ///        version 1                              version 2
    /// 0x04   maker (24 bytes of text)        0x04   version (48 bytes of text)
    /// 0x1c   version (36 bytes of text)
    /// 0x40   hardware id, 0x44 revision      0x34   hardware id, 0x38 revision
    /// 0x74   load address                    0x68   load address
    /// ```
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let text = |at, len| layer::text(self.as_bytes(), at, len);
        let (texts, hardware, load) = match self.kind {
            Kind::V1 => {
                let texts = vec![("maker", text(0x04, 24)), ("version", text(0x1c, 36))];
                (texts, 0x40, 0x74)
            }
            Kind::V2 => (vec![("version", text(0x04, 48))], 0x34, 0x68),
        };
        let hex = |at| format!("{:08x}", self.word(at));
        let mut facts: Vec<_> = texts
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .collect();
        facts.extend([
            ("hardware id", hex(hardware)),
            ("hardware revision", hex(hardware + 4)),
            ("load address", format!("{:#x}", self.word(load))),
            ("firmware partition", format!("{} bytes", self.total())),
        ]);
        facts
    }

    pub(super) fn set_kernel_len(&mut self, len: u32) {
        self.set(self.fields().kernel_len, len);
    }

    pub(super) fn set_rootfs_offset(&mut self, offset: u32) {
        self.set(self.fields().rootfs_offset, offset);
    }

    pub(super) fn set_rootfs_len(&mut self, len: u32) {
        self.set(self.fields().rootfs_len, len);
    }

    /// Where the MD5 stands in the header.
    pub(super) fn md5_at(&self) -> usize {
        self.fields().md5
    }

    /// The MD5 in the header.
    pub(super) fn md5(&self) -> [u8; 16] {
        let mut md5 = [0; 16];
        let at = self.fields().md5;
        md5.copy_from_slice(&self.bytes[at..at + 16]);
        md5
    }

    pub(super) fn set_md5(&mut self, md5: [u8; 16]) {
        let at = self.fields().md5;
        self.bytes[at..at + 16].copy_from_slice(&md5);
    }

    /// The MD5 that belongs into this header when `body` follows it.
    pub(super) fn computed_md5(&self, body: &[u8]) -> [u8; 16] {
        let mut salted = self.clone();
        salted.set_md5(self.fields().salt);
        Md5::new()
            .chain_update(salted.as_bytes())
            .chain_update(body)
            .finalize()
            .into()
    }

    fn fields(&self) -> &'static Fields {
        match self.kind {
            Kind::V1 => &V1,
            Kind::V2 => &V2,
        }
    }

    /// The big-endian word at `at`, which is one of the constants above.
    fn word(&self, at: usize) -> u32 {
        let mut word = [0; 4];
        word.copy_from_slice(&self.bytes[at..at + 4]);
        u32::from_be_bytes(word)
    }

    fn set(&mut self, at: usize, word: u32) {
        self.bytes[at..at + 4].copy_from_slice(&word.to_be_bytes());
    }
}
