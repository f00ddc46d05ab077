//! File systems and partition tables.

use super::Guess;
use crate::layer::{be16, le16, le32, text};

/// The file system or partition table that `bytes` begin with.
///
/// ```text
/// squashfs 0x0 hsqs | sqsh | shsq | qshs       UBI      0x0 UBI#           UBIFS  0x0 31 18 10 06
/// JFFS2    0x0 1985 and a node type            cramfs   0x0 28cd3d45       romfs  0x0 -rom1fs-
/// ext      0x438 ef53, 0x478 label             FAT      0x1fe 55 aa, 0x36 or 0x52 FAT
/// GPT      0x200 EFI PART                      MBR      0x1fe 55 aa, 0x1be entries of 16 bytes
/// ```
pub(super) fn guess(bytes: &[u8]) -> Option<Guess> {
    let at = |offset: usize, magic: &[u8]| {
        bytes
            .get(offset..)
            .is_some_and(|tail| tail.starts_with(magic))
    };
    if at(0, b"hsqs") || at(0, b"sqsh") || at(0, b"shsq") || at(0, b"qshs") {
        return Some(squashfs(bytes));
    }
    let known = if at(0, b"UBI#") {
        Guess::new("ubi", "UBI")
    } else if at(0, &[0x31, 0x18, 0x10, 0x06]) {
        Guess::new("ubifs", "UBIFS")
    } else if is_jffs2(bytes) {
        let order = if bytes[0] == 0x85 { "little" } else { "big" };
        Guess::new("jffs2", format!("JFFS2, {order} endian"))
    } else if at(0, &[0x45, 0x3d, 0xcd, 0x28]) || at(0, &[0x28, 0xcd, 0x3d, 0x45]) {
        Guess::new("cramfs", "cramfs")
    } else if at(0, b"-rom1fs-") {
        Guess::new("romfs", "romfs")
    } else if le16(bytes, 0x438) == Some(0xef53) && le32(bytes, 0x418).is_some_and(|log| log < 7) {
        let label = text(bytes, 0x478, 16);
        Guess::new("ext4", labelled("ext2/3/4 file system", &label))
    } else if at(0x1fe, &[0x55, 0xaa]) && at(0x36, b"FAT") {
        Guess::new("fat", labelled("FAT file system", &text(bytes, 0x2b, 11)))
    } else if at(0x1fe, &[0x55, 0xaa]) && at(0x52, b"FAT") {
        Guess::new("fat", labelled("FAT file system", &text(bytes, 0x47, 11)))
    } else if at(0x200, b"EFI PART") {
        Guess::new("gpt", "disk with a GPT partition table")
    } else if at(0x1fe, &[0x55, 0xaa]) {
        let entries =
            (0..4).filter(|n| bytes.get(0x1be + n * 16 + 4).is_some_and(|kind| *kind != 0));
        let count = entries.count();
        Guess::new("mbr", format!("boot sector with {count} partitions"))
    } else {
        return None;
    };
    Some(known)
}

fn labelled(what: &str, label: &str) -> String {
    match label.trim() {
        "" => what.to_owned(),
        label => format!("{what} “{label}”"),
    }
}

fn squashfs(bytes: &[u8]) -> Guess {
    let little = matches!(bytes.first(), Some(b'h' | b's')) && !bytes.starts_with(b"sqsh");
    let version = |at| {
        if little {
            le16(bytes, at)
        } else {
            be16(bytes, at)
        }
    };
    let (major, minor) = (version(28).unwrap_or(0), version(30).unwrap_or(0));
    let kind = match bytes.get(..4) {
        Some(b"hsqs") => "squashfs",
        Some(b"sqsh") => "big-endian squashfs",
        _ => "squashfs with LZMA of a maker's own",
    };
    Guess::new("squashfs", format!("{kind} {major}.{minor}"))
}

/// A node's magic number and one of the types that stand in the clear.
fn is_jffs2(bytes: &[u8]) -> bool {
    const TYPES: [u16; 6] = [0xe001, 0xe002, 0x2003, 0x2004, 0xe008, 0xe009];
    let little =
        le16(bytes, 0) == Some(0x1985) && le16(bytes, 2).is_some_and(|t| TYPES.contains(&t));
    let big = be16(bytes, 0) == Some(0x1985) && be16(bytes, 2).is_some_and(|t| TYPES.contains(&t));
    little || big
}
