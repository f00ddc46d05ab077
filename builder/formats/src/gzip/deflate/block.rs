//! Gathering literals and matches to blocks, and writing those.

use super::bits::Bits;
use super::search::Match;
use super::tables::{self, Coded};
use super::tree::{Codes, Kind, codes_of};

/// A block ends with this many literals and matches. (The buffer has one place more, which is never used.)
const FULL: usize = 0x8000 - 1;
/// After so many literals and matches, one asks whether to end the block.
const ASK_EVERY: usize = 0x1000;

/// A literal (`distance` 0, `value` the byte) or a match (`value` its length).
#[derive(Debug, Clone, Copy)]
struct Token {
    distance: u16,
    value: u16,
}

/// The current block, and what was written of those before.
#[derive(Debug)]
pub(super) struct Blocks {
    tokens: Vec<Token>,
    matches: usize,
    literal_counts: Vec<u32>,
    distance_counts: Vec<u32>,
    out: Bits,
}

impl Default for Blocks {
    fn default() -> Self {
        let mut blocks = Self {
            tokens: Vec::with_capacity(FULL),
            matches: 0,
            literal_counts: Vec::new(),
            distance_counts: Vec::new(),
            out: Bits::default(),
        };
        blocks.clear();
        blocks
    }
}

impl Blocks {
    fn clear(&mut self) {
        self.tokens.clear();
        self.matches = 0;
        self.literal_counts = vec![0; tables::LITERAL_CODES];
        self.literal_counts[tables::END_OF_BLOCK] = 1;
        self.distance_counts = vec![0; tables::DISTANCE_CODES];
    }

    /// Adds a byte. `taken` is how many bytes the search has gone since the block's start. Returns whether the block is to end.
    pub(super) fn add_literal(&mut self, byte: u8, taken: usize) -> bool {
        self.literal_counts[usize::from(byte)] += 1;
        self.tokens.push(Token {
            distance: 0,
            value: byte.into(),
        });
        self.is_full(taken)
    }

    /// Adds a match, see [`Self::add_literal`].
    pub(super) fn add_match(&mut self, found: Match, taken: usize) -> bool {
        self.literal_counts[tables::END_OF_BLOCK + 1 + tables::length(found.len).code] += 1;
        self.distance_counts[tables::distance(found.distance).code] += 1;
        self.matches += 1;
        self.tokens.push(Token {
            distance: found.distance as u16,
            value: found.len as u16,
        });
        self.is_full(taken)
    }

    fn is_full(&self, taken: usize) -> bool {
        let count = self.tokens.len();
        if count.is_multiple_of(ASK_EVERY) {
            // A rough guess at the length: a byte for each literal or length, and the distances as they are.
            let distances = self.distance_counts.iter().zip(tables::DISTANCE_EXTRA);
            let bits: usize = distances
                .map(|(count, extra)| *count as usize * (5 + usize::from(extra)))
                .sum();
            let guess = (count * 8 + bits) / 8;
            if self.matches < count / 2 && guess < taken / 2 {
                return true;
            }
        }
        count == FULL
    }

    /// Ends the block, which stands for `len` bytes of the data: these, if they are still at hand.
    pub(super) fn flush(&mut self, bytes: Option<&[u8]>, len: usize, last: bool) {
        let fixed_literals = tables::fixed_literals();
        let literals = Codes::new(
            &self.literal_counts,
            Kind {
                max_len: 15,
                extra: &tables::LENGTH_EXTRA,
                extra_from: tables::END_OF_BLOCK + 1,
                fixed: &fixed_literals,
            },
        );
        let distances = Codes::new(
            &self.distance_counts,
            Kind {
                max_len: 15,
                extra: &tables::DISTANCE_EXTRA,
                extra_from: 0,
                fixed: &tables::FIXED_DISTANCES,
            },
        );
        let head = Head::new(&literals, &distances);
        let whole = |bits: i64| ((bits + 3 + 7) >> 3) as usize;
        let own = whole(literals.bits + distances.bits + head.bits());
        let fixed = whole(literals.fixed_bits + distances.fixed_bits);
        let kind = |kind: u32| (kind << 1) + u32::from(last);
        match bytes {
            Some(bytes) if len + 4 <= own.min(fixed) => {
                self.out.put(kind(0), 3);
                self.out.align();
                let len = len as u16;
                self.out.extend(&len.to_le_bytes());
                self.out.extend(&(!len).to_le_bytes());
                self.out.extend(bytes);
            }
            _ if fixed <= own => {
                self.out.put(kind(1), 3);
                let codes = codes_of(&fixed_literals);
                let literals = Alphabet {
                    lens: &fixed_literals,
                    codes: &codes,
                };
                let codes = codes_of(&tables::FIXED_DISTANCES);
                let distances = Alphabet {
                    lens: &tables::FIXED_DISTANCES,
                    codes: &codes,
                };
                self.write(&literals, &distances);
            }
            _ => {
                self.out.put(kind(2), 3);
                head.write(&mut self.out);
                self.write(&literals.alphabet(), &distances.alphabet());
            }
        }
        self.clear();
    }

