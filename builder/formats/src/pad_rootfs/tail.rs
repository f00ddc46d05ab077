//! What follows a root file system in an image, as a rule that can be applied to another one.

use thiserror::Error;

use super::{DEFAULT_KIB, MARKER, Rule};

/// What follows a root file system: markers, then what brings the image to its length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// The overlay markers, if there are any.
    pub marks: Option<Rule>,
    /// What comes last.
    pub end: End,
}

/// The last bytes of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nothing.
    Exact,
    /// Filled to a multiple of this many bytes (`pad-to`).
    PadTo {
        /// The block, bytes.
        block: u64,
        /// The byte it is filled with.
        fill: u8,
    },
    /// A fixed number of bytes (`pad-extra`).
    Extra {
        /// How many.
        len: u64,
        /// Their value.
        fill: u8,
    },
    /// Filled to this length.
    Total {
        /// Length of the whole image, bytes.
        len: u64,
        /// The byte it is filled with.
        fill: u8,
    },
}

/// A rule that may explain a tail; the first of a list that reproduces the bytes is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The markers, or none.
    pub marks: Option<Rule>,
    /// What comes last; `None` for whichever of the usual ends fits.
    pub end: Option<End>,
}

/// Why a tail could not be explained or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TailError {
    /// The bytes from this offset on are no padding that OpenWrt's tools make.
    #[error(
        "the bytes from offset {at} on, behind the root file system, are no padding that OpenWrt's tools make, \
         so an image with another root file system could not be closed the same way"
    )]
    Unknown {
        /// Offset from the start of the image.
        at: u64,
    },
    /// The root file system and its markers are longer than the image may be.
    #[error(
        "kernel, root file system and padding have {need} bytes, but this kind of image has exactly {total}: \
         leave packages or files out"
    )]
    TooLong {
        /// Length before the end is filled.
        need: u64,
        /// The length this image must have.
        total: u64,
    },
}

/// Block sizes in KiB that OpenWrt's devices use with `pad-rootfs` and `pad-to`, the usual ones first.
const BLOCKS_KIB: [u32; 9] = [64, 128, 256, 4, 512, 32, 16, 8, 1024];
/// Sets of block sizes that releases of OpenWrt used before they settled on [`DEFAULT_KIB`].
const OLD_SETS_KIB: [&[u32]; 3] = [&[4, 8, 64, 128, 256], &[4, 64], &[64, 128]];

impl Tail {
    /// The rules of `pad-rootfs` as OpenWrt's devices use it, and no markers at all, for an image that has
    /// `before` bytes when its padding begins with `tail`.
    ///
    /// Where several sets of block sizes give the same bytes, the default set comes first: it marks every
    /// boundary that the others mark.
    pub fn usual(before: u64, tail: &[u8]) -> Vec<Candidate> {
        let mut rules = vec![Rule::padjffs2(&DEFAULT_KIB)];
        rules.extend(BLOCKS_KIB.map(|kib| Rule::padjffs2(&[kib])));
        rules.extend(OLD_SETS_KIB.map(Rule::padjffs2));
        let rules: Vec<Rule> = rules.into_iter().flatten().collect();
        // The first marker tells how far the boundaries are shifted (`pad-rootfs -x`).
        let filled = tail.iter().take_while(|b| **b == 0xFF).count();
        let bias = (before + filled as u64).wrapping_neg() % 4096;
        let marks = |rule| Candidate {
            marks: Some(rule),
            end: None,
        };
        let mut all: Vec<Candidate> = rules.iter().cloned().map(marks).collect();
        if bias != 0 {
            all.extend(
                rules
                    .into_iter()
                    .map(|rule| marks(rule.with_bias(bias as u32))),
            );
        }
        all.push(Candidate {
            marks: None,
            end: None,
        });
        all
    }

    /// The first of `candidates` that gives exactly `tail` behind an image of `before` bytes.
    ///
    /// # Errors
    /// [`TailError::Unknown`] with the first byte that no candidate explains.
    pub fn infer(before: u64, tail: &[u8], candidates: &[Candidate]) -> Result<Self, TailError> {
        let marked = tail.iter().position(|b| *b != 0xFF);
        let marked = marked.is_some_and(|at| tail[at..].starts_with(&MARKER));
        let mut furthest = 0;
        for candidate in candidates {
            let done = match &candidate.marks {
                Some(rule) if marked => {
                    let padding = rule.padding_within(before, tail.len());
                    let same = padding.iter().zip(tail).take_while(|(a, b)| a == b);
                    let same = same.count();
                    if same < padding.len() {
                        furthest = furthest.max(same);
                        continue;
                    }
                    same
                }
                Some(_) => continue,
                None => 0,
            };
            let rest = &tail[done..];
            let at = before + done as u64;
            let end = match candidate.end {
                Some(end) => end.fits(at, rest).then_some(end),
                None => End::infer(at, rest),
            };
            match end {
                Some(end) => {
                    return Ok(Self {
                        marks: candidate.marks.clone(),
                        end,
                    });
                }
                // Padding of an odd length is unexplained from its start.
                None => {
                    let run = run(rest);
                    let explained = if run < rest.len() { run } else { 0 };
                    furthest = furthest.max(done + explained);
                }
            }
        }
        Err(TailError::Unknown {
            at: before + furthest as u64,
        })
    }

