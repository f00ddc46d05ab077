//! All that can be told of an image without unpacking it.

use openwrt_formats::container::{self, Content, Layout, Slot};
use openwrt_formats::fwtool::{Chunk, Metadata};
use openwrt_formats::kernel::{self, Kernel};
use openwrt_formats::squashfs::{Browser, Compressor};
use serde::Serialize;

use super::Image;
use super::map::{self, Region};
use super::nesting::{self, Check, Part, Said};
use super::rootfs::{self, Rootfs};
use super::software::{self, Software};

/// What an image is.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The file.
    pub file: String,
    /// Its length in bytes.
    pub size: u64,
    /// The nesting of its containers.
    pub container: Part,
    /// What lies where.
    pub flash_map: Vec<Region>,
    /// The part that the map is of, when the file is compressed as a whole; `None` when it is of the file.
    pub flash_map_of: Option<String>,
    /// The kernels in it, each once.
    pub kernels: Vec<KernelReport>,
    /// Its root file system.
    pub rootfs: Option<RootfsReport>,
    /// The metadata and signatures behind it.
    pub trailer: Option<Trailer>,
    /// What is wrong or not known, as sentences.
    pub remarks: Vec<String>,
}

/// A kernel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KernelReport {
    /// Where it begins in the file, if it lies there as it is.
    pub at: Option<u64>,
    /// Its length in bytes, headers and padding included.
    pub size: u64,
    /// The headers and compressions around it, outermost first.
    pub wrapping: Vec<String>,
    /// The CPU.
    pub arch: Option<String>,
    /// The name in its header.
    pub name: Option<String>,
    /// The version of Linux.
    pub linux: Option<String>,
    /// Where it is loaded, and where it begins to run.
    pub load: Option<u64>,
    /// Where it begins to run.
    pub entry: Option<u64>,
    /// When its header was made, seconds since 1970.
    pub time: Option<u32>,
    /// The names of the device in its device tree.
    pub compatible: Vec<String>,
    /// The parts of a FIT: name and kind.
    pub items: Vec<String>,
    /// Its checksums.
    pub checks: Vec<Check>,
    /// What else it states.
    pub facts: Vec<Said>,
}

/// A root file system.
#[derive(Debug, Clone, Serialize)]
pub struct RootfsReport {
    /// Where it begins in the file, if it lies there as it is.
    pub at: Option<u64>,
    /// Its length in bytes, without padding.
    pub size: u64,
    /// Always `squashfs` today.
    pub kind: &'static str,
    /// Its compression, with settings.
    pub compression: String,
    /// Bytes per block before compression.
    pub block_size: u32,
    /// When it was made, seconds since 1970.
    pub time: u32,
    /// How many files, folders and links it has.
    pub inodes: Option<u32>,
    /// What is installed in it; `None` when it cannot be read.
    pub software: Option<Software>,
}

/// What stands behind an image for sysupgrade.
#[derive(Debug, Clone, Serialize)]
pub struct Trailer {
    /// The devices it is for.
    pub supported_devices: Vec<String>,
    /// The compatibility of the configuration, `1.0` unless it changed.
    pub compat_version: Option<String>,
    /// What to tell who has another one.
    pub compat_message: Option<String>,
    /// What it was built from: `dist`, `version`, `revision`, `target`, `board`; empty ones left out.
    pub version: Vec<Said>,
    /// Its signatures.
    pub signatures: Vec<Signature>,
}

/// A signature.
#[derive(Debug, Clone, Serialize)]
pub struct Signature {
    /// Its length in bytes.
    pub size: u64,
    /// The comments in it, which name the keys.
    pub comments: Vec<String>,
}

