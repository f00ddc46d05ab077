//! What kind of kernel an image begins with, and how long it is.

use std::fmt;

use super::read::Error;
use crate::vendor::wrgg;
use crate::{tplink, uimage};

/// A kind of kernel that says nothing of the bytes behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kernel {
    /// A legacy U-Boot image, both CRCs checked.
    Uimage {
        /// Its name.
        name: String,
    },
    /// A flattened image tree with its data inside.
    Fit,
    /// TP-Link's header of the first kind before a kernel alone.
    Tplink(tplink::Kind),
    /// Behind the header of D-Link's access points.
    Wrgg,
    /// A stream of the LZMA SDK's `lzma` tool.
    Lzma,
    /// A gzip stream.
    Gzip,
    /// A self-extracting ARM kernel.
    ArmZimage,
    /// A 64-bit ARM kernel.
    Arm64,
    /// An ELF file.
    Elf,
    /// A YAFFS file system with the kernel as a file in it, as MikroTik's boot loader reads it.
    Yaffs {
        /// The file's name.
        file: String,
    },
    /// A JFFS2 file system with the kernel in it, as some of Ubiquiti's boot loaders read it.
    Jffs2,
    /// A second-stage loader with the kernel it looks for (`OKLI`).
    Loader {
        /// Offset of the kernel's header.
        at: usize,
    },
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uimage { name } => write!(f, "uImage “{name}”"),
            Self::Fit => f.write_str("FIT"),
            Self::Tplink(tplink::Kind::V1) => f.write_str("TP-Link v1 kernel"),
            Self::Tplink(tplink::Kind::V2) => f.write_str("TP-Link v2 kernel"),
            Self::Wrgg => f.write_str("kernel with D-Link's wrgg header"),
            Self::Lzma => f.write_str("LZMA"),
            Self::Gzip => f.write_str("gzip"),
            Self::ArmZimage => f.write_str("ARM zImage"),
            Self::Arm64 => f.write_str("ARM64 Image"),
            Self::Elf => f.write_str("ELF"),
            Self::Yaffs { file } => write!(f, "YAFFS with the file “{file}”"),
            Self::Jffs2 => f.write_str("JFFS2"),
            Self::Loader { at } => write!(f, "loader with a kernel at offset {at}"),
        }
    }
}

/// The big-endian magic of a flattened device tree, and so of a FIT.
pub(crate) const FDT_MAGIC: [u8; 4] = [0xd0, 0x0d, 0xfe, 0xed];

/// What kind of kernel fills `head`, and the length that its own header states, if it has one.
///
/// # Errors
/// A damaged uImage, or a kind that is not known.
pub(crate) fn recognise(head: &[u8]) -> Result<(Kernel, Option<u64>), Error> {
    if uimage::looks_like(head) {
        return match uimage::parse(head) {
            Ok((header, data)) => {
                let len = (uimage::HEADER_LEN + data.len()) as u64;
                let name = header.name();
                Ok((Kernel::Uimage { name }, Some(len)))
            }
            Err(uimage::Error::Short { need, have }) => Err(Error::Covers {
                what: "uImage",
                need,
                have,
            }),
            Err(error) => Err(Error::Uimage(error)),
        };
    }
    if let (Some(len), Some(header)) = (tplink::kernel_len(head), tplink::Header::parse(head)) {
        return Ok((Kernel::Tplink(header.kind()), Some(len)));
    }
    if let Some(len) = wrgg::kernel_len(head) {
        return Ok((Kernel::Wrgg, Some(len)));
    }
    if head.starts_with(&FDT_MAGIC) {
        return fit(head);
    }
    let word = |at: usize| head.get(at..at + 4);
    let kind = if is_lzma(head) {
        Kernel::Lzma
    } else if head.starts_with(&[0x1f, 0x8b, 8]) {
        Kernel::Gzip
    } else if head.starts_with(b"\x7fELF") {
        Kernel::Elf
    } else if word(0x24) == Some(&[0x18, 0x28, 0x6f, 0x01]) {
        Kernel::ArmZimage
    } else if word(0x38) == Some(b"ARM\x64") {
        Kernel::Arm64
    } else if head.starts_with(&[0x19, 0x85, 0x20, 0x03])
        || head.starts_with(&[0x85, 0x19, 0x03, 0x20])
    {
        // The clean marker at the start of every erase block.
        Kernel::Jffs2
    } else if let Some(file) = yaffs(head) {
        Kernel::Yaffs { file }
    } else if let Some(at) = okli(head) {
        Kernel::Loader { at }
    } else {
        let first = head.iter().copied().take(8).collect();
        return Err(Error::UnknownKernel { first });
    };
    Ok((kind, None))
}

/// Properties byte, dictionary size, and a length that is either unknown or below 256 MiB.
fn is_lzma(head: &[u8]) -> bool {
    let Some([properties, d0, d1, d2, d3, length @ ..]) = head.first_chunk::<13>() else {
        return false;
    };
    let dictionary = u32::from_le_bytes([*d0, *d1, *d2, *d3]);
    let length = u64::from_le_bytes(*length);
    *properties < 9 * 5 * 5
        && dictionary >= 4096
        && dictionary.is_power_of_two()
        && (length == u64::MAX || (1..1 << 28).contains(&length))
}

/// A FIT must hold its data inside: with external data it states where the root file system lies.
fn fit(head: &[u8]) -> Result<(Kernel, Option<u64>), Error> {
    let field = |at: usize| {
        let bytes = head.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes) as usize)
    };
    let (Some(total), Some(strings), Some(strings_len)) = (field(4), field(12), field(32)) else {
        return Err(Error::UnknownKernel {
            first: head.to_vec(),
        });
    };
    if total > head.len() {
        return Err(Error::Covers {
            what: "FIT",
            need: total as u64,
            have: head.len() as u64,
        });
    }
    let strings = head.get(strings..strings.saturating_add(strings_len));
    let external = [b"data-offset".as_slice(), b"data-position"];
    let mut names = strings.unwrap_or_default().split(|b| *b == 0);
    if names.any(|name| external.contains(&name)) {
        return Err(Error::ExternalFit);
    }
    Ok((Kernel::Fit, Some(total as u64)))
}

/// The name of the file that a YAFFS made by OpenWrt's `yaffs-filesystem` begins with: the object header of a file in the
/// root folder, in either byte order. Its chunks say nothing of what stands behind it.
fn yaffs(head: &[u8]) -> Option<String> {
    let words = |one: [u8; 4]| head.starts_with(&one) && head.get(4..8) == Some(&one);
    let file_in_root = words([0, 0, 0, 1]) || words([1, 0, 0, 0]);
    let name = head.get(10..266)?.split(|b| *b == 0).next()?;
    let good = file_in_root && head.get(8..10) == Some(&[0xFF; 2]) && !name.is_empty();
    let name = std::str::from_utf8(name).ok()?;
    (good && name.bytes().all(|b| b.is_ascii_graphic())).then(|| name.to_owned())
}

/// The offset of an intact `OKLI` kernel inside `head`. Only the first places where one could be are looked at: a CRC over
/// megabytes for each of very many would take hours.
fn okli(head: &[u8]) -> Option<usize> {
    let magic = uimage::OKLI_MAGIC.to_be_bytes();
    head.windows(magic.len())
        .enumerate()
        .filter(|(_, window)| **window == magic)
        .map(|(at, _)| at)
        .take(16)
        .find(|at| uimage::parse(&head[*at..]).is_ok())
}
