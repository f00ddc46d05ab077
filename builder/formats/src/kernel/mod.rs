//! What a kernel says of itself: its headers, CPU, load address, Linux version and device tree.
//!
//! Nothing is decompressed, so this is quick and tells only what stands in the clear: in a legacy uImage header, the nodes of a
//! FIT, TP-Link's kernel headers, an OKLI loader's inner header, the heads of LZMA, gzip, zImage, ARM64, RISC-V, x86 and ELF
//! kernels, and in device trees that lie uncompressed in or behind them.
//!
//! Sources of the layouts: U-Boot's `include/image.h` and `doc/uImage.FIT`, firmware-utils' `mktplinkfw.c` and
//! `mktplinkfw2.c`, Linux's `Documentation/arch/{arm,arm64,riscv,x86}` on booting, the Devicetree Specification.

mod bare;
mod fdt;
mod fit;
mod legacy;
mod version;

pub(crate) use fdt::Fdt;
pub use version::linux_version;

use crate::layer::{Check, Fact};

/// How many headers may lie in each other.
const MAX_DEPTH: usize = 6;

/// What a kernel says of itself. What it does not say is empty or `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kernel {
    /// The headers, loaders and compressions around it, outermost first: `uImage`, `LZMA`.
    pub wrapping: Vec<String>,
    /// The CPU, as Linux's `arch/` calls it, with its byte order where that is told.
    pub arch: Option<String>,
    /// The name or description in the outermost header that has one.
    pub name: Option<String>,
    /// The version of Linux, `6.6.73`.
    pub linux: Option<String>,
    /// Where the boot loader puts it in memory.
    pub load: Option<u64>,
    /// Where the boot loader begins to run it.
    pub entry: Option<u64>,
    /// When the header was made, seconds since 1970.
    pub time: Option<u32>,
    /// The `compatible` names of the device trees that stand in the clear, most specific first, each once.
    pub compatible: Vec<String>,
    /// The size of the flash partition for whole images (`firmware`) by the device tree, bytes.
    pub firmware: Option<u64>,
    /// The parts of a FIT or multi-file image.
    pub items: Vec<Item>,
    /// The checksums, with offsets from the kernel's first byte.
    pub checks: Vec<Check>,
    /// What else it states.
    pub facts: Vec<Fact>,
}

/// One part of a FIT or multi-file image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// Its node's name.
    pub name: String,
    /// `kernel`, `flat_dt`, `ramdisk`, `filesystem`.
    pub kind: String,
    /// Where its bytes begin, counted from the kernel's first byte; `None` when they are not there.
    pub at: Option<u64>,
    /// Its length in bytes.
    pub len: u64,
    /// How it is compressed: `none`, `lzma`.
    pub compression: Option<String>,
}

/// Describes the kernel that `bytes` begin with. Never fails: bytes that are no known kind of kernel give no `wrapping`.
pub fn describe(bytes: &[u8]) -> Kernel {
    let mut kernel = Kernel::default();
    look(&mut kernel, bytes, 0, 0);
    if kernel.compatible.is_empty()
        && let Some(tree) = appended(bytes)
    {
        kernel.device_tree(&tree);
    }
    kernel
}

/// Adds what the bytes of `image` from `at` on say. Asks the kinds with a header of their own first.
fn look(kernel: &mut Kernel, image: &[u8], at: usize, depth: usize) {
    let bytes = image.get(at..).unwrap_or_default();
    if depth >= MAX_DEPTH || bytes.is_empty() {
        return;
    }
    let inner = legacy::uimage(kernel, bytes, at)
        .or_else(|| legacy::tplink(kernel, bytes))
        .or_else(|| fit::look(kernel, bytes, at));
    match inner {
        Some(Inner::At(offset)) => look(kernel, image, at + offset, depth + 1),
        Some(Inner::End) => {}
        None => {
            if let Some(offset) = bare::look(kernel, bytes) {
                look(kernel, image, at + offset, depth + 1);
            }
        }
    }
}

/// What is behind a header.
enum Inner {
    /// Something to look at, this many bytes from the header's first.
    At(usize),
    /// Nothing that stands in the clear.
    End,
}

impl Kernel {
    fn wrap(&mut self, what: impl Into<String>) {
        self.wrapping.push(what.into());
    }

    /// A name or description, which often tells the version of Linux.
    fn named(&mut self, name: &str) {
        let name = name.trim();
        if name.is_empty() {
            return;
        }
        if self.linux.is_none() {
            self.linux = linux_version(name.as_bytes());
        }
        self.name.get_or_insert_with(|| name.to_owned());
    }

    /// The names in the root of a device tree.
    fn device_tree(&mut self, tree: &Fdt<'_>) {
        for name in tree.compatible() {
            if !self.compatible.contains(&name) {
                self.compatible.push(name);
            }
        }
        self.firmware = self.firmware.or_else(|| tree.firmware());
    }

    fn fact(&mut self, name: &'static str, value: impl ToString) {
        let value = value.to_string();
        self.facts.push(Fact { name, value });
    }
}

/// The first device tree with names that lies somewhere in `bytes`, uncompressed.
fn appended(bytes: &[u8]) -> Option<Fdt<'_>> {
    let mut from = 0;
    // A magic number that comes up by chance is no device tree; some hundred chances are enough.
    for _ in 0..256 {
        let at = find(bytes, &fdt::MAGIC, from)?;
        match Fdt::parse(&bytes[at..]) {
            Some(tree) if !tree.compatible().is_empty() => return Some(tree),
            Some(tree) => from = at + tree.len(),
            None => from = at + 4,
        }
    }
    None
}

/// Where `needle` next begins at or behind `from`.
fn find(bytes: &[u8], needle: &[u8; 4], from: usize) -> Option<usize> {
    let tail = bytes.get(from..)?;
    tail.windows(needle.len())
        .position(|window| window == needle)
        .map(|at| from + at)
}

#[cfg(test)]
mod tests;