/// Tells all that can be told without unpacking. Never fails: what cannot be told is among the remarks.
pub fn inspect(image: &Image) -> Report {
    let root = image.survey();
    let container = Part::of(&root);
    let mut remarks = Vec::new();
    for part in container.walk() {
        let bad = part.checks.iter().filter(|check| !check.ok);
        remarks.extend(bad.map(|check| {
            let (what, stored, computed) = (&check.what, &check.stored, &check.computed);
            let of = if part.kind == "kernel" {
                "kernel"
            } else {
                part.text.as_str()
            };
            format!("damaged: the {of} states that its {what} is {stored}, but it is {computed}")
        }));
    }
    let rootfs = rootfs::find(&root).unwrap_or_else(|error| {
        remarks.push(error.to_string());
        None
    });
    if !matches!(root.content, Content::Layer(_) | Content::Rootfs(_)) {
        match container::open(image.bytes.clone()) {
            Err(error @ container::Error::Unsupported { .. }) => remarks.push(error.to_string()),
            _ if root.problem.is_some() => {}
            _ => remarks.push(format!(
                "no known container: it looks like {}",
                container.text
            )),
        }
    }
    let rootfs_report = rootfs
        .as_ref()
        .map(|rootfs| of_rootfs(rootfs, &mut remarks));
    if rootfs.is_none() {
        remarks.push("no squashfs 4.0 file system was found in it".to_owned());
    }
    if rootfs.as_ref().is_some_and(|rootfs| rootfs.searched) {
        remarks.push(
            "its root file system was found by searching; what is around it is not known"
                .to_owned(),
        );
    }
    remarks.dedup();
    let (flash_map_of, flash_map) = flash_map(&root, rootfs.as_ref(), 0);
    Report {
        file: image.name.clone(),
        size: image.bytes.len() as u64,
        flash_map,
        flash_map_of,
        kernels: kernels(&root, rootfs.as_ref(), rootfs_report.as_ref()),
        trailer: trailer(&root),
        container,
        rootfs: rootfs_report,
        remarks,
    }
}

/// The map of the file, or of what is in it when it is compressed as a whole.
fn flash_map(root: &Slot, rootfs: Option<&Rootfs>, depth: usize) -> (Option<String>, Vec<Region>) {
    if let [inside] = root.slots()
        && inside.at.is_none()
        // There are files that unpack to themselves.
        && depth < 4
    {
        // Once more, so that offsets count from where it begins.
        let inner = Slot::survey(inside.bytes.clone());
        let rootfs = rootfs::find(&inner).ok().flatten();
        let (of, map) = flash_map(&inner, rootfs.as_ref(), depth + 1);
        return (Some(of.unwrap_or_else(|| inside.name.to_string())), map);
    }
    (None, map::regions(root, rootfs))
}

/// The kernels of the known parts; else the one before a root file system that was found by searching, or that the file is.
fn kernels(
    root: &Slot,
    rootfs: Option<&Rootfs>,
    report: Option<&RootfsReport>,
) -> Vec<KernelReport> {
    let mut seen: Vec<(Option<u64>, &[u8])> = Vec::new();
    let slots = root.walk();
    for slot in &slots {
        let known = slot.content == Content::Kernel && !slot.bytes.is_empty();
        if known && seen.iter().all(|(_, bytes)| *bytes != slot.bytes) {
            seen.push((slot.at, &slot.bytes));
        }
    }
    if seen.is_empty() && root.slots().is_empty() {
        let end = rootfs.and_then(|rootfs| rootfs.at).map(|at| at as usize);
        let head = root.bytes.get(..end.unwrap_or(root.bytes.len()));
        seen.push((Some(0), head.unwrap_or_default()));
    }
    let modules = report.and_then(|report| report.software.as_ref()?.modules.first());
    let in_container = root.layer().is_some();
    seen.into_iter()
        .map(|(at, bytes)| (at, bytes, kernel::describe(bytes)))
        .filter(|(.., kernel)| in_container || is_one(kernel))
        .map(|(at, bytes, kernel)| {
            let mut report = of_kernel(kernel, at, bytes.len() as u64);
            // A kernel that does not say so is of the version its modules are for.
            report.linux = report.linux.or(modules.cloned());
            report
        })
        .collect()
}

/// Whether something that no format calls a kernel is one: programs and archives begin as some kernels do.
fn is_one(kernel: &Kernel) -> bool {
    kernel.linux.is_some()
        || kernel.load.is_some()
        || (kernel.arch.is_some() && kernel.wrapping != ["ELF"])
}

