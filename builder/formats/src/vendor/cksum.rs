//! The CRC of POSIX' `cksum`: polynomial 04C11DB7, highest bit first, begun with 0; the message, then its length as few
//! little-endian bytes as hold it; inverted.

/// The checksum of `bytes`.
pub(super) fn cksum(bytes: &[u8]) -> u32 {
    let table = table();
    let step = |crc: u32, byte: u8| crc << 8 ^ table[usize::from((crc >> 24) as u8 ^ byte)];
    let mut crc = bytes.iter().fold(0, |crc, byte| step(crc, *byte));
    let mut len = bytes.len();
    while len > 0 {
        // The lowest byte.
        crc = step(crc, len as u8);
        len >>= 8;
    }
    !crc
}

fn table() -> [u32; 256] {
    let mut table = [0; 256];
    for (value, entry) in (0u32..).zip(&mut table) {
        *entry = (0..8).fold(value << 24, |crc, _| {
            let carry = crc >> 31;
            crc << 1 ^ (carry * 0x04C1_1DB7)
        });
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of this CRC, and what `cksum` says of an empty file.
    #[test]
    fn is_posix() {
        assert_eq!(cksum(b"123456789"), 930_766_865);
        assert_eq!(cksum(b""), u32::MAX);
    }
}
