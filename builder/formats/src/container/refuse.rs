//! Why an image has no root file system that could be replaced.

use super::Error;
use super::Layout;
use super::slot::{Content, Slot};

/// The best reason why there is no root file system in `root`.
pub(super) fn reason(root: &Slot) -> Error {
    if let Some(error) = by_name(&root.bytes) {
        return error;
    }
    let slots = root.walk();
    if let Some((slot, error)) = slots.iter().find_map(|s| Some((s, s.problem.clone()?))) {
        return Error::Layer {
            part: (!std::ptr::eq(*slot, root)).then(|| slot.name.to_string()),
            at: slot.at,
            error,
        };
    }
    let Some(layer) = root.layer() else {
        if root.bytes.starts_with(&[0xd0, 0x0d, 0xfe, 0xed]) {
            return Error::Unsupported {
                what: "a FIT image without a root file system",
                cure: SYSUPGRADE,
            };
        }
        return Error::Unknown {
            first: root.bytes.iter().copied().take(8).collect(),
        };
    };
    // The trailer says nothing of what the image is.
    if let (Layout::Trailer(_), [image]) = (&layer.layout, &layer.slots[..]) {
        return reason(image);
    }
    Error::NoRootfs {
        kind: layer.layout.kind(),
        other: slots
            .iter()
            .filter(|slot| matches!(slot.content, Content::Kept | Content::Kernel))
            .filter(|slot| !slot.bytes.is_empty())
            .map(|slot| slot.name.to_string())
            .collect(),
    }
}

const SYSUPGRADE: &str = "Use the device's squashfs-sysupgrade image instead, if there is one.";
const UNPACK: &str = "Unpack it, or use the device's squashfs-sysupgrade image.";
const VENDOR: &str = "Use OpenWrt's squashfs-sysupgrade image for the device.";

/// A name for what `image` is, when its bytes at fixed places say so. All of these state lengths or checksums over the
/// root file system, or wrap it in ways of their own.
fn by_name(image: &[u8]) -> Option<Error> {
    let at = |offset: usize, magic: &[u8]| {
        image
            .get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    let (what, cure) = if at(0, &[0x31, 0x18, 0x10, 0x06]) {
        ("a UBIFS image", SYSUPGRADE)
    } else if at(0, &[3, 0, 0, 0]) && at(4, b"ver.") && !at(0x74, &[0, 0, 2, 0]) {
        ("a TP-Link vendor image", VENDOR)
    } else if at(0, &[0x1e, 0xf1, 0xd0, 0xba]) {
        ("a MikroTik NPK package", SYSUPGRADE)
    } else if at(0, b"SHRS") {
        ("an encrypted D-Link image", SYSUPGRADE)
    } else if at(7, b"sErCoMm") {
        ("an image with a Sercomm header", SYSUPGRADE)
    } else if at(0, &[0xfd, b'7', b'z', b'X', b'Z', 0]) {
        ("an xz-compressed file", UNPACK)
    } else if at(0, &[0x28, 0xb5, 0x2f, 0xfd]) {
        ("a zstd-compressed file", UNPACK)
    } else if at(0, b"ANDROID!") {
        ("an Android boot image", SYSUPGRADE)
    } else if at(257, b"ustar") {
        (
            "a tar archive, but no sysupgrade tarball",
            "A root file system tarball is given together with a kernel file (source `kernel-rootfs`).",
        )
    } else {
        return None;
    };
    Some(Error::Unsupported { what, cure })
}
