//! FIT images: device trees whose nodes are kernels, device trees, root file systems.

use std::collections::BTreeMap;

use super::fdt::{Fdt, number, strings};
use super::{Inner, Item, Kernel};
use crate::layer::Check;

/// How many images of a FIT are looked at, and how many hashes of each. FITs have two or three of both.
const MAX_IMAGES: usize = 64;
const MAX_HASHES: usize = 4;

/// What one node below `/images` says.
#[derive(Default)]
struct Image<'a> {
    texts: BTreeMap<&'a str, String>,
    numbers: BTreeMap<&'a str, u64>,
    /// The bytes inside the tree, and where they are.
    data: Option<(usize, &'a [u8])>,
    /// Algorithm, place and value of each hash node, by name.
    hashes: BTreeMap<&'a str, (String, usize, &'a [u8])>,
}

/// Adds what a FIT or a device tree at the start of `bytes` says. `base` is where that is in the kernel.
pub(super) fn look(kernel: &mut Kernel, bytes: &[u8], base: usize) -> Option<Inner> {
    let tree = Fdt::parse(bytes)?;
    let mut images: Vec<(&str, Image<'_>)> = Vec::new();
    let mut description = None;
    let mut configurations: Vec<String> = Vec::new();
    tree.walk(|property| match property.path {
        [] if property.name == "description" => {
            description = strings(property.value).into_iter().next();
        }
        ["images", name, inner @ ..] => {
            if images.last().is_none_or(|(last, _)| last != name) {
                if images.len() >= MAX_IMAGES {
                    return;
                }
                images.push((name, Image::default()));
            }
            if let Some((_, image)) = images.last_mut() {
                image.add(inner, property.name, property.at, property.value);
            }
        }
        ["configurations", _] if property.name == "description" => {
            configurations.extend(strings(property.value));
        }
        ["configurations", _] if property.name == "compatible" => {
            for name in strings(property.value) {
                if !kernel.compatible.contains(&name) {
                    kernel.compatible.push(name);
                }
            }
        }
        _ => {}
    });
    if images.is_empty() {
        kernel.wrap("device tree");
        kernel.device_tree(&tree);
        if let Some(model) = tree.model() {
            kernel.fact("model", model);
        }
        return Some(Inner::End);
    }
    kernel.wrap("FIT");
    for (name, image) in &images {
        image.tell(kernel, name, bytes, base, tree.len());
    }
    if let Some(description) = description {
        kernel.named(&description);
    }
    if !configurations.is_empty() {
        kernel.fact("configurations", configurations.join(", "));
    }
    Some(Inner::End)
}

impl<'a> Image<'a> {
    fn add(&mut self, inner: &[&'a str], name: &'a str, at: usize, value: &'a [u8]) {
        match (inner, name) {
            ([], "data") => self.data = Some((at, value)),
            ([], "description" | "type" | "arch" | "os" | "compression") => {
                if let Some(text) = strings(value).into_iter().next() {
                    self.texts.insert(name, text);
                }
            }
            ([], "load" | "entry" | "data-offset" | "data-position" | "data-size") => {
                if let Some(value) = number(value) {
                    self.numbers.insert(name, value);
                }
            }
            ([node], "algo" | "value")
                if node.starts_with("hash")
                    && (self.hashes.len() < MAX_HASHES || self.hashes.contains_key(node)) =>
            {
                let hash = self.hashes.entry(node).or_default();
                if name == "algo" {
                    hash.0 = strings(value).into_iter().next().unwrap_or_default();
                } else {
                    (hash.1, hash.2) = (at, value);
                }
            }
            _ => {}
        }
    }

    /// Where its bytes are in the FIT's file, whose tree has `tree_len` bytes.
    fn place(&self, tree_len: usize) -> Option<(u64, u64)> {
        if let Some((at, data)) = self.data {
            return Some((at as u64, data.len() as u64));
        }
        let size = *self.numbers.get("data-size")?;
        if let Some(position) = self.numbers.get("data-position") {
            return Some((*position, size));
        }
        // External data begins behind the tree, at a multiple of four.
        let offset = self.numbers.get("data-offset")?;
        Some((
            offset.checked_add(tree_len.next_multiple_of(4) as u64)?,
            size,
        ))
    }

    fn tell(&self, kernel: &mut Kernel, name: &str, bytes: &[u8], base: usize, tree_len: usize) {
        let text = |key| self.texts.get(key).cloned();
        let place = self.place(tree_len);
        let data = place.and_then(|(at, len)| {
            let (at, len) = (usize::try_from(at).ok()?, usize::try_from(len).ok()?);
            bytes.get(at..at.checked_add(len)?)
        });
        let kind = text("type").unwrap_or_default();
        for (algorithm, at, value) in self.hashes.values() {
            if algorithm == "crc32"
                && let (Some(stored), Some(data)) = (number(value), data)
            {
                let computed = crc32fast::hash(data);
                let check = Check::number("CRC-32 of a part", base + at, stored, computed);
                kernel.checks.push(check);
            }
        }
        if kind == "kernel" {
            kernel.arch = kernel.arch.take().or_else(|| text("arch"));
            kernel.load = kernel.load.or(self.numbers.get("load").copied());
            kernel.entry = kernel.entry.or(self.numbers.get("entry").copied());
            if let Some(description) = text("description") {
                kernel.named(&description);
            }
        }
        if kind == "flat_dt"
            && let Some(tree) = data.and_then(Fdt::parse)
        {
            kernel.device_tree(&tree);
        }
        kernel.items.push(Item {
            name: name.to_owned(),
            kind,
            at: place
                .filter(|_| data.is_some())
                .map(|(at, _)| at + base as u64),
            len: place.map_or(0, |(_, len)| len),
            compression: text("compression"),
        });
    }
}
