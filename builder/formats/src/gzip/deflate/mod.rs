//! The DEFLATE streams of GNU gzip and Info-ZIP's zip, to the bit.
//!
//! A DEFLATE stream can be written in countless ways, and an image is only the same as OpenWrt's when its stream is. So this
//! is no compressor of ours: it takes every decision as these two programs do. They share their algorithm (zlib's is a later
//! relative that decides differently): matches are looked for in hash chains over a window of 64 KiB whose halves slide, a match
//! waits one byte for a longer one, and a block ends when 32767 literals and matches are gathered, or sooner when it
//! compresses well.
//!
//! Source of the format: RFC 1951. Source of the decisions: the behaviour of gzip 1.12 and zip 3.0.

mod bits;
mod block;
mod search;
mod tables;
mod tree;

use block::Blocks;
use search::{Search, Step};

/// How hard matches are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// With a match of this length in hand, only a quarter of the chain is searched for a longer one.
    pub good: usize,
    /// With a match of this length in hand, no longer one is looked for at the next byte.
    pub lazy: usize,
    /// A match of this length ends a search.
    pub nice: usize,
    /// How many places of a chain are looked at.
    pub chain: u32,
    /// Whether it is zip that searches. With it, a match that reaches the end of the data ends a search, where gzip goes on and
    /// compares what stands behind in its window; and the window slides on when there is no more to read.
    pub zip: bool,
}

impl Effort {
    /// `gzip -9`.
    pub const GZIP_9: Self = Self {
        good: 32,
        lazy: 258,
        nice: 258,
        chain: 4096,
        zip: false,
    };

    /// `gzip -6`, which is its default.
    pub const GZIP_6: Self = Self {
        good: 8,
        lazy: 16,
        nice: 128,
        chain: 128,
        zip: false,
    };

    /// `zip -6`, which is its default.
    pub const ZIP_6: Self = Self {
        zip: true,
        ..Self::GZIP_6
    };
}

/// `data` as a DEFLATE stream.
pub fn deflate(data: &[u8], effort: Effort) -> Vec<u8> {
    let mut search = Search::new(data, effort);
    let mut blocks = Blocks::default();
    // Whether the byte before the position is still to be written.
    let mut waiting = false;
    let mut start = 0;
    while search.lookahead() > 0 {
        let taken = search.position() - start;
        let Step { before, now } = search.step();
        if before.len >= search::MIN_MATCH && now <= before.len {
            let full = blocks.add_match(before, taken);
            search.skip(before.len);
            waiting = false;
            if full {
                flush(&mut blocks, &search, &mut start, false);
            }
        } else {
            // The byte before is a literal, unless a match took it.
            if waiting && blocks.add_literal(search.last_byte(), taken) {
                flush(&mut blocks, &search, &mut start, false);
            }
            search.advance();
            waiting = true;
        }
        search.refill();
    }
    if waiting {
        // The block ends here in any case.
        blocks.add_literal(search.last_byte(), search.position() - start);
    }
    flush(&mut blocks, &search, &mut start, true);
    blocks.finish()
}

/// Ends the block that began at `start`.
fn flush(blocks: &mut Blocks, search: &Search<'_>, start: &mut usize, last: bool) {
    let len = search.position() - *start;
    blocks.flush(search.since(*start), len, last);
    *start = search.position();
}
