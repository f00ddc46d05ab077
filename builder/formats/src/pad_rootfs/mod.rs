//! The padding behind a root file system that tells first boot where the writable overlay begins.
//!
//! The file is filled with 0xFF up to erase-block boundaries, and at each the four bytes `DE AD C0 DE` say:
//! from here on the flash may be erased. Source of the format: OpenWrt's `padjffs2`, and `pad_jffs2` in
//! firmware-utils' `mktplinkfw-lib.c`.

mod tail;

pub use tail::{Candidate, End, Tail, TailError};

use std::fmt;

/// The end-of-file-system marker.
pub const MARKER: [u8; 4] = [0xDE, 0xAD, 0xC0, 0xDE];

/// The block sizes in KiB that `pad-rootfs` takes when the device states none.
pub const DEFAULT_KIB: [u32; 6] = [4, 8, 16, 64, 128, 256];

/// How an image is padded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Erase-block sizes in bytes, ascending, none 0.
    sizes: Vec<u32>,
    /// Added to the file's length before it is aligned, for a header that is put before it later.
    bias: u32,
    /// Whether a marker's 4 bytes count when the next boundary is looked for.
    count_markers: bool,
}

impl Rule {
    /// `pad-rootfs` with these block sizes in KiB; `None` when there is none or one is 0 or above 1 GiB.
    pub fn padjffs2(kib: &[u32]) -> Option<Self> {
        let mut sizes = kib
            .iter()
            .map(|kib| {
                kib.checked_mul(1024)
                    .filter(|size| (1..=1 << 30).contains(size))
            })
            .collect::<Option<Vec<_>>>()?;
        sizes.sort_unstable();
        sizes.dedup();
        (!sizes.is_empty()).then_some(Self {
            sizes,
            bias: 0,
            count_markers: false,
        })
    }

    /// The rule of the TP-Link tools: 4 KiB and 64 KiB, and each marker counts.
    pub fn mktplinkfw() -> Self {
        Self {
            sizes: vec![4 << 10, 64 << 10],
            bias: 0,
            count_markers: true,
        }
    }

    /// The same rule for a file that will stand `bias` bytes into its flash partition (`pad-rootfs -x`).
    #[must_use]
    pub fn with_bias(self, bias: u32) -> Self {
        Self { bias, ..self }
    }

    /// The block sizes in bytes, ascending.
    pub fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// The bytes that are appended to a file of `len` bytes.
    pub fn padding(&self, len: u64) -> Vec<u8> {
        self.padding_within(len, usize::MAX)
    }

    /// The same, but what is longer than `max` bytes ends soon behind them: enough to see that it is longer.
    fn padding_within(&self, len: u64, max: usize) -> Vec<u8> {
        let bias = u64::from(self.bias);
        let mut out = Vec::new();
        let mut left: Vec<u64> = self.sizes.iter().copied().map(u64::from).collect();
        let mut at = len + bias;
        while let Some(smallest) = left.first()
            && out.len() <= max
        {
            at = at.next_multiple_of(*smallest);
            left.retain(|size| !at.is_multiple_of(*size));
            let fill = (at - bias).saturating_sub(len) as usize;
            let fill = fill.min(max.saturating_add(1));
            if fill > out.len() {
                out.resize(fill, 0xFF);
            }
            out.extend_from_slice(&MARKER);
            if self.count_markers {
                at += MARKER.len() as u64;
            }
        }
        out
    }
}

/// `4, 8, 16, 64, 128 and 256 KiB`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, size) in self.sizes.iter().enumerate() {
            let link = match self.sizes.len() - at {
                _ if at == 0 => "",
                1 => " and ",
                _ => ", ",
            };
            write!(f, "{link}{}", size / 1024)?;
        }
        f.write_str(" KiB")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(padding: &[u8]) -> Vec<usize> {
        (0..padding.len())
            .filter(|at| padding[*at..].starts_with(&MARKER))
            .collect()
    }

    /// Worked out by hand from the tool's description.
    #[test]
    fn markers_stand_at_block_boundaries() {
        let default = Rule::padjffs2(&DEFAULT_KIB).unwrap();
        // 5000 → 8 KiB (drops 4, 8), 16, 64, 128, 256 KiB.
        let padding = default.padding(5000);
        let expected = [8, 16, 64, 128, 256].map(|kib| kib * 1024 - 5000);
        assert_eq!(places(&padding), expected);
        assert_eq!(padding.len(), 256 * 1024 - 5000 + 4);
        assert!(padding[..3000].iter().all(|b| *b == 0xFF));

        let one = Rule::padjffs2(&[64]).unwrap();
        assert_eq!(one.padding(65536), MARKER);
        assert_eq!(one.padding(65537).len(), 65535 + 4);
        // A 64-byte header to come moves the boundary 64 bytes up the file.
        let biased = one.with_bias(64);
        assert_eq!(biased.padding(65537).len(), 65535 - 64 + 4);
    }

    /// On a 4 KiB boundary that is no 64 KiB boundary: the second marker is looked for behind the first.
    #[test]
    fn tplinks_markers_count() {
        let rule = Rule::mktplinkfw();
        assert_eq!(places(&rule.padding(4096)), [0, 61440]);
        assert_eq!(places(&rule.padding(0)), [0]);
        assert_eq!(places(&rule.padding(65533)), [3]);
    }

    #[test]
    fn sizes_are_checked() {
        assert_eq!(Rule::padjffs2(&[]), None);
        assert_eq!(Rule::padjffs2(&[0]), None);
        assert_eq!(Rule::padjffs2(&[u32::MAX]), None);
        let rule = Rule::padjffs2(&DEFAULT_KIB).unwrap();
        assert_eq!(rule.to_string(), "4, 8, 16, 64, 128 and 256 KiB");
        assert_eq!(Rule::padjffs2(&[64]).unwrap().to_string(), "64 KiB");
    }
}
