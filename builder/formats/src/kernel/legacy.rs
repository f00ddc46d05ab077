//! U-Boot's old header and TP-Link's kernel headers.

use super::{Inner, Item, Kernel};
use crate::layer::{Check, be32};
use crate::{tplink, uimage};

/// Adds what a uImage header at the start of `bytes` says. `base` is where that is in the kernel.
pub(super) fn uimage(kernel: &mut Kernel, bytes: &[u8], base: usize) -> Option<Inner> {
    let header = uimage::Header::at(bytes)?;
    kernel.wrap(match header.magic {
        uimage::MAGIC => "uImage".to_owned(),
        uimage::OKLI_MAGIC => "OKLI kernel".to_owned(),
        magic => format!("uImage with magic {magic:08x}"),
    });
    let crc = header.expected_crc();
    let check = Check::number("CRC-32 of the header", base + 4, header.header_crc, crc);
    kernel.checks.push(check);
    let size = header.size as usize;
    let data = bytes.get(uimage::HEADER_LEN..).unwrap_or_default();
    match data.get(..size) {
        Some(data) => {
            let crc = crc32fast::hash(data);
            let check = Check::number("CRC-32 of the data", base + 24, header.data_crc, crc);
            kernel.checks.push(check);
        }
        None => kernel.fact(
            "cut off",
            format!("the header states {size} bytes, {} are there", data.len()),
        ),
    }
    kernel.arch = kernel.arch.take().or(cpu(header.arch).map(str::to_owned));
    kernel.load = kernel.load.or(Some(header.load.into()));
    kernel.entry = kernel.entry.or(Some(header.entry.into()));
    kernel.time = kernel.time.or(Some(header.time));
    kernel.named(&header.name());
    if header.kind != 2 && header.kind != 4 {
        kernel.fact("kind", kind(header.kind));
    }
    let mut offset = uimage::HEADER_LEN;
    if header.kind == 4 {
        offset += multi(kernel, bytes, base)?;
    }
    if header.compression == 0 {
        return Some(Inner::At(offset));
    }
    kernel.wrap(compression(header.compression));
    Some(Inner::End)
}

/// The parts of a multi-file image: their lengths, a zero, and the parts, each padded to four bytes. Gives the first one's offset.
fn multi(kernel: &mut Kernel, bytes: &[u8], base: usize) -> Option<usize> {
    let mut lens = Vec::new();
    let mut at = uimage::HEADER_LEN;
    loop {
        let len = be32(bytes, at)?;
        at += 4;
        if len == 0 {
            break;
        }
        lens.push(len);
        if lens.len() > 16 {
            return None;
        }
    }
    let first = at - uimage::HEADER_LEN;
    for (number, len) in lens.iter().enumerate() {
        kernel.items.push(Item {
            name: format!("file {number}"),
            kind: String::new(),
            at: Some((base + at) as u64),
            len: u64::from(*len),
            compression: None,
        });
        at = at.checked_add((*len as usize).next_multiple_of(4))?;
    }
    Some(first)
}

/// Adds what a TP-Link header before a kernel alone says.
///
/// ```text
///        version 1                version 2
/// 0x74   load address      0x68   load address
/// 0x78   entry point       0x6c   entry point
/// ```
pub(super) fn tplink(kernel: &mut Kernel, bytes: &[u8]) -> Option<Inner> {
    let header = tplink::Header::parse(bytes).filter(tplink::Header::is_kernel_only)?;
    let (name, load) = match header.kind() {
        tplink::Kind::V1 => ("TP-Link v1 kernel header", 0x74),
        tplink::Kind::V2 => ("TP-Link v2 kernel header", 0x68),
    };
    kernel.wrap(name);
    kernel.load = kernel.load.or(be32(bytes, load).map(u64::from));
    kernel.entry = kernel.entry.or(be32(bytes, load + 4).map(u64::from));
    Some(Inner::At(tplink::HEADER_LEN))
}

fn cpu(number: u8) -> Option<&'static str> {
    Some(match number {
        2 => "arm",
        3 => "x86",
        5 => "mips",
        6 => "mips64",
        7 => "powerpc",
        22 => "arm64",
        24 => "x86_64",
        26 => "riscv",
        _ => return None,
    })
}

fn compression(number: u8) -> String {
    match number {
        1 => "gzip".into(),
        2 => "bzip2".into(),
        3 => "LZMA".into(),
        4 => "LZO".into(),
        5 => "LZ4".into(),
        6 => "zstd".into(),
        other => format!("compression {other}"),
    }
}

fn kind(number: u8) -> String {
    match number {
        1 => "standalone program".into(),
        3 => "ramdisk".into(),
        5 => "firmware".into(),
        6 => "script".into(),
        7 => "file system".into(),
        8 => "device tree".into(),
        other => format!("number {other}"),
    }
}
