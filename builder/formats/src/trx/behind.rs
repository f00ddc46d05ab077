//! What stands behind the last partition: markers, padding, Asus' footer; and behind the whole TRX.

use super::format::{Behind, FOOTER_LEN, Footer, LENGTH_AT, Marks, PAGE, WORD};
use super::read::NAND_BLOCK;
use crate::layer::Error;
use crate::pad_rootfs::{MARKER, Tail};

/// What overlay markers are aligned to.
const MARK_ALIGNS: [usize; 4] = [0x1_0000, NAND_BLOCK, 1024, WORD];
/// The longest text behind a TRX.
const MAX_TEXT: usize = 64;

/// Length of a UBI image with a marker, padding and perhaps a footer behind it: whole erase blocks up to the last marker.
pub(super) fn ubi_len(data: &[u8]) -> usize {
    let mut rest = data.to_vec();
    let _ = footer(&mut rest);
    let filled = rest.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
    match rest[..filled].strip_suffix(&MARKER) {
        Some(ubi) if ubi.len().is_multiple_of(WORD) => ubi.len(),
        _ => data.len(),
    }
}

/// Takes Asus' footer out of what stands behind the last partition, if there is one. It always stands behind overlay markers.
pub(super) fn footer(behind: &mut [u8]) -> Option<Footer> {
    let at = behind.len().checked_sub(FOOTER_LEN)?;
    let (before, last) = behind.split_at_mut(at);
    let (version, rest) = last.split_first_chunk::<4>()?;
    let (product, zeros) = rest.split_first_chunk::<12>()?;
    let filled = before.iter().rposition(|b| *b != 0)? + 1;
    let text = product.iter().take_while(|b| **b != 0).count();
    let (name, fill) = product.split_at(text);
    let ours = zeros.iter().all(|b| *b == 0)
        && before[..filled].ends_with(&MARKER)
        && !name.is_empty()
        && name.iter().all(|b| (0x20..0x7F).contains(b))
        && fill.iter().all(|b| *b == 0);
    let footer = Footer {
        version: *version,
        product: *product,
    };
    ours.then(|| {
        last.fill(0);
        footer
    })
}

/// The markers behind the last partition, which ends at `end`, and what the whole is padded to.
pub(super) fn ending(
    end: usize,
    behind: &[u8],
    ubi: bool,
) -> Result<(Option<Marks>, usize), Error> {
    let total = end + behind.len();
    let first = behind.iter().position(|b| *b != 0);
    let filled = behind.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
    let (marks, end) = match first {
        None => (None, end),
        Some(first) => {
            let bytes = behind[first..filled].to_vec();
            let at = end + first;
            let mut aligns: Vec<usize> = MARK_ALIGNS.to_vec();
            if ubi {
                aligns.reverse();
            }
            let align = aligns
                .into_iter()
                .find(|align| end.next_multiple_of(*align) == at);
            match align {
                Some(align) if bytes.starts_with(&MARKER) && bytes.ends_with(&MARKER) => {
                    (Some(Marks { align, bytes }), end + filled)
                }
                _ => {
                    let what = "there is something behind the last partition that is neither padding nor overlay markers";
                    return Err(Error::damaged(at, what));
                }
            }
        }
    };
    let blocks = if ubi {
        [NAND_BLOCK, PAGE]
    } else {
        [PAGE, NAND_BLOCK]
    };
    let block = blocks
        .into_iter()
        .find(|block| end.next_multiple_of(*block) == total);
    match block {
        Some(block) => Ok((marks, block)),
        None => Err(Error::damaged(
            LENGTH_AT,
            format!("the TRX has {total} bytes, more than its partitions and padding explain"),
        )),
    }
}

/// What stands behind a TRX of `before` bytes.
pub(super) fn outside(before: usize, rest: &[u8]) -> Result<Behind, Error> {
    let text = |b: &u8| b.is_ascii_graphic() || *b == b'\n';
    if !rest.is_empty() && rest.len() <= MAX_TEXT && rest.iter().all(text) {
        return Ok(Behind::Text(rest.to_vec()));
    }
    let before = before as u64;
    let tail = Tail::infer(before, rest, &Tail::usual(before, rest))?;
    Ok(Behind::Padding(tail))
}
