//! Putting a FIT together.

use super::script::restate;
use super::tree::Item;
use super::{Layout, PAGE, Place, Rest};
use crate::layer::{Error, be32, put};

pub(super) fn close(layout: &Layout, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
    let mut frame = layout.frame.clone();
    let mut data = Vec::with_capacity(parts.len());
    let lens: Vec<_> = parts.iter().map(|part| part.len()).collect();
    for (index, (item, part)) in layout.items.iter().zip(parts).enumerate() {
        let mut bytes = restate(index, part, &layout.stated, &lens);
        if item.padded {
            bytes.resize(bytes.len().next_multiple_of(PAGE), 0);
        }
        for hash in &item.hashes {
            put(&mut frame, hash.at, &hash.algorithm.of(&bytes));
        }
        data.push((item, bytes));
    }
    let mut image = match layout.data {
        Place::Inside => inside(&frame, &data)?,
        Place::Behind { start, base, rest } => {
            stale(&mut frame, rest, data.last().map(|(_, bytes)| &bytes[..]));
            behind(frame, start, base, &data)?
        }
    };
    layout.tail.append(&mut image)?;
    Ok(image)
}

/// The data as properties; what lies behind them moves.
fn inside(frame: &[u8], data: &[(&Item, Vec<u8>)]) -> Result<Vec<u8>, Error> {
    let mut image = Vec::with_capacity(frame.len());
    let mut done = 0;
    for (item, bytes) in data {
        image.extend_from_slice(frame.get(done..item.place_at).unwrap_or_default());
        done = item.place_at;
        // Length, offset of the name, value.
        let len_at = image.len().saturating_sub(8);
        put(&mut image, len_at, &word(bytes.len())?);
        image.extend_from_slice(bytes);
        image.resize(image.len().next_multiple_of(4), 0);
    }
    image.extend_from_slice(frame.get(done..).unwrap_or_default());
    // The frame's header still has the donor's lengths: all grow by the same.
    let total = be32(frame, 4).unwrap_or_default() as usize;
    let len = image.len();
    let grown = |old: usize| (old + len).checked_sub(total);
    for at in [4, 12, 36] {
        let old = be32(frame, at).unwrap_or_default() as usize;
        let new = grown(old).ok_or_else(|| Error::damaged(at, "the FIT's lengths contradict"))?;
        put_word(&mut image, at, new)?;
    }
    Ok(image)
}

fn put_word(image: &mut [u8], at: usize, value: usize) -> Result<(), Error> {
    put(image, at, &word(value)?);
    Ok(())
}

/// The data behind the tree.
fn behind(
    mut frame: Vec<u8>,
    start: usize,
    base: usize,
    data: &[(&Item, Vec<u8>)],
) -> Result<Vec<u8>, Error> {
    let mut at = start;
    for (item, bytes) in data {
        put(&mut frame, item.place_at, &word(at - base)?);
        if let Some(size_at) = item.size_at {
            put(&mut frame, size_at, &word(bytes.len())?);
        }
        at = (at + bytes.len()).next_multiple_of(PAGE);
    }
    frame.reserve(at - frame.len());
    frame.resize(start, 0);
    for (_, bytes) in data {
        frame.extend_from_slice(bytes);
        frame.resize(frame.len().next_multiple_of(PAGE), 0);
    }
    Ok(frame)
}

/// The bytes that `mkimage` left at the end of the tree.
fn stale(frame: &mut [u8], rest: Rest, last: Option<&[u8]>) {
    let Rest::Stale { at, from } = rest else {
        return;
    };
    let len = frame.len().saturating_sub(at);
    let piece = last.and_then(|last| last.get(from..)).unwrap_or_default();
    put(frame, at, &piece[..len.min(piece.len())]);
}

fn word(value: usize) -> Result<[u8; 4], Error> {
    let word = u32::try_from(value);
    let word = word.map_err(|_| Error::too_long("the FIT", value, u64::from(u32::MAX)))?;
    Ok(word.to_be_bytes())
}
