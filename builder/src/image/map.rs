//! What lies where in an image: its regions, one behind the other.

use std::ops::Range;

use openwrt_formats::container::{Content, Slot};
use openwrt_formats::fwtool;
use openwrt_formats::sniff;
use serde::Serialize;

use super::rootfs::Rootfs;

/// A run of bytes of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Region {
    /// Where it begins in the file.
    pub at: u64,
    /// Its length in bytes.
    pub size: u64,
    /// What it is, for people.
    pub what: String,
    /// A stable word: `kernel`, `rootfs`, `part`, `around` (headers, padding), `unknown`.
    pub kind: &'static str,
}

/// The regions of an image, in order and without gaps.
pub fn regions(root: &Slot, rootfs: Option<&Rootfs>) -> Vec<Region> {
    let mut map = Map {
        root,
        searched: rootfs.filter(|rootfs| rootfs.searched),
        regions: Vec::new(),
    };
    map.slot(root, 0);
    map.regions
}

struct Map<'a> {
    root: &'a Slot,
    /// A root file system that no format explains.
    searched: Option<&'a Rootfs>,
    regions: Vec<Region>,
}

impl Map<'_> {
    fn push(&mut self, range: Range<u64>, kind: &'static str, what: impl Into<String>) {
        if !range.is_empty() {
            self.regions.push(Region {
                at: range.start,
                size: range.end - range.start,
                what: what.into(),
                kind,
            });
        }
    }

    fn slot(&mut self, slot: &Slot, at: u64) {
        let end = at + slot.bytes.len() as u64;
        match &slot.content {
            Content::Kernel => self.push(at..end, "kernel", "kernel"),
            Content::Rootfs(_) => self.push(at..end, "rootfs", "root file system (squashfs)"),
            Content::Kept => self.kept(slot, at..end),
            Content::Layer(layer) => {
                let kind = layer.layout.kind();
                let mut parts: Vec<_> = slot
                    .slots()
                    .iter()
                    .filter_map(|part| Some((part.at?, part)))
                    .collect();
                parts.sort_by_key(|(at, _)| *at);
                let mut from = at;
                for (part_at, part) in parts {
                    if part_at < from || part_at > end {
                        continue;
                    }
                    self.around(from..part_at, kind, from == at);
                    self.slot(part, part_at);
                    from = part_at + part.bytes.len() as u64;
                }
                if from == at && !slot.slots().is_empty() {
                    self.push(
                        at..end,
                        "part",
                        format!("{kind} (its parts have to be unpacked)"),
                    );
                } else {
                    self.around(from..end, kind, from == at);
                }
            }
        }
    }

    /// A part that stays as it is, cut where a root file system was found in it.
    fn kept(&mut self, slot: &Slot, range: Range<u64>) {
        let inside = self.searched.and_then(|rootfs| {
            let at = rootfs.at?;
            let end = at + rootfs.bytes.len() as u64;
            (range.contains(&at) && end <= range.end).then_some(at..end)
        });
        let name = (slot.name != "image").then_some(&*slot.name);
        match inside {
            None => self.looks(range, name),
            Some(rootfs) => {
                self.looks(range.start..rootfs.start, name);
                let what = "root file system (squashfs), found by searching";
                self.push(rootfs.clone(), "rootfs", what);
                self.looks(rootfs.end..range.end, name);
            }
        }
    }

    /// Bytes of which nothing is known but what they look like.
    fn looks(&mut self, range: Range<u64>, name: Option<&str>) {
        let guess = sniff::sniff(self.bytes(&range));
        let kind = match guess.kind {
            "uimage" | "fit" | "kernel" => "kernel",
            _ if guess.is_known() => "part",
            _ => "unknown",
        };
        let what = match name {
            Some(name) => format!("{name}: {guess}"),
            None => guess.text,
        };
        self.push(range, kind, what);
    }

    /// Headers and padding of a format.
    fn around(&mut self, range: Range<u64>, kind: &str, first: bool) {
        let guess = sniff::sniff(self.bytes(&range));
        let what = match guess.kind {
            "erased" | "zeros" | "padding" | "overlay-marker" => guess.text,
            _ if kind == fwtool::KIND => "metadata and signatures".to_owned(),
            _ if first => format!("{kind} header"),
            _ => kind.to_owned(),
        };
        self.push(range, "around", what);
    }

    fn bytes(&self, range: &Range<u64>) -> &[u8] {
        let all = &self.root.bytes;
        all.get(range.start as usize..range.end as usize)
            .unwrap_or_default()
    }
}