    /// Everything that was written.
    pub(super) fn finish(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    fn write(&mut self, literals: &Alphabet<'_>, distances: &Alphabet<'_>) {
        let out = &mut self.out;
        for token in &self.tokens {
            let value = usize::from(token.value);
            if token.distance == 0 {
                literals.put(out, value);
                continue;
            }
            let Coded { code, extra } = tables::length(value);
            literals.put(out, tables::END_OF_BLOCK + 1 + code);
            out.put(extra, tables::LENGTH_EXTRA[code].into());
            let Coded { code, extra } = tables::distance(token.distance.into());
            distances.put(out, code);
            out.put(extra, tables::DISTANCE_EXTRA[code].into());
        }
        literals.put(out, tables::END_OF_BLOCK);
    }
}

/// Codes and their lengths.
struct Alphabet<'a> {
    lens: &'a [u8],
    codes: &'a [u32],
}

impl Alphabet<'_> {
    fn put(&self, out: &mut Bits, symbol: usize) {
        out.put(self.codes[symbol], self.lens[symbol].into());
    }
}

impl Codes {
    fn alphabet(&self) -> Alphabet<'_> {
        Alphabet {
            lens: &self.lens,
            codes: &self.codes,
        }
    }
}

/// What stands before a block with codes of its own: the lengths of those, run-length coded.
struct Head {
    /// How many codes of each kind are listed.
    listed: [usize; 2],
    /// Symbols of the lengths' own code, with the value of their extra bits.
    runs: Vec<Coded>,
    codes: Codes,
    /// How many lengths of that code are written.
    count: usize,
}

impl Head {
    fn new(literals: &Codes, distances: &Codes) -> Self {
        let mut runs = Vec::new();
        for codes in [literals, distances] {
            run_lengths(&codes.lens[..=codes.last], &mut runs);
        }
        let mut counts = [0; tables::LENGTH_CODES];
        runs.iter().for_each(|run: &Coded| counts[run.code] += 1);
        let codes = Codes::new(
            &counts,
            Kind {
                max_len: 7,
                extra: &tables::REPEAT_EXTRA,
                extra_from: 0,
                fixed: &[],
            },
        );
        let used = tables::LENGTH_ORDER
            .iter()
            .rposition(|n| codes.lens[*n] != 0);
        Self {
            listed: [literals.last + 1, distances.last + 1],
            runs,
            count: used.unwrap_or(0).max(3) + 1,
            codes,
        }
    }

    fn bits(&self) -> i64 {
        self.codes.bits + 3 * self.count as i64 + 5 + 5 + 4
    }

    fn write(&self, out: &mut Bits) {
        let [literals, distances] = self.listed;
        out.put(literals as u32 - 257, 5);
        out.put(distances as u32 - 1, 5);
        out.put(self.count as u32 - 4, 4);
        for symbol in &tables::LENGTH_ORDER[..self.count] {
            out.put(self.codes.lens[*symbol].into(), 3);
        }
        let alphabet = self.codes.alphabet();
        for run in &self.runs {
            alphabet.put(out, run.code);
            out.put(run.extra, tables::REPEAT_EXTRA[run.code].into());
        }
    }
}

/// Run-length codes `lens`. A length other than 0 is written once before it is repeated.
fn run_lengths(lens: &[u8], runs: &mut Vec<Coded>) {
    let mut rest = lens;
    let mut previous = None;
    while let Some(len) = rest.first().copied() {
        let same = rest.iter().take_while(|l| **l == len).count();
        let repeats = previous == Some(len);
        let (longest, shortest) = match (len, repeats) {
            (0, _) => (138, 3),
            (_, true) => (6, 3),
            (_, false) => (7, 4),
        };
        let taken = same.min(longest);
        let single = Coded {
            code: len.into(),
            extra: 0,
        };
        if taken < shortest {
            runs.extend(std::iter::repeat_n(single, taken));
        } else if len != 0 {
            if !repeats {
                runs.push(single);
            }
            let count = taken - usize::from(!repeats);
            runs.push(Coded {
                code: tables::REPEAT,
                extra: count as u32 - 3,
            });
        } else if taken <= 10 {
            runs.push(Coded {
                code: tables::ZEROS_SHORT,
                extra: taken as u32 - 3,
            });
        } else {
            runs.push(Coded {
                code: tables::ZEROS_LONG,
                extra: taken as u32 - 11,
            });
        }
        previous = Some(len);
        rest = &rest[taken..];
    }
}
