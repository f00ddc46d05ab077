//! TP-Link's SafeLoader images: a table of named parts for the vendor's web interface, and dumps of a flash for sysupgrade.
//!
//! The factory image names its parts in a table; one part is the table of the flash's partitions, which for many boards
//! states where kernel and root file system will lie, and so is made anew. The sysupgrade image is what will stand in the
//! flash from the kernel on. For boards whose dump ends with the root file system it is a [`plain`](crate::plain) image; the
//! others, TP-Link's outdoor radios (CPE, WBS), have version and support list behind it at fixed places. Source of the
//! format: firmware-utils' `tplink-safeloader.c`.

mod dump;
mod eap;
mod factory;
mod table;
#[cfg(test)]
mod tests;

pub use dump::Layout as Dump;
pub use eap::Layout as Eap;
pub use factory::Layout as Factory;
pub use table::Partition;

use crate::layer::be32;
use crate::pad_rootfs::Rule;

/// Erase block by which a root file system is padded, in KiB.
const BLOCK_KIB: u32 = 64;

/// The padding behind a root file system: 0xFF to a multiple of 64 KiB, then one marker.
fn marks() -> Option<Rule> {
    Rule::padjffs2(&[BLOCK_KIB])
}

/// What a part with a header of its own holds: be32 length, be32 zero, data, and at most one byte more.
fn meta(part: &[u8]) -> Option<&[u8]> {
    let len = be32(part, 0)? as usize;
    let data = part.get(8..)?.get(..len)?;
    (be32(part, 4)? == 0 && part.len() - 8 - len <= 1).then_some(data)
}

/// The devices of a support list, for people: its lines without the title.
fn supported(list: &[u8]) -> String {
    let text = String::from_utf8_lossy(list);
    let lines = text.lines().map(str::trim);
    let lines: Vec<_> = lines
        .filter(|line| line.starts_with('{'))
        .map(|line| line.trim_matches(['{', '}']))
        .collect();
    lines.join("; ")
}

/// The version that a `soft-version` part states: text, or three numbers, a date in decimal digits and a revision.
fn version(data: &[u8]) -> Option<String> {
    if data.first() != Some(&0xFF) {
        return Some(crate::layer::text(data, 0, data.len()));
    }
    let [_, major, minor, patch, c, y, m, d] = data.first_chunk::<8>()?;
    let revision = be32(data, 8)?;
    Some(format!(
        "{major}.{minor}.{patch} of {c:02x}{y:02x}-{m:02x}-{d:02x}, revision {revision}"
    ))
}
