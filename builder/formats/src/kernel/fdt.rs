//! Flattened device trees, as far as they have to be read.
//!
//! ```text
//! 0x00  magic d00dfeed     0x0c  offset of the strings   0x20  length of the strings
//! 0x04  total length       0x14  version (17)            0x24  length of the structure (version 17)
//! 0x08  offset of the structure
//! ```
//!
//! All numbers are 32 bits, big endian. The structure is a sequence of tokens: 1 begins a node (its name follows), 2 ends one,
//! 3 is a property (length, offset of its name in the strings, value), 4 is nothing, 9 is the end; all aligned to four bytes.
//! Source: the Devicetree Specification, chapter 5.

use crate::layer::be32;

/// The magic number.
pub(crate) const MAGIC: [u8; 4] = [0xd0, 0x0d, 0xfe, 0xed];

/// How deep nodes may be nested. Device trees have up to ten levels.
const MAX_DEPTH: usize = 24;

/// A device tree whose header agrees with the bytes there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fdt<'a> {
    bytes: &'a [u8],
    structure: usize,
    strings: &'a [u8],
}

/// A property on the way through a tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Property<'t, 'a> {
    /// The names of the nodes that lead to it, the root's left out.
    pub(crate) path: &'t [&'a str],
    /// Its name.
    pub(crate) name: &'a str,
    /// Where its value begins, counted from the tree's first byte.
    pub(crate) at: usize,
    /// Its value.
    pub(crate) value: &'a [u8],
}

impl<'a> Fdt<'a> {
    /// The tree that `bytes` begin with.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let field = |at| be32(bytes, at).map(|word| word as usize);
        let total = field(4)?;
        let (structure, strings, strings_len) = (field(8)?, field(12)?, field(32)?);
        let (version, oldest) = (field(20)?, field(24)?);
        let good = bytes.starts_with(&MAGIC) && (16..=17).contains(&oldest) && version >= oldest;
        let bytes = bytes.get(..total)?;
        let strings = bytes.get(strings..strings.checked_add(strings_len)?)?;
        (good && structure >= 40 && structure < total).then_some(Self {
            bytes,
            structure,
            strings,
        })
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Shows `visit` every property in order; ends early where the tree is damaged.
    pub(crate) fn walk(&self, mut visit: impl FnMut(Property<'_, 'a>)) {
        // Nothing but an end is wanted of a damaged tree.
        let _ = self.try_walk(&mut visit);
    }

    fn try_walk(&self, visit: &mut dyn FnMut(Property<'_, 'a>)) -> Option<()> {
        let mut path: Vec<&str> = Vec::new();
        let mut at = self.structure;
        loop {
            let token = be32(self.bytes, at)?;
            at += 4;
            match token {
                1 => {
                    let name = string(self.bytes, at)?;
                    at = (at + name.len() + 1).next_multiple_of(4);
                    if path.len() >= MAX_DEPTH {
                        return None;
                    }
                    path.push(name);
                }
                2 => {
                    path.pop()?;
                }
                3 => {
                    let len = be32(self.bytes, at)? as usize;
                    let name = string(self.strings, be32(self.bytes, at + 4)? as usize)?;
                    at += 8;
                    let value = self.bytes.get(at..at.checked_add(len)?)?;
                    visit(Property {
                        path: path.get(1..)?,
                        name,
                        at,
                        value,
                    });
                    at = (at + len).next_multiple_of(4);
                }
                4 => {}
                _ => return None,
            }
        }
    }

    /// The `compatible` names of its root, most specific first.
    pub(crate) fn compatible(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.walk(|property| {
            if property.path.is_empty() && property.name == "compatible" {
                names = strings(property.value);
            }
        });
        names
    }

    /// The size of the flash partition that holds whole images, bytes: the node with the label `firmware`, as OpenWrt names it on NOR flash.
    pub(crate) fn firmware(&self) -> Option<u64> {
        // The properties of a node come one after the other, in any order.
        let mut node: Vec<String> = Vec::new();
        let (mut label, mut size, mut found) = (false, None, None);
        self.walk(|property| {
            if property.path != node {
                node = property.path.iter().map(|&name| name.to_owned()).collect();
                (label, size) = (false, None);
            }
            match property.name {
                "label" => label = strings(property.value) == ["firmware"],
                // Offset and size, both of one cell or both of two.
                "reg" => {
                    size = property
                        .value
                        .split_at_checked(property.value.len() / 2)
                        .and_then(|(_, size)| number(size))
                }
                _ => {}
            }
            if label && found.is_none() {
                found = size;
            }
        });
        found.filter(|size| *size > 0)
    }

    /// The `model` of its root.
    pub(crate) fn model(&self) -> Option<String> {
        let mut model = None;
        self.walk(|property| {
            if property.path.is_empty() && property.name == "model" {
                model = strings(property.value).into_iter().next();
            }
        });
        model
    }
}

/// The NUL-ended printable text at `at`.
fn string(bytes: &[u8], at: usize) -> Option<&str> {
    let tail = bytes.get(at..)?;
    // Names have at most 31 characters and a unit address.
    let end = tail.iter().take(256).position(|b| *b == 0)?;
    std::str::from_utf8(&tail[..end]).ok()
}

/// A value that is a list of NUL-ended texts; empty when it is something else.
pub(super) fn strings(value: &[u8]) -> Vec<String> {
    let Some(([0], texts)) = value.split_last().map(|(last, texts)| ([*last], texts)) else {
        return Vec::new();
    };
    let printable =
        |text: &[u8]| !text.is_empty() && text.iter().all(|b| (b' '..=b'~').contains(b));
    let texts: Vec<&[u8]> = texts.split(|b| *b == 0).take(64).collect();
    if !texts.iter().all(|text| printable(text)) {
        return Vec::new();
    }
    let text = |text: &&[u8]| String::from_utf8_lossy(text).into_owned();
    texts.iter().map(text).collect()
}

/// A value that is a number of one or two cells.
pub(super) fn number(value: &[u8]) -> Option<u64> {
    match value.len() {
        4 | 8 => Some(value.iter().fold(0, |sum, b| sum << 8 | u64::from(*b))),
        _ => None,
    }
}