fn of_kernel(kernel: Kernel, at: Option<u64>, size: u64) -> KernelReport {
    let item = |item: &kernel::Item| format!("{} ({})", item.name, item.kind);
    KernelReport {
        at,
        size,
        checks: nesting::kernel_checks(&kernel, at),
        items: kernel.items.iter().map(item).collect(),
        facts: kernel.facts.iter().map(Said::from).collect(),
        wrapping: kernel.wrapping,
        arch: kernel.arch,
        name: kernel.name,
        linux: kernel.linux,
        load: kernel.load,
        entry: kernel.entry,
        time: kernel.time,
        compatible: kernel.compatible,
    }
}

fn of_rootfs(rootfs: &Rootfs, remarks: &mut Vec<String>) -> RootfsReport {
    let superblock = rootfs.superblock;
    let mut report = RootfsReport {
        at: rootfs.at,
        size: superblock.bytes_used,
        kind: "squashfs",
        compression: compressor_name(superblock.compressor).to_owned(),
        block_size: superblock.block_size,
        time: superblock.time,
        inodes: None,
        software: None,
    };
    let read = Browser::open(&rootfs.bytes).and_then(|mut browser| {
        report.compression = compression(&browser.info().compressor);
        report.inodes = Some(browser.info().inodes);
        software::read(&mut browser)
    });
    match read {
        Ok(software) => report.software = Some(software),
        Err(error) => remarks.push(format!("what is installed cannot be told: {error}")),
    }
    report
}

fn compression(compressor: &Compressor) -> String {
    match compressor {
        Compressor::Gzip { level, .. } => format!("gzip, level {level}"),
        Compressor::Zstd { level } => format!("zstd, level {level}"),
        Compressor::Xz { bcj, .. } if bcj.is_empty() => "xz".to_owned(),
        Compressor::Xz { bcj, .. } => {
            let filters: Vec<_> = bcj.iter().map(|filter| format!("{filter:?}")).collect();
            format!("xz, filters {}", filters.join(", "))
        }
    }
}

fn compressor_name(number: u16) -> &'static str {
    match number {
        1 => "gzip",
        2 => "lzma",
        3 => "lzo",
        4 => "xz",
        5 => "lz4",
        6 => "zstd",
        _ => "unknown",
    }
}

fn trailer(root: &Slot) -> Option<Trailer> {
    let slots = root.walk();
    let chunks = slots.iter().find_map(|slot| match &slot.layer()?.layout {
        Layout::Trailer(trailer) => Some(&trailer.chunks),
        _ => None,
    })?;
    let text = chunks.iter().find_map(|chunk| match chunk {
        Chunk::Metadata { text, .. } => Some(text),
        Chunk::Signature(_) => None,
    });
    let metadata = text.and_then(|text| Metadata::parse(text).ok());
    let signatures = chunks.iter().filter_map(|chunk| match chunk {
        Chunk::Signature(data) => Some(Signature {
            size: data.len() as u64,
            comments: comments(data),
        }),
        Chunk::Metadata { .. } => None,
    });
    let version = metadata.as_ref().map(|metadata| &metadata.version);
    let version = version.map_or_else(Vec::new, |version| {
        let fields = [
            ("dist", &version.dist),
            ("version", &version.version),
            ("revision", &version.revision),
            ("target", &version.target),
            ("board", &version.board),
        ];
        let fields = fields.iter().filter(|(_, value)| !value.is_empty());
        fields
            .map(|(name, value)| Said {
                name: (*name).to_owned(),
                value: (*value).clone(),
            })
            .collect()
    });
    Some(Trailer {
        supported_devices: metadata
            .as_ref()
            .map_or_else(Vec::new, |metadata| metadata.device_ids().to_vec()),
        compat_version: metadata.as_ref().map(|m| m.compat_version.clone()),
        compat_message: metadata.and_then(|m| m.compat_message),
        version,
        signatures: signatures.collect(),
    })
}

/// The `untrusted comment:` lines of usign in a ucert chain.
fn comments(data: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split("untrusted comment: ").skip(1);
    let mut comments: Vec<String> = Vec::new();
    for line in lines.by_ref().filter_map(|rest| rest.lines().next()) {
        comments.push(line.chars().take(80).collect());
    }
    comments
}
