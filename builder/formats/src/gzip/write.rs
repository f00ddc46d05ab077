//! Writing a file as `gzip -n` does.

use super::deflate::{Effort, deflate};

/// Compresses `content` as `gzip -n` (with [`Effort::GZIP_6`]) or `gzip -9n` (with [`Effort::GZIP_9`]) does, to the bit: neither name
/// nor time in the header.
pub fn gzip(content: &[u8], effort: Effort) -> Vec<u8> {
    let strongest = if effort == Effort::GZIP_9 { 2 } else { 0 };
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, strongest, 3];
    file.extend(deflate(content, effort));
    file.extend(crc32fast::hash(content).to_le_bytes());
    // Modulo 2^32, as the format has it.
    file.extend((content.len() as u32).to_le_bytes());
    file
}
