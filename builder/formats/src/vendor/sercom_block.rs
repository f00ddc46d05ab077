//! What Sercomm's header and footer have in common.
//!
//! ```text
//! 0  sErCoMm
//! 7  00 01 00 00
//! 11 hardware id (34), padded with NULs
//! 45 hardware version (10), padded with NULs
//! 55 software version, big endian
//! 59 zeros (4)
//! 63 sErCoMm, NUL
//! ```
//!
//! Source: firmware-utils' `mksercommfw.c`.

use crate::layer::{Opened, be32, text};

pub(super) const LEN: usize = 71;
pub(super) const MAGIC: &[u8] = b"sErCoMm";

/// The block at the start of `bytes`, if there is one.
pub(super) fn at_start(bytes: &[u8]) -> Option<[u8; LEN]> {
    let block = *bytes.first_chunk::<LEN>()?;
    let ours = block.starts_with(MAGIC)
        && block[7..11] == [0, 1, 0, 0]
        && block[59..63] == [0; 4]
        && block[63..].starts_with(MAGIC);
    ours.then_some(block)
}

/// The same with what the block says.
pub(super) fn described<L>(opened: Opened<L>, block: &[u8]) -> Opened<L> {
    let version = be32(block, 55).unwrap_or_default();
    opened
        .fact("hardware id", text(block, 11, 34))
        .fact("hardware version", text(block, 45, 10))
        .fact("software version", format!("{version:#x}"))
}

#[cfg(test)]
pub(super) mod tests {
    /// A block as of Netgear's R6220, worked out by hand.
    pub(in crate::vendor) fn block() -> Vec<u8> {
        let mut block = b"sErCoMm\0\x01\0\0R6220".to_vec();
        block.resize(45, 0);
        block.extend(b"A001");
        block.resize(55, 0);
        block.extend([0, 0, 0, 0x86, 0, 0, 0, 0]);
        block.extend(b"sErCoMm\0");
        assert_eq!(block.len(), super::LEN);
        block
    }
}