    /// Appends this tail to `image`, whose length counts from its own start.
    ///
    /// # Errors
    /// [`TailError::TooLong`] when the image must have a fixed length and has passed it.
    pub fn append(&self, image: &mut Vec<u8>) -> Result<(), TailError> {
        if let Some(rule) = &self.marks {
            let padding = rule.padding(image.len() as u64);
            image.extend_from_slice(&padding);
        }
        let need = image.len() as u64;
        let (total, fill) = match self.end {
            End::Exact => (need, 0),
            End::PadTo { block, fill } => (need.next_multiple_of(block.max(1)), fill),
            End::Extra { len, fill } => (need + len, fill),
            End::Total { len, fill } => (len, fill),
        };
        if total < need {
            return Err(TailError::TooLong { need, total });
        }
        image.resize(total as usize, fill);
        Ok(())
    }
}

impl End {
    /// The usual end that explains `rest` behind `at` bytes.
    fn infer(at: u64, rest: &[u8]) -> Option<Self> {
        let Some(fill) = rest.first().copied() else {
            return Some(Self::Exact);
        };
        if fill != 0 && fill != 0xFF || run(rest) < rest.len() {
            return None;
        }
        let len = rest.len() as u64;
        let total = at + len;
        let blocks = BLOCKS_KIB.iter().map(|kib| u64::from(*kib) * 1024);
        for block in blocks {
            if at.next_multiple_of(block) == total {
                return Some(Self::PadTo { block, fill });
            }
        }
        if total.is_multiple_of(1024) {
            Some(Self::Total { len: total, fill })
        } else if len.is_multiple_of(1024) {
            Some(Self::Extra { len, fill })
        } else {
            None
        }
    }

    fn fits(self, at: u64, rest: &[u8]) -> bool {
        let total = at + rest.len() as u64;
        let (wanted, fill) = match self {
            Self::Exact => (at, 0),
            Self::PadTo { block, fill } => (at.next_multiple_of(block.max(1)), fill),
            Self::Extra { len, fill } => (at + len, fill),
            Self::Total { len, fill } => (len, fill),
        };
        wanted == total && rest.iter().all(|b| *b == fill)
    }
}

/// How many bytes at the start of `bytes` have the same value.
fn run(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|b| Some(*b) == bytes.first())
        .count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn infer(before: u64, tail: &[u8]) -> Result<Tail, TailError> {
        Tail::infer(before, tail, &Tail::usual(before, tail))
    }

    fn made(before: u64, tail: &Tail) -> Vec<u8> {
        let mut image = vec![1; before as usize];
        tail.append(&mut image).unwrap();
        image.split_off(before as usize)
    }

    #[test]
    fn rules_are_found_again() {
        let rule = |kib: &[u32]| Some(Rule::padjffs2(kib).unwrap());
        let ends = [
            End::Exact,
            End::PadTo {
                block: 64 << 10,
                fill: 0,
            },
            End::Total {
                len: 16064 << 10,
                fill: 0xFF,
            },
            End::Extra {
                len: 5 << 10,
                fill: 0,
            },
        ];
        for marks in [
            rule(&DEFAULT_KIB),
            rule(&[64]),
            rule(&[128]),
            rule(&[256]),
            rule(&[4, 8, 64, 128, 256]),
        ] {
            for end in ends {
                let tail = Tail {
                    marks: marks.clone(),
                    end,
                };
                // The end of the file system lies so that every set of blocks gives other bytes.
                assert_eq!(infer(1_050_000, &made(1_050_000, &tail)).unwrap(), tail);
            }
        }
        let shifted = Tail {
            marks: Some(Rule::padjffs2(&[64]).unwrap().with_bias(64)),
            end: End::Exact,
        };
        assert_eq!(infer(70_000, &made(70_000, &shifted)).unwrap(), shifted);
        for end in ends {
            let tail = Tail { marks: None, end };
            assert_eq!(infer(1_050_000, &made(1_050_000, &tail)).unwrap(), tail);
        }
    }

    #[test]
    fn what_is_no_padding_is_named() {
        assert_eq!(infer(100, b"\0\0\0x"), Err(TailError::Unknown { at: 103 }));
        assert_eq!(infer(100, b"abc"), Err(TailError::Unknown { at: 101 }));
        assert_eq!(infer(100, &[0; 77]), Err(TailError::Unknown { at: 100 }));
        let mut tail = made(
            5000,
            &Tail {
                marks: Rule::padjffs2(&DEFAULT_KIB),
                end: End::Exact,
            },
        );
        let last = tail.len() - 1;
        tail[last] = 0;
        assert_eq!(
            infer(5000, &tail),
            Err(TailError::Unknown {
                at: 5000 + last as u64
            })
        );
    }

    #[test]
    fn a_fixed_length_can_be_passed() {
        let tail = Tail {
            marks: None,
            end: End::Total { len: 10, fill: 0 },
        };
        assert_eq!(
            tail.append(&mut vec![0; 11]),
            Err(TailError::TooLong {
                need: 11,
                total: 10
            })
        );
    }

    proptest! {
        #[test]
        fn what_is_inferred_reproduces(before in 1u64..600_000, kib in prop::sample::subsequence(vec![4u32, 8, 16, 32, 64, 128, 256, 512], 1..8), block in prop::sample::select(vec![1u64, 4096, 65536])) {
            let tail = Tail { marks: Rule::padjffs2(&kib), end: End::PadTo { block, fill: 0 } };
            let bytes = made(before, &tail);
            // Sets that no release uses may be refused; what is accepted must give the same bytes.
            if let Ok(found) = infer(before, &bytes) {
                prop_assert_eq!(made(before, &found), bytes);
            }
        }

        #[test]
        fn any_bytes_do_not_panic(before in any::<u32>(), bytes in prop::collection::vec(prop::sample::select(vec![0u8, 0xFF, 0xDE, 0xAD, 0xC0]), 0..300)) {
            let _ = infer(u64::from(before), &bytes);
        }
    }
}
