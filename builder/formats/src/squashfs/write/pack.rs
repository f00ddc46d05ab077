//! Which ends of files share a fragment block.
//!
//! A block should be nearly full, but a change of one file should not shift the contents of all blocks
//! after it: then all of them would have to be compressed anew. So a block does not end where the next file
//! would not fit, but after that one of the last files that fit whose hash is smallest. Such cuts depend on the
//! files around them only, and so fall on the same files again soon after a change.

use std::collections::HashMap;

use super::super::seeds::Digest;

/// A block ends when it is at least this full, in eighths. Less gives larger images (by up to 1 %), more lets a change reach further.
const MIN_FILL: usize = 7;

/// Distributes `tails` (digest and length, all different, none longer than a block); gives, for each fragment
/// block, the indices of what is in it.
///
/// `groups` are sets that stay together, in their order, if all of them are there.
pub(super) fn pack(
    tails: &[(Digest, usize)],
    groups: &[Vec<Digest>],
    block_size: usize,
) -> Vec<Vec<usize>> {
    let mut packs = Vec::new();
    let mut taken = vec![false; tails.len()];
    if !groups.is_empty() {
        let index: HashMap<Digest, usize> = (0..)
            .zip(tails)
            .map(|(at, (digest, _))| (*digest, at))
            .collect();
        for group in groups {
            let members: Option<Vec<usize>> = group
                .iter()
                .map(|digest| index.get(digest).copied())
                .collect();
            let Some(members) = members else { continue };
            let free = |at: &usize| taken.get(*at) == Some(&false);
            if !members.is_empty() && members.iter().all(free) {
                for at in &members {
                    if let Some(taken) = taken.get_mut(*at) {
                        *taken = true;
                    }
                }
                packs.push(members);
            }
        }
    }
    let rest: Vec<usize> = (0..tails.len())
        .filter(|at| taken.get(*at) == Some(&false))
        .collect();
    let mut rest = rest.as_slice();
    while !rest.is_empty() {
        let (pack, more) = rest.split_at(cut(tails, rest, block_size));
        packs.push(pack.to_vec());
        rest = more;
    }
    packs
}

/// How many of `rest` go into the next block; at least one.
fn cut(tails: &[(Digest, usize)], rest: &[usize], block_size: usize) -> usize {
    let mut fill = 0;
    let mut best: Option<(Digest, usize)> = None;
    let mut count = 0;
    for tail in rest {
        let Some((digest, len)) = tails.get(*tail) else {
            break;
        };
        fill += len;
        if fill > block_size {
            return best.map_or(count, |(_, at)| at).max(1);
        }
        count += 1;
        if fill * 8 >= block_size * MIN_FILL && best.is_none_or(|(smallest, _)| *digest < smallest)
        {
            best = Some((*digest, count));
        }
    }
    // All that is left fits.
    count.max(1)
}
