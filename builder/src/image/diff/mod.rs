//! What differs between two images.

mod files;
mod settings;
mod text;

use std::collections::BTreeMap;

use openwrt_formats::container::{Content, Slot};
use openwrt_formats::kernel;
use openwrt_formats::tree::Tree;
use serde::Serialize;
use sha2::{Digest, Sha256};

pub use files::FileChange;
pub use text::text;

use super::nesting::Part;
use super::{Image, rootfs, software};
use crate::failure::Failure;

/// What differs between two images, A and B.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Difference {
    /// Whether the files are the same, bit for bit.
    pub identical: bool,
    /// The first offset at which the files differ.
    pub offset: Option<u64>,
    /// What their containers and metadata say differently.
    pub containers: Vec<Change>,
    /// What their kernels say differently; empty when they are the same bytes.
    pub kernel: Vec<Change>,
    /// The files of their root file systems.
    pub files: Vec<FileChange>,
    /// Packages: name, and the version in A and B.
    pub packages: Vec<Change>,
    /// UCI options: key, and the value in A and B.
    pub uci: Vec<Change>,
    /// What could not be compared, as sentences.
    pub remarks: Vec<String>,
}

/// Something that has a value in A, in B, or another one in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which value.
    pub key: String,
    /// In A; `None` when A has none.
    pub a: Option<String>,
    /// In B; `None` when B has none.
    pub b: Option<String>,
}

/// Compares two images.
///
/// # Errors
/// When a root file system is damaged.
pub fn diff(a: &Image, b: &Image) -> Result<Difference, Failure> {
    if a.bytes == b.bytes {
        return Ok(Difference {
            identical: true,
            ..Difference::default()
        });
    }
    let same = a.bytes.iter().zip(&b.bytes[..]).take_while(|(a, b)| a == b);
    let (root_a, root_b) = (a.survey(), b.survey());
    let mut difference = Difference {
        offset: Some(same.count() as u64),
        containers: changes(&containers(&root_a), &containers(&root_b)),
        kernel: changes(&kernels(&root_a), &kernels(&root_b)),
        ..Difference::default()
    };
    let tree_a = tree(a, &root_a, &mut difference.remarks)?;
    let tree_b = tree(b, &root_b, &mut difference.remarks)?;
    let ((bytes_a, tree_a), (bytes_b, tree_b)) = match (tree_a, tree_b) {
        (None, None) => return Ok(difference),
        (a, b) => (a.unwrap_or_default(), b.unwrap_or_default()),
    };
    if bytes_a != bytes_b {
        difference.files = files::changes(&tree_a, &tree_b);
        let packages = |tree: &Tree| software::of_tree(tree).packages;
        difference.packages = changes(&packages(&tree_a), &packages(&tree_b));
        let remarks = &mut difference.remarks;
        let settings_a = settings::of(&tree_a, &a.name, remarks);
        let settings_b = settings::of(&tree_b, &b.name, remarks);
        difference.uci = changes(&settings_a, &settings_b);
    }
    Ok(difference)
}

/// The root file system's bytes and tree.
fn tree(
    image: &Image,
    root: &Slot,
    remarks: &mut Vec<String>,
) -> Result<Option<(bytes::Bytes, Tree)>, Failure> {
    match rootfs::find(root) {
        Ok(Some(rootfs)) => {
            let tree = rootfs.tree(image)?;
            Ok(Some((rootfs.bytes, tree)))
        }
        Ok(None) => {
            remarks.push(format!("{} has no squashfs 4.0 file system", image.name));
            Ok(None)
        }
        Err(error) => {
            remarks.push(format!("{}: {error}", image.name));
            Ok(None)
        }
    }
}

/// What the formats of an image state, by key.
fn containers(root: &Slot) -> BTreeMap<String, String> {
    let mut said = BTreeMap::new();
    let part = Part::of(root);
    add(&mut said, "", &part);
    said
}

fn add(said: &mut BTreeMap<String, String>, above: &str, part: &Part) {
    let path = match above {
        "" => part.name.clone(),
        above => format!("{above}/{}", part.name),
    };
    said.insert(path.clone(), part.text.clone());
    said.insert(format!("{path}, size"), part.size.to_string());
    let place = part.at.map_or("unpacked".into(), |at| format!("{at:#x}"));
    said.insert(format!("{path}, offset"), place);
    for fact in &part.facts {
        said.insert(format!("{path}, {}", fact.name), fact.value.clone());
    }
    for check in part.checks.iter().filter(|check| !check.ok) {
        let text = format!("{} is stored, {} computed", check.stored, check.computed);
        said.insert(format!("{path}, WRONG {}", check.what), text);
    }
    for part in &part.parts {
        add(said, &path, part);
    }
}

/// What the first kernel says, by key.
fn kernels(root: &Slot) -> BTreeMap<String, String> {
    let slots = root.walk();
    let mut slots = slots.iter();
    let Some(slot) = slots.find(|slot| slot.content == Content::Kernel && !slot.bytes.is_empty())
    else {
        return BTreeMap::new();
    };
    let kernel = kernel::describe(&slot.bytes);
    let hex = |value: u64| format!("{value:#x}");
    let pairs = [
        ("sha256", Some(hex::encode(Sha256::digest(&slot.bytes)))),
        ("size", Some(slot.bytes.len().to_string())),
        ("type", Some(kernel.wrapping.join(" › "))),
        ("name", kernel.name),
        ("linux", kernel.linux),
        ("arch", kernel.arch),
        ("load", kernel.load.map(hex)),
        ("entry", kernel.entry.map(hex)),
        (
            "compatible",
            (!kernel.compatible.is_empty()).then(|| kernel.compatible.join(", ")),
        ),
    ];
    pairs
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect()
}

/// What is not the same in both, by key.
fn changes(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> Vec<Change> {
    let mut keys: Vec<_> = a.keys().chain(b.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .filter(|key| a.get(*key) != b.get(*key))
        .map(|key| Change {
            key: key.clone(),
            a: a.get(key).cloned(),
            b: b.get(key).cloned(),
        })
        .collect()
}
