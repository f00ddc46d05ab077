//! Taking a FIT apart.

use std::ops::Range;

use super::script;
use super::tree::{Item, Node, nodes};
use super::{Layout, PAGE, Place, Rest};
use crate::kernel::Fdt;
use crate::layer::{Check, Error, Opened, Part, Role, be32};
use crate::pad_rootfs::{Candidate, Tail};
use crate::rootfs::{self, Superblock};
use crate::ubi;

/// Types of images that a kernel consists of.
const KERNEL_TYPES: [&str; 5] = ["kernel", "kernel_noload", "flat_dt", "ramdisk", "script"];
/// Names of nodes that hold a kernel whatever their type says.
const KERNEL_NAMES: [&str; 2] = ["hlos", "kernel"];
/// Bytes at the end of a tree must be this many to be told from others.
const MIN_STALE: usize = 16;
/// How far into the last image they may begin: the length of a tree without data, bytes.
const MAX_STALE_AT: usize = 64 << 10;
/// More images than any FIT has, and more hashes than any image has: looking at hostile ones must end soon.
const MAX_NODES: usize = 128;
const MAX_HASHES: usize = 8;

/// Opens a FIT; `None` when it is none, or a kernel alone.
pub fn open(image: &[u8]) -> Option<Result<Opened<Layout>, Error>> {
    let tree = Fdt::parse(image)?;
    let (nodes, title) = nodes(&tree);
    if nodes.len() > MAX_NODES || nodes.iter().any(|node| node.hashes.len() > MAX_HASHES) {
        return None;
    }
    let outside = |node: &Node| node.offset.is_some() || node.position.is_some();
    let opened = if nodes.iter().any(outside) {
        external(image, tree.len(), nodes)
    } else {
        let fixed = |node: &Node| KERNEL_TYPES.contains(&node.kind.as_str());
        let data = |node: &Node| image.get(node.data.clone()?);
        let held = nodes.iter().filter(|node| !fixed(node)).filter_map(data);
        if !held.into_iter().any(holds_rootfs) {
            return None;
        }
        internal(image, tree.len(), nodes)
    };
    Some(opened.map(|opened| opened.fact("description", title)))
}

fn holds_rootfs(data: &[u8]) -> bool {
    let ubi =
        |(at, window): (usize, &[u8])| *window == ubi::MAGIC && ubi::extent(&data[at..]).is_some();
    rootfs::find(data, 0).is_ok() || data.windows(4).enumerate().any(ubi)
}

/// Data that are properties.
fn internal(image: &[u8], len: usize, nodes: Vec<Node>) -> Result<Opened<Layout>, Error> {
    let tree = &image[..len];
    let word = |at| be32(tree, at).unwrap_or_default() as usize;
    if word(12) < word(8).saturating_add(word(36)) || word(16) > word(8) {
        return Err(disorder());
    }
    let mut frame = Vec::with_capacity(4096);
    let mut done = 0;
    let (mut items, mut parts, mut checks) = (vec![], vec![], vec![]);
    let (mut lens, mut scripts) = (vec![], vec![]);
    for node in nodes {
        let Some(range) = node.data.clone() else {
            continue;
        };
        let end = range.end.next_multiple_of(4);
        let bytes = &tree[range.clone()];
        let before = tree.get(done..range.start).ok_or_else(disorder)?;
        frame.extend_from_slice(before);
        // What has been cut out so far. Hashes stand in nodes below, and so behind the data.
        let removed = end - frame.len();
        let mut hashes = node.hashes().ok_or_else(|| unknown_hash(&node.name))?;
        for hash in &mut hashes {
            let Some(at) = hash.at.checked_sub(removed).filter(|_| hash.at >= end) else {
                return Err(disorder());
            };
            checks.push(check(tree, hash.at, hash.algorithm, bytes));
            hash.at = at;
        }
        if node.kind == "script" {
            scripts.push((items.len(), bytes));
        }
        lens.push(bytes.len());
        items.push(Item {
            name: node.name.clone(),
            place_at: frame.len(),
            size_at: None,
            hashes,
            padded: false,
        });
        parts.push(Part::at(node.name.clone(), range, role(&node)));
        done = end;
    }
    frame.extend_from_slice(tree.get(done..).ok_or_else(disorder)?);
    let tail = tail(image, len)?;
    let scripts = scripts.into_iter();
    let layout = Layout {
        frame,
        items,
        stated: scripts
            .flat_map(|(item, text)| script::stated(item, text, &lens))
            .collect(),
        data: Place::Inside,
        tail,
    };
    let mut opened = Opened::new(layout, parts);
    opened.checks = checks;
    Ok(opened)
}

