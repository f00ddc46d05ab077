//! The numbers of RFC 1951: which code stands for which length or distance.

/// Literals, the end of a block, and lengths: codes 0 to 285.
pub(super) const LITERAL_CODES: usize = 286;
/// Codes for distances.
pub(super) const DISTANCE_CODES: usize = 30;
/// Codes for code lengths.
pub(super) const LENGTH_CODES: usize = 19;
/// The code that ends a block.
pub(super) const END_OF_BLOCK: usize = 256;
/// Repeats the code length before 3 to 6 times.
pub(super) const REPEAT: usize = 16;
/// A code length of 0, 3 to 10 times.
pub(super) const ZEROS_SHORT: usize = 17;
/// A code length of 0, 11 to 138 times.
pub(super) const ZEROS_LONG: usize = 18;

/// Extra bits behind the length codes, 257 first.
pub(super) const LENGTH_EXTRA: [u8; 29] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
/// Extra bits behind the distance codes.
pub(super) const DISTANCE_EXTRA: [u8; DISTANCE_CODES] = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13,
    13,
];
/// Extra bits behind the codes for code lengths.
pub(super) const REPEAT_EXTRA: [u8; LENGTH_CODES] =
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7];
/// The order in which the lengths of the codes for code lengths are written.
pub(super) const LENGTH_ORDER: [usize; LENGTH_CODES] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// A code, and the extra bits that tell which of its values is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coded {
    /// The code, counted from the first of its kind.
    pub(super) code: usize,
    /// The value of the extra bits.
    pub(super) extra: u32,
}

/// The code of a length, 3 to 258. The longest has a code of its own.
pub(super) fn length(len: usize) -> Coded {
    if len == 258 {
        return Coded { code: 28, extra: 0 };
    }
    let value = len - 3;
    if value < 8 {
        return Coded {
            code: value,
            extra: 0,
        };
    }
    // Four codes share each number of extra bits.
    let bits = value.ilog2() as usize - 2;
    Coded {
        code: 4 * bits + (value >> bits),
        extra: (value & ((1 << bits) - 1)) as u32,
    }
}

/// The code of a distance, 1 to 32768.
pub(super) fn distance(distance: usize) -> Coded {
    let value = distance - 1;
    if value < 4 {
        return Coded {
            code: value,
            extra: 0,
        };
    }
    // Two codes share each number of extra bits.
    let bits = value.ilog2() as usize - 1;
    Coded {
        code: 2 * bits + (value >> bits),
        extra: (value & ((1 << bits) - 1)) as u32,
    }
}

/// The code lengths of blocks with fixed codes, for literals and lengths.
pub(super) fn fixed_literals() -> Vec<u8> {
    let runs = [(144, 8), (112, 9), (24, 7), (8, 8)];
    runs.iter()
        .flat_map(|(count, len)| std::iter::repeat_n(*len, *count))
        .collect()
}

/// The code lengths of blocks with fixed codes, for distances.
pub(super) const FIXED_DISTANCES: [u8; DISTANCE_CODES] = [5; DISTANCE_CODES];
