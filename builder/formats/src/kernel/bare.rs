//! Kernels without a boot loader's header: compressed, self-extracting, or as they run.

use super::version::version;
use super::{Kernel, find, linux_version};
use crate::layer::{be16, be32, le16, le32, le64};
use crate::uimage;

/// Adds what the kernel at the start of `bytes` says; gives the offset of a kernel inside it that has a header.
pub(super) fn look(kernel: &mut Kernel, bytes: &[u8]) -> Option<usize> {
    let at = |offset: usize, magic: &[u8]| {
        bytes
            .get(offset..)
            .is_some_and(|tail| tail.starts_with(magic))
    };
    if at(0, &[0x1f, 0x8b, 8]) {
        kernel.wrap("gzip");
    } else if at(0, b"\x7fELF") {
        elf(kernel, bytes);
    } else if at(0x24, &[0x18, 0x28, 0x6f, 0x01]) {
        kernel.wrap("zImage");
        kernel.arch.get_or_insert_with(|| "arm".into());
        return device_tree_behind(bytes);
    } else if at(0x24, &[0x01, 0x6f, 0x28, 0x18]) {
        kernel.wrap("zImage");
        kernel.arch.get_or_insert_with(|| "arm, big endian".into());
    } else if at(0x38, b"ARM\x64") {
        kernel.wrap("Image");
        kernel.arch.get_or_insert_with(|| "arm64".into());
        size(kernel, le64(bytes, 0x10));
        banner(kernel, bytes);
    } else if at(0x38, b"RSC\x05") {
        kernel.wrap("Image");
        kernel.arch.get_or_insert_with(|| "riscv".into());
        size(kernel, le64(bytes, 0x10));
        banner(kernel, bytes);
    } else if at(0x202, b"HdrS") {
        kernel.wrap("bzImage");
        kernel.arch.get_or_insert_with(|| "x86".into());
        let name = le16(bytes, 0x20e).map(|at| usize::from(at) + 0x200);
        let name = name.and_then(|at| bytes.get(at..));
        kernel.linux = kernel.linux.take().or_else(|| version(name?));
    } else if at(0, &[0xfd, b'7', b'z', b'X', b'Z', 0]) {
        kernel.wrap("xz");
    } else if at(0, &[0x28, 0xb5, 0x2f, 0xfd]) {
        kernel.wrap("zstd");
    } else if at(0, b"BZh") {
        kernel.wrap("bzip2");
    } else if at(0, &[0x02, 0x21, 0x4c, 0x18]) {
        kernel.wrap("LZ4");
    } else if at(0, &[0x89, b'L', b'Z', b'O', 0]) {
        kernel.wrap("LZO");
    } else if at(0, b"ANDROID!") {
        kernel.wrap("Android boot image");
        kernel.load = kernel.load.or(le32(bytes, 12).map(u64::from));
        let page = le32(bytes, 36).filter(|page| (2048..=65536).contains(page))?;
        return Some(page as usize);
    } else if let Some(len) = lzma(bytes) {
        kernel.wrap("LZMA");
        size(kernel, len);
    } else {
        return okli(kernel, bytes);
    }
    None
}

/// Whether an LZMA stream of the SDK's `lzma` tool begins here, and the length it states.
///
/// ```text
/// 0  properties, (pb * 5 + lp) * 9 + lc     1  dictionary size, 32 bits     5  length, 64 bits, all ones when not known
/// ```
pub(crate) fn lzma(bytes: &[u8]) -> Option<Option<u64>> {
    let properties = *bytes.first()?;
    let (dictionary, length) = (le32(bytes, 1)?, le64(bytes, 5)?);
    let stated = (length != u64::MAX).then_some(length);
    let good = properties < 9 * 5 * 5
        && dictionary >= 4096
        && dictionary.is_power_of_two()
        && stated.is_none_or(|len| (1..1 << 28).contains(&len));
    good.then_some(stated)
}

fn size(kernel: &mut Kernel, len: Option<u64>) {
    if let Some(len) = len.filter(|len| *len > 0) {
        kernel.fact("unpacked", format!("{len} bytes"));
    }
}

/// The version in the text that an uncompressed kernel prints first.
fn banner(kernel: &mut Kernel, bytes: &[u8]) {
    if kernel.linux.is_none() {
        kernel.linux = linux_version(bytes);
    }
}

/// The offset of a device tree behind a zImage, whose length is at 0x2c.
fn device_tree_behind(bytes: &[u8]) -> Option<usize> {
    let (start, end) = (le32(bytes, 0x28)?, le32(bytes, 0x2c)?);
    let len = end.checked_sub(start)? as usize;
    let tail = bytes.get(len..)?;
    tail.starts_with(&super::fdt::MAGIC).then_some(len)
}

/// ```text
/// 4  class (1: 32 bits, 2: 64)     5  byte order (1: little, 2: big)     0x12  machine     0x18  entry point
/// ```
fn elf(kernel: &mut Kernel, bytes: &[u8]) {
    kernel.wrap("ELF");
    let big = bytes.get(5) == Some(&2);
    let wide = bytes.get(4) == Some(&2);
    let machine = if big {
        be16(bytes, 0x12)
    } else {
        le16(bytes, 0x12)
    };
    let cpu = match machine {
        Some(3) => "x86",
        Some(8) => "mips",
        Some(20) => "powerpc",
        Some(40) => "arm",
        Some(62) => "x86_64",
        Some(183) => "arm64",
        Some(243) => "riscv",
        _ => return,
    };
    let order = if big { "big" } else { "little" };
    kernel
        .arch
        .get_or_insert_with(|| format!("{cpu}, {order} endian"));
    let entry = match (wide, big) {
        (false, true) => be32(bytes, 0x18).map(u64::from),
        (false, false) => le32(bytes, 0x18).map(u64::from),
        (true, true) => crate::layer::be64(bytes, 0x18),
        (true, false) => le64(bytes, 0x18),
    };
    kernel.entry = kernel.entry.or(entry);
    banner(kernel, bytes);
}

/// The offset of the kernel that a second-stage loader before it looks for.
fn okli(kernel: &mut Kernel, bytes: &[u8]) -> Option<usize> {
    let magic = uimage::OKLI_MAGIC.to_be_bytes();
    let mut from = 0;
    while let Some(at) = find(bytes, &magic, from) {
        let header = uimage::Header::at(&bytes[at..]);
        if at > 0 && header.is_some_and(|header| header.header_crc == header.expected_crc()) {
            kernel.wrap("loader");
            return Some(at);
        }
        from = at + 4;
    }
    None
}