/// Data behind the tree.
fn external(image: &[u8], len: usize, nodes: Vec<Node>) -> Result<Opened<Layout>, Error> {
    let (mut items, mut parts, mut checks) = (vec![], vec![], vec![]);
    let mut place: Option<(usize, usize)> = None;
    let mut end = 0;
    let mut last: &[u8] = &[];
    for node in nodes {
        let (base, (place_at, place_of)) = match (node.position, node.offset) {
            (Some(position), _) => (0, position),
            (None, Some(offset)) => (len.next_multiple_of(4), offset),
            (None, None) => continue,
        };
        let (size_at, size) = node.size.ok_or_else(disorder)?;
        let start = base.saturating_add(place_of as usize);
        let range = start..start.saturating_add(size as usize);
        let bytes = image.get(range.clone()).ok_or(Error::Truncated {
            what: "an image of the FIT",
            need: range.end as u64,
            have: image.len() as u64,
        })?;
        let (first, of) = *place.get_or_insert((start, base));
        let expected = if end == 0 { first } else { end };
        if start != expected || of != base || start < len {
            return Err(disorder());
        }
        end = range.end.next_multiple_of(PAGE);
        let hashes = node.hashes().ok_or_else(|| unknown_hash(&node.name))?;
        for hash in &hashes {
            checks.push(check(image, hash.at, hash.algorithm, bytes));
        }
        let (part, padded) = payload(&node, range, bytes);
        parts.push(part);
        items.push(Item {
            name: node.name.clone(),
            place_at,
            size_at: Some(size_at),
            hashes,
            padded,
        });
        last = bytes;
    }
    let (start, base) = place.ok_or_else(disorder)?;
    if end > image.len() {
        return Err(Error::Truncated {
            what: "the last image of the FIT, filled to 4 KiB",
            need: end as u64,
            have: image.len() as u64,
        });
    }
    let frame = image[..len].to_vec();
    let layout = Layout {
        data: Place::Behind {
            start,
            base,
            rest: rest(&frame, last),
        },
        frame,
        items,
        stated: vec![],
        tail: tail(image, end)?,
    };
    let mut opened = Opened::new(layout, parts);
    opened.checks = checks;
    Ok(opened)
}

/// The data of a node behind the tree, and whether they are a squashfs with zeros up to a page.
fn payload(node: &Node, range: Range<usize>, bytes: &[u8]) -> (Part, bool) {
    let used = Superblock::probe(bytes).and_then(|s| usize::try_from(s.bytes_used).ok());
    let padded = used.filter(|used| {
        let zeros = bytes
            .get(*used..)
            .is_some_and(|rest| rest.iter().all(|b| *b == 0));
        zeros && used.next_multiple_of(PAGE) == bytes.len()
    });
    match padded {
        Some(used) => {
            let range = range.start..range.start + used;
            (Part::at(node.name.clone(), range, Role::Rootfs), true)
        }
        None => (Part::at(node.name.clone(), range, role(node)), false),
    }
}

fn role(node: &Node) -> Role {
    if node.kind == "kernel" || KERNEL_NAMES.contains(&node.name.as_str()) {
        Role::Kernel
    } else if KERNEL_TYPES.contains(&node.kind.as_str()) {
        Role::Kept
    } else {
        Role::Image
    }
}

/// What the end of the tree is, behind its strings.
fn rest(frame: &[u8], last: &[u8]) -> Rest {
    let word = |at| be32(frame, at).map(|word| word as usize);
    let ends = [(8, 36), (12, 32)].map(|(offset, len)| Some(word(offset)? + word(len)?));
    let [Some(structure), Some(strings)] = ends else {
        return Rest::Kept;
    };
    let at = structure.max(strings);
    let stale = frame.get(at..).unwrap_or_default();
    if !(MIN_STALE..PAGE).contains(&stale.len()) || stale.iter().all(|b| *b == 0) {
        return Rest::Kept;
    }
    // It is as far into the data as the end of the tree is behind where the data were.
    let near = last.get(..MAX_STALE_AT + PAGE).unwrap_or(last);
    match near.windows(stale.len()).position(|window| window == stale) {
        Some(from) => Rest::Stale { at, from },
        None => Rest::Kept,
    }
}

fn tail(image: &[u8], end: usize) -> Result<Tail, Error> {
    let rest = &image[end..];
    let mut candidates = Tail::usual(end as u64, rest);
    candidates.push(Candidate {
        marks: None,
        end: None,
    });
    Ok(Tail::infer(end as u64, rest, &candidates)?)
}

fn check(image: &[u8], at: usize, algorithm: super::Algorithm, data: &[u8]) -> Check {
    let computed = algorithm.of(data);
    let stored = image.get(at..at + computed.len()).unwrap_or_default();
    Check::digest(algorithm.what(), at, stored, &computed)
}

fn disorder() -> Error {
    Error::Unsupported {
        what: "it is a FIT whose data lie otherwise than mkimage lays them".into(),
        cure: "Use the device's squashfs-sysupgrade image as OpenWrt publishes it.",
    }
}

fn unknown_hash(name: &str) -> Error {
    Error::Unsupported {
        what: format!("its image {name} has a hash that is none of crc32, md5, sha1 and sha256"),
        cure: "Use the device's squashfs-sysupgrade image as OpenWrt publishes it.",
    }
}
