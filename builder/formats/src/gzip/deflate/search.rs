//! Looking for earlier occurrences of what comes next.

use super::Effort;

/// The shortest match that is written as one.
pub(super) const MIN_MATCH: usize = 3;
/// The longest match.
const MAX_MATCH: usize = 258;
/// Half of the window, and how far back a distance could reach.
const HALF: usize = 32 << 10;
/// The window. When the position comes near its end, its upper half becomes the lower one.
const WINDOW: usize = 2 * HALF;
/// With fewer bytes than this ahead, more are read.
const ENOUGH_AHEAD: usize = MAX_MATCH + MIN_MATCH + 1;
/// How far back a match may be.
const MAX_DISTANCE: usize = HALF - ENOUGH_AHEAD;
/// Matches of the least length that are further back than this cost more than literals.
const TOO_FAR: usize = 4096;
const HASH_MASK: usize = (1 << 15) - 1;
/// After three bytes, the first has left the hash.
const HASH_SHIFT: usize = 5;

/// A match that begins one byte before the current position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Match {
    /// Bytes; fewer than [`MIN_MATCH`] when there is none.
    pub(super) len: usize,
    /// How far before its own start its bytes stand.
    pub(super) distance: usize,
}

/// What is known at a position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// The match that was found for the byte before.
    pub(super) before: Match,
    /// Length of the best match at this position.
    pub(super) now: usize,
}

/// The window with its hash chains. What a match is compared with may lie behind the end of the data, where the window still
/// has old bytes: they can decide which of two matches is taken, so that the window is kept just as gzip keeps it.
#[derive(Debug)]
pub(super) struct Search<'a> {
    effort: Effort,
    /// What has not been read into the window.
    unread: &'a [u8],
    window: Vec<u8>,
    /// Where a string with this hash was last seen in the window; 0 for nowhere.
    head: Vec<u16>,
    /// Where a string with the same hash as at this place, modulo [`HALF`], was seen before.
    chain: Vec<u16>,
    hash: usize,
    /// Where the window begins in the data.
    base: usize,
    /// The position in the window.
    at: usize,
    lookahead: usize,
    ended: bool,
    found_len: usize,
    /// Where the best match stands, from the window's start; it may have slid out.
    found_at: isize,
}

impl<'a> Search<'a> {
    pub(super) fn new(data: &'a [u8], effort: Effort) -> Self {
        let mut search = Self {
            effort,
            unread: data,
            // Room for comparing and hashing behind the end.
            window: vec![0; WINDOW + ENOUGH_AHEAD],
            head: vec![0; HASH_MASK + 1],
            chain: vec![0; HALF],
            hash: 0,
            base: 0,
            at: 0,
            lookahead: 0,
            ended: data.is_empty(),
            found_len: MIN_MATCH - 1,
            found_at: 0,
        };
        search.read();
        search.refill();
        search.update_hash(search.window[0]);
        search.update_hash(search.window[1]);
        search
    }

    /// The position in the data.
    pub(super) fn position(&self) -> usize {
        self.base + self.at
    }

    /// How many bytes of the window are still to come.
    pub(super) fn lookahead(&self) -> usize {
        self.lookahead
    }

    /// The byte before the position.
    pub(super) fn last_byte(&self) -> u8 {
        self.window[self.at - 1]
    }

    /// The bytes from this position of the data on, up to the current one, if the window still has them.
    pub(super) fn since(&self, position: usize) -> Option<&[u8]> {
        let start = position.checked_sub(self.base)?;
        self.window.get(start..self.at)
    }

    /// Looks for a match at the position.
    pub(super) fn step(&mut self) -> Step {
        let candidate = self.insert(self.at);
        let before = Match {
            len: self.found_len,
            distance: (self.at as isize - 1 - self.found_at).unsigned_abs(),
        };
        self.found_len = MIN_MATCH - 1;
        if candidate != 0
            && before.len < self.effort.lazy
            && self.at - candidate <= MAX_DISTANCE
            && self.at <= WINDOW - ENOUGH_AHEAD
        {
            self.found_len = self.longest(candidate, before.len).min(self.lookahead);
            if self.found_len == MIN_MATCH && self.at as isize - self.found_at > TOO_FAR as isize {
                self.found_len -= 1;
            }
        }
        Step {
            before,
            now: self.found_len,
        }
    }

