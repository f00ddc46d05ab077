//! Writing bits, the lowest of a byte first.

/// Bytes, and bits that are not yet one.
#[derive(Debug, Default)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    pending: u64,
    count: u32,
}

impl Bits {
    /// Appends the lowest `len` bits of `value`, at most 32.
    pub(super) fn put(&mut self, value: u32, len: u32) {
        self.pending |= u64::from(value) << self.count;
        self.count += len;
        if self.count >= 32 {
            self.bytes
                .extend_from_slice(&(self.pending as u32).to_le_bytes());
            self.pending >>= 32;
            self.count -= 32;
        }
    }

    /// Fills the last byte with zero bits.
    pub(super) fn align(&mut self) {
        let used = self.count.div_ceil(8) as usize;
        self.bytes
            .extend_from_slice(&self.pending.to_le_bytes()[..used]);
        (self.pending, self.count) = (0, 0);
    }

    /// Appends whole bytes behind an aligned position.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// All bytes, the last one filled.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }
}
