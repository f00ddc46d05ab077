//! Buffalo's stream cipher and checksum.
//!
//! The cipher is RC4 with two peculiarities: its key is a seed byte and “Buffalo”, and with a *long state* the state has as many
//! entries as there are bytes to encrypt, of which the two indices reach the first 256 at most.
//!
//! The checksum is CRC-32 bit by bit, begun with the length, not inverted, and with each byte taken as a signed number, so that
//! bytes above 7F also invert the upper 24 bits. Source: firmware-utils' `buffalo-lib.c`.

const KEY: &[u8] = b"Buffalo";
const STATE_LEN: usize = 256;

/// Encrypts or decrypts `bytes`, which is the same.
pub(super) fn apply(seed: u8, long: bool, bytes: &mut [u8]) {
    let len = if long { bytes.len() } else { STATE_LEN };
    if len == 0 {
        return;
    }
    // The low bytes.
    let mut state: Vec<u8> = (0..len).map(|at| at as u8).collect();
    let key = std::iter::once(&seed).chain(KEY);
    let mut k = 0;
    for (i, key) in (0..len).zip(key.cycle()) {
        k = (k + usize::from(*key) + usize::from(state[i])) % len;
        state.swap(i, k);
    }
    let (mut i, mut j) = (0u8, 0u8);
    for byte in bytes {
        // The remainder, cut to 8 bits.
        i = ((usize::from(i) + 1) % len) as u8;
        let (at, value) = (usize::from(i), state[usize::from(i)]);
        j = ((usize::from(j) + usize::from(value)) % len) as u8;
        state.swap(at, usize::from(j));
        let sum = usize::from(state[at]) + usize::from(state[usize::from(j)]);
        *byte ^= state[sum % len];
    }
}

/// The checksum of `bytes`, begun with `start`.
pub(super) fn checksum(start: u32, bytes: &[u8]) -> u32 {
    let table: [u32; 256] = std::array::from_fn(|value| {
        (0..8).fold(value as u32, |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 * (crc & 1))
        })
    });
    bytes.iter().fold(start, |crc, byte| {
        let crc = crc ^ i32::from(byte.cast_signed()).cast_unsigned();
        crc >> 8 ^ table[(crc & 0xFF) as usize]
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Bit by bit, as it is described.
    pub(in crate::vendor) fn bitwise(start: u32, bytes: &[u8]) -> u32 {
        bytes.iter().fold(start, |mut sum, byte| {
            sum ^= u32::from(*byte);
            if *byte > 0x7F {
                sum ^= 0xFFFF_FF00;
            }
            for _ in 0..8 {
                let odd = sum % 2 == 1;
                sum /= 2;
                if odd {
                    sum ^= 0xEDB8_8320;
                }
            }
            sum
        })
    }

    #[test]
    fn the_checksum_is_as_described() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(checksum(256, &bytes), bitwise(256, &bytes));
    }

    /// For states shorter and longer than 256, too. That it is the right stream is tested where it is used.
    #[test]
    fn twice_is_nothing() {
        for len in [0, 1, 5, 255, 256, 257, 5000] {
            for long in [false, true] {
                let plain: Vec<u8> = (0..len).map(|at| (at * 7) as u8).collect();
                let mut bytes = plain.clone();
                apply(0x4F, long, &mut bytes);
                assert!(len < 5 || bytes != plain);
                apply(0x4F, long, &mut bytes);
                assert_eq!(bytes, plain);
            }
        }
    }
}
