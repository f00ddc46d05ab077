//! A tar header's bytes.

/// Length of a header, and what everything is padded to.
pub(super) const BLOCK: usize = 512;
/// What GNU tar pads an archive to.
pub(super) const RECORD: usize = 20 * BLOCK;

/// A header block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header(Box<[u8; BLOCK]>);

impl Header {
    /// The header at the start of `block`, when its checksum fits.
    pub(super) fn parse(block: &[u8; BLOCK]) -> Option<Self> {
        let header = Self(Box::new(*block));
        (octal(&block[148..156]) == Some(u64::from(header.computed_checksum()))
            && block[257..262] == *b"ustar")
            .then_some(header)
    }

    /// A header as GNU tar writes it with `--owner=0 --group=0 --numeric-owner --format=gnu`; `None` when the name has more than 99 bytes.
    pub(super) fn new(name: &str, directory: bool, mtime: u64) -> Option<Self> {
        let mut block = [0; BLOCK];
        if name.len() > 99 {
            return None;
        }
        block[..name.len()].copy_from_slice(name.as_bytes());
        let mode = if directory { b"0000755" } else { b"0000644" };
        block[100..107].copy_from_slice(mode);
        block[108..115].copy_from_slice(b"0000000");
        block[116..123].copy_from_slice(b"0000000");
        block[156] = if directory { b'5' } else { b'0' };
        block[257..265].copy_from_slice(b"ustar  \0");
        let mut header = Self(Box::new(block));
        header.set_octal(136, mtime)?;
        header.set_size(0)?;
        Some(header)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0[..]
    }

    /// The name, up to its first NUL.
    pub(super) fn name(&self) -> String {
        let name = self.0[..100].split(|b| *b == 0).next();
        String::from_utf8_lossy(name.unwrap_or_default()).into_owned()
    }

    /// `5` for a directory, `0` or NUL for a file.
    pub(super) fn kind(&self) -> u8 {
        self.0[156]
    }

    pub(super) fn size(&self) -> Option<u64> {
        octal(&self.0[124..136])
    }

    /// Modification time, seconds since 1970.
    pub(super) fn mtime(&self) -> Option<u64> {
        octal(&self.0[136..148])
    }

    /// Puts in another size and the checksum that follows from it; `None` from 8 GiB on.
    pub(super) fn set_size(&mut self, size: u64) -> Option<()> {
        self.set_octal(124, size)?;
        let checksum = format!("{:06o}\0 ", self.computed_checksum());
        self.0[148..156].copy_from_slice(checksum.as_bytes());
        Some(())
    }

    /// Eleven octal digits and a NUL.
    fn set_octal(&mut self, at: usize, value: u64) -> Option<()> {
        let digits = format!("{value:011o}");
        let field = self.0.get_mut(at..at + 12)?;
        (digits.len() == 11).then(|| {
            field[..11].copy_from_slice(digits.as_bytes());
            field[11] = 0;
        })
    }

    /// The sum of all bytes, those of the checksum as blanks.
    fn computed_checksum(&self) -> u32 {
        let all: u32 = self.0.iter().map(|b| u32::from(*b)).sum();
        let field: u32 = self.0[148..156].iter().map(|b| u32::from(*b)).sum();
        all - field + 8 * u32::from(b' ')
    }
}

/// An octal number between blanks, ended by NUL or blank.
fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    let text = text.trim_matches(['\0', ' ']);
    u64::from_str_radix(text, 8).ok()
}
