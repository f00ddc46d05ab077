//! The images that a tree names.

use std::ops::Range;

use super::hash::{Algorithm, Hash};
use crate::kernel::Fdt;
use crate::layer::{be32, text};

/// An image of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The node's name.
    pub name: String,
    /// Where the value of `data` was cut out of the frame, its length four bytes and more before; or where `data-offset` or
    /// `data-position` stands.
    pub place_at: usize,
    /// Where `data-size` stands, for data behind the tree.
    pub size_at: Option<usize>,
    /// Its hashes.
    pub hashes: Vec<Hash>,
    /// Whether it is a root file system that is padded to 4 KiB with zeros.
    pub padded: bool,
}

/// A node below `images`, as it stands in the tree. Places count from the tree's first byte.
#[derive(Default)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) kind: String,
    /// Where the value of `data` is.
    pub(super) data: Option<Range<usize>>,
    /// Where `data-offset` stands, and its value.
    pub(super) offset: Option<(usize, u32)>,
    /// Where `data-position` stands, and its value.
    pub(super) position: Option<(usize, u32)>,
    /// Where `data-size` stands, and its value.
    pub(super) size: Option<(usize, u32)>,
    pub(super) hashes: Vec<HashNode>,
}

#[derive(Default)]
pub(super) struct HashNode {
    name: String,
    pub(super) value: Option<Range<usize>>,
    pub(super) algorithm: Option<Algorithm>,
}

impl Node {
    /// Its hashes as they are reckoned again; `None` when one is of a kind that is not known.
    pub(super) fn hashes(&self) -> Option<Vec<Hash>> {
        let known = |node: &HashNode| {
            let (value, algorithm) = (node.value.clone()?, node.algorithm?);
            let hash = Hash {
                algorithm,
                at: value.start,
            };
            (value.len() == algorithm.of(&[]).len()).then_some(hash)
        };
        self.hashes.iter().map(known).collect()
    }
}

/// The nodes below `images`, in their order, and the description of the tree.
pub(super) fn nodes(tree: &Fdt<'_>) -> (Vec<Node>, String) {
    let (mut nodes, mut title) = (Vec::<Node>::new(), String::new());
    tree.walk(|property| {
        let range = property.at..property.at + property.value.len();
        let word = be32(property.value, 0).map(|value| (property.at, value));
        match (property.path, property.name) {
            ([], "description") => title = text(property.value, 0, property.value.len()),
            (["images", name], property_name) => {
                let node = last(&mut nodes, |node: &Node| node.name == *name);
                (*name).clone_into(&mut node.name);
                match property_name {
                    "data" => node.data = Some(range),
                    "data-offset" => node.offset = word,
                    "data-position" => node.position = word,
                    "data-size" => node.size = word,
                    "type" => node.kind = text(property.value, 0, property.value.len()),
                    _ => {}
                }
            }
            (["images", name, hash], property_name) if hash.starts_with("hash") => {
                let node = last(&mut nodes, |node: &Node| node.name == *name);
                let hash_node = last(&mut node.hashes, |node: &HashNode| node.name == *hash);
                (*hash).clone_into(&mut hash_node.name);
                match property_name {
                    "value" => hash_node.value = Some(range),
                    "algo" => hash_node.algorithm = Algorithm::named(property.value),
                    _ => {}
                }
            }
            _ => {}
        }
    });
    (nodes, title)
}

/// The last of a list if it is the one that is meant, else a new one.
fn last<T: Default>(list: &mut Vec<T>, same: impl Fn(&T) -> bool) -> &mut T {
    let at = match list.len().checked_sub(1) {
        Some(at) if list.get(at).is_some_and(same) => at,
        _ => {
            list.push(T::default());
            list.len() - 1
        }
    };
    &mut list[at]
}
