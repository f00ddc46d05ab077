//! The factory image.
//!
//! ```text
//! 0x0000  be32 length of the image
//! 0x0004  MD5 of a salt of 16 bytes and all from 0x14 on
//! 0x0014  be32 length, vendor text, 0xFF; all of it 0xFF for boards without
//! 0x1014  table of the parts, offsets from here:  fwup-ptn NAME base 0x00800 size 0x00800 TAB CR LF, NUL, 0xFF
//! 0x1814  the parts one behind the other: partition-table, soft-version, support-list, os-image, file-system, extra-para
//! ```
//!
//! A board whose flash has a partition `firmware` for kernel and root file system states in `partition-table` where they will
//! lie: `os-image` as long as the kernel, `file-system` from the next multiple of 64 KiB on, its size that of `firmware`
//! less its *offset in the flash*, modulo 2³² (so the tool reckons).

use std::ops::Range;

use md5::{Digest, Md5};

use super::table::{self, Partition, TABLE};
use super::{marks, meta, supported, version};
use crate::layer::{Check, Error, Format, Opened, Part, Role, be32, put, text};
use crate::pad_rootfs::{End, Tail};
use crate::rootfs::Superblock;

/// Where the MD5 begins to cover.
const COVERED: usize = 0x14;
/// Where the table of the parts begins.
const PAYLOAD: usize = 0x1014;
/// Where the MD5 stands.
const MD5_AT: usize = 4;
/// What the MD5 covers before the image.
const SALT: [u8; 16] = [
    0x7a, 0x2b, 0x15, 0xed, 0x9b, 0x98, 0x59, 0x6d, 0xe5, 0x04, 0xab, 0x44, 0xac, 0x2a, 0x9f, 0x4e,
];
const KERNEL: &str = "os-image";
const ROOTFS: &str = "file-system";
const FLASH: &str = "partition-table";

/// How a factory image is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The vendor block, 0x1000 bytes.
    pub vendor: Vec<u8>,
    /// The names of the parts, in their order.
    pub names: Vec<String>,
    /// The partitions of the flash as the donor states them.
    pub flash: Vec<Partition>,
    /// The size of the partition `firmware` that kernel and root file system share; `None` when they have their own.
    pub shared: Option<u32>,
    /// Zeros behind the image, bytes (`pad-extra`).
    pub extra: usize,
}

impl Format for Layout {
    fn kind(&self) -> &'static str {
        "tplink-safeloader factory"
    }

    fn open(image: &[u8]) -> Option<Result<Opened<Self>, Error>> {
        let named = image.get(PAYLOAD..)?.starts_with(b"fwup-ptn ");
        let len = be32(image, 0)? as usize;
        (named && len > PAYLOAD + TABLE).then(|| open(image, len))
    }

    fn close(&self, parts: &[&[u8]]) -> Result<Vec<u8>, Error> {
        let mut image = vec![0; COVERED];
        image.extend_from_slice(&self.vendor);
        image.resize(PAYLOAD + TABLE, 0xFF);
        let mut list = Vec::new();
        let flash = self.partitions(parts)?;
        // The flash's table is no part of its own: it is made.
        let mut given = parts.iter();
        for name in &self.names {
            let start = image.len();
            let part = Partition {
                name: name.clone(),
                base: (start - PAYLOAD) as u32,
                size: 0,
            };
            if part.kind() == FLASH {
                image.extend(table::flash(&flash).ok_or_else(too_many)?);
            } else {
                image.extend_from_slice(given.next().copied().unwrap_or_default());
            }
            if part.kind() == ROOTFS {
                let padding = marks().map(|rule| rule.padding((image.len() - start) as u64));
                image.extend(padding.unwrap_or_default());
            }
            let size = (image.len() - start) as u32;
            check_room(&flash, name, size)?;
            list.push(Partition { size, ..part });
        }
        let table = table::image(&list).ok_or_else(too_many)?;
        put(&mut image, PAYLOAD, &table);
        let len = u32::try_from(image.len())
            .map_err(|_| Error::too_long("the image", image.len(), u64::from(u32::MAX)))?;
        put(&mut image, 0, &len.to_be_bytes());
        let digest = digest(&image[COVERED..]);
        put(&mut image, MD5_AT, &digest);
        image.resize(image.len() + self.extra, 0);
        Ok(image)
    }
}

impl Layout {
    /// The partitions of the flash for these parts.
    fn partitions(&self, parts: &[&[u8]]) -> Result<Vec<Partition>, Error> {
        let mut flash = self.flash.clone();
        let Some(shared) = self.shared else {
            return Ok(flash);
        };
        let names = self.names.iter().filter(|name| kind(name) != FLASH);
        let kernel = names.zip(parts).find(|(name, _)| kind(name) == KERNEL);
        let kernel = kernel.map_or(0, |(_, part)| part.len());
        let len = u32::try_from(kernel)
            .ok()
            .filter(|len| *len <= shared)
            .ok_or_else(|| Error::too_long(KERNEL, kernel, shared.into()))?;
        let at = flash.iter().position(|p| p.kind() == KERNEL);
        if let Some([kernel, rootfs]) = at.and_then(|at| flash.get_mut(at..at + 2)) {
            kernel.size = len;
            rootfs.base = behind(kernel).ok_or_else(too_many)?;
            rootfs.size = shared.wrapping_sub(rootfs.base);
        }
        Ok(flash)
    }
}

/// The next multiple of 64 KiB behind a partition.
fn behind(partition: &Partition) -> Option<u32> {
    let end = partition.base.checked_add(partition.size)?;
    end.checked_next_multiple_of(0x1_0000)
}

fn kind(name: &str) -> &str {
    name.split('@').next().unwrap_or_default()
}