    /// Goes one byte on.
    pub(super) fn advance(&mut self) {
        self.at += 1;
        self.lookahead -= 1;
    }

    /// Goes behind a match of `len` bytes that begins one byte before the position.
    pub(super) fn skip(&mut self, len: usize) {
        let end = self.at + len - 1;
        for at in self.at + 1..end {
            self.insert(at);
        }
        self.lookahead -= len - 1;
        self.at = end;
        self.found_len = MIN_MATCH - 1;
    }

    /// Reads more when there is little ahead.
    pub(super) fn refill(&mut self) {
        while self.lookahead < ENOUGH_AHEAD && (!self.ended || self.effort.zip) {
            if self.at >= HALF + MAX_DISTANCE {
                self.slide();
            }
            if self.ended {
                break;
            }
            if self.read() == 0 {
                self.ended = true;
                // The hashes of the last bytes take in two more.
                let end = self.at + self.lookahead;
                self.window[end..end + MIN_MATCH - 1].fill(0);
            }
        }
    }

    /// Fills the window, as far as there are bytes.
    fn read(&mut self) -> usize {
        let end = self.at + self.lookahead;
        let len = self.unread.len().min(WINDOW - end);
        let (now, later) = self.unread.split_at(len);
        self.window[end..end + len].copy_from_slice(now);
        self.unread = later;
        self.lookahead += len;
        len
    }

    fn slide(&mut self) {
        self.window.copy_within(HALF..WINDOW, 0);
        self.base += HALF;
        self.at -= HALF;
        self.found_at -= HALF as isize;
        for place in self.head.iter_mut().chain(&mut self.chain) {
            *place = place.saturating_sub(HALF as u16);
        }
    }

    fn update_hash(&mut self, byte: u8) {
        self.hash = ((self.hash << HASH_SHIFT) ^ usize::from(byte)) & HASH_MASK;
    }

    /// Puts the string at this place of the window into its chain, and returns where the last one with its hash is.
    fn insert(&mut self, at: usize) -> usize {
        self.update_hash(self.window[at + MIN_MATCH - 1]);
        let last = std::mem::replace(&mut self.head[self.hash], at as u16);
        self.chain[at % HALF] = last;
        usize::from(last)
    }

    /// The length of the longest match at the position, if it is longer than `best`; else `best`.
    fn longest(&mut self, mut candidate: usize, mut best: usize) -> usize {
        let limit = self.at.saturating_sub(MAX_DISTANCE);
        let mut tries = self.effort.chain;
        let nice = match self.effort.zip {
            true => self.effort.nice.min(self.lookahead),
            false => self.effort.nice,
        };
        if best >= self.effort.good {
            tries >>= 2;
        }
        let (text, _) = self.window[self.at..].split_at(MAX_MATCH);
        // A longer match has the same two bytes at its end as the position has there.
        let mut ends = [text[best - 1], text[best]];
        loop {
            let other = &self.window[candidate..candidate + MAX_MATCH];
            if other[best - 1..=best] == ends && other[..2] == text[..2] {
                let len = common(text, other);
                if len > best {
                    self.found_at = candidate as isize;
                    best = len;
                    if len >= nice {
                        break;
                    }
                    ends = [text[best - 1], text[best]];
                }
            }
            candidate = usize::from(self.chain[candidate % HALF]);
            tries -= 1;
            if candidate <= limit || tries == 0 {
                break;
            }
        }
        best
    }
}

/// How many bytes are the same at the start of both, eight at a time.
fn common(a: &[u8], b: &[u8]) -> usize {
    let mut len = 0;
    for (x, y) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        let word = |bytes: &[u8]| bytes.first_chunk().map_or(0, |w| u64::from_le_bytes(*w));
        let differ = word(x) ^ word(y);
        if differ != 0 {
            return len + differ.trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    let rest = a[len..].iter().zip(&b[len..]);
    len + rest.take_while(|(x, y)| x == y).count()
}