fn too_many() -> Error {
    Error::damaged(PAYLOAD, "the partition table cannot be written")
}

/// The tool makes no image when a part is longer than its partition.
fn check_room(flash: &[Partition], name: &str, size: u32) -> Result<(), Error> {
    match flash.iter().find(|p| p.name == name) {
        Some(p) if size > p.size => Err(Error::too_long(name, size as usize, p.size.into())),
        _ => Ok(()),
    }
}

/// MD5 of the salt and these bytes.
pub(super) fn digest(covered: &[u8]) -> [u8; 16] {
    let digest = Md5::new_with_prefix(SALT).chain_update(covered);
    digest.finalize().into()
}

fn open(image: &[u8], len: usize) -> Result<Opened<Layout>, Error> {
    let body = image.get(..len).ok_or(Error::Truncated {
        what: "the SafeLoader header",
        need: len as u64,
        have: image.len() as u64,
    })?;
    let rest = &image[len..];
    if rest.iter().any(|b| *b != 0) {
        return Err(Error::damaged(
            len,
            "bytes follow that the header's length does not count",
        ));
    }
    let table = body.get(PAYLOAD..PAYLOAD + TABLE).unwrap_or_default();
    let list = table::parse_image(table).ok_or_else(foreign)?;
    let mut found = Found::default();
    let mut end = PAYLOAD + TABLE;
    for entry in &list {
        let range = end..end.saturating_add(entry.size as usize);
        let bytes = body.get(range.clone()).ok_or(Error::Truncated {
            what: "the table of parts",
            need: range.end as u64,
            have: len as u64,
        })?;
        if entry.base as usize + PAYLOAD != end {
            let what = format!("the part {} is not where the one before ends", entry.name);
            return Err(Error::damaged(end, what));
        }
        end = range.end;
        found.take(entry, range, bytes)?;
    }
    if end != len {
        return Err(Error::damaged(end, "bytes follow that belong to no part"));
    }
    let (Some(flash), Some(kernel), true) = (found.flash, found.kernel, found.rootfs) else {
        return Err(foreign());
    };
    let layout = Layout {
        vendor: body[COVERED..PAYLOAD].to_vec(),
        names: list.into_iter().map(|p| p.name).collect(),
        shared: shared(&flash, kernel),
        flash,
        extra: rest.len(),
    };
    let check = Check::digest(
        "MD5 of all behind it",
        MD5_AT,
        &body[MD5_AT..COVERED],
        &digest(&body[COVERED..]),
    );
    let mut opened = Opened::new(layout, found.parts).check(check);
    if let Some(len) = be32(body, COVERED).filter(|len| *len <= 0xFFC) {
        opened = opened.fact("vendor", text(body, COVERED + 4, len as usize));
    }
    opened.facts.extend(found.facts);
    let flash = opened.layout.flash.iter().map(|p| p.name.as_str());
    let flash = flash.collect::<Vec<_>>().join(", ");
    Ok(opened.fact("partitions", flash))
}

/// What the parts of an image are.
#[derive(Default)]
struct Found {
    flash: Option<Vec<Partition>>,
    kernel: Option<u32>,
    rootfs: bool,
    parts: Vec<Part>,
    facts: Vec<crate::layer::Fact>,
}

impl Found {
    fn take(&mut self, entry: &Partition, range: Range<usize>, bytes: &[u8]) -> Result<(), Error> {
        let mut role = Role::Kept;
        let mut range = range;
        let mut fact = |name, value| self.facts.push(crate::layer::Fact { name, value });
        match entry.kind() {
            FLASH => {
                self.flash = Some(table::parse_flash(bytes).ok_or_else(foreign)?);
                return Ok(());
            }
            KERNEL => {
                self.kernel = Some(entry.size);
                role = Role::Kernel;
            }
            ROOTFS => {
                range.end = range.start + padded(bytes).ok_or_else(foreign)?;
                self.rootfs = true;
                role = Role::Rootfs;
            }
            "soft-version" => {
                if let Some(version) = meta(bytes).and_then(version) {
                    fact("version", version);
                }
            }
            "support-list" => fact("supported", supported(meta(bytes).unwrap_or_default())),
            _ => {}
        }
        self.parts.push(Part::at(entry.name.clone(), range, role));
        Ok(())
    }
}

/// The length of the squashfs in a part that holds it and the tool's padding.
fn padded(part: &[u8]) -> Option<usize> {
    let len = usize::try_from(Superblock::probe(part)?.bytes_used).ok()?;
    let (_, padding) = part.split_at_checked(len)?;
    let tail = Tail {
        marks: marks(),
        end: End::Exact,
    };
    let candidate = crate::pad_rootfs::Candidate {
        marks: tail.marks.clone(),
        end: Some(tail.end),
    };
    let found = Tail::infer(len as u64, padding, &[candidate]).ok()?;
    (found == tail).then_some(len)
}

/// The size of `firmware`, when the partitions of kernel and root file system were reckoned from it.
fn shared(flash: &[Partition], kernel: u32) -> Option<u32> {
    let at = flash.iter().position(|p| p.kind() == KERNEL)?;
    let [os, fs] = flash.get(at..at + 2)? else {
        return None;
    };
    let reckoned = fs.kind() == ROOTFS && os.size == kernel && Some(fs.base) == behind(os);
    reckoned.then(|| fs.size.wrapping_add(fs.base))
}

fn foreign() -> Error {
    Error::Unsupported {
        what: "it is a SafeLoader image, but not as OpenWrt's tool makes them (TP-Link's own?)"
            .into(),
        cure: "Use OpenWrt's squashfs-sysupgrade or factory image for the device.",
    }
}
