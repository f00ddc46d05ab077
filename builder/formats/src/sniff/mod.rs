//! What some bytes look like, for parts of an image that are kept as they are and for files of no known kind.
//!
//! A guess for people, by magic numbers and by how the bytes are distributed: nothing is opened or put together on the word of it.

mod filesystem;
mod magic;

use std::fmt;

use crate::kernel;

/// What some bytes look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// A stable word for machines: `jffs2`, `erased`, `text`, `unknown`.
    pub kind: &'static str,
    /// The same for people, with what more can be told: `FAT file system “boot”`.
    pub text: String,
}

impl Guess {
    fn new(kind: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { kind, text }
    }

    /// Whether it is more than a guess at how the bytes are distributed.
    pub fn is_known(&self) -> bool {
        !matches!(self.kind, "unknown" | "noise")
    }
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What `bytes` look like.
pub fn sniff(bytes: &[u8]) -> Guess {
    filling(bytes)
        .or_else(|| filesystem::guess(bytes))
        .or_else(|| magic::guess(bytes))
        .or_else(|| kernel_of(bytes))
        .or_else(|| magic::boot_loader(bytes))
        .or_else(|| text(bytes))
        .unwrap_or_else(|| unknown(bytes))
}

/// Nothing, or padding: erased flash, zeros, one byte again and again, with or without an overlay marker.
fn filling(bytes: &[u8]) -> Option<Guess> {
    const MARK: [u8; 4] = [0xde, 0xad, 0xc0, 0xde];
    let Some(first) = bytes.first() else {
        return Some(Guess::new("empty", "empty"));
    };
    let all = |bytes: &[u8], value: u8| bytes.iter().all(|b| *b == value);
    if all(bytes, *first) {
        return Some(match first {
            0xFF => Guess::new("erased", "erased flash (0xFF)"),
            0 => Guess::new("zeros", "zeros"),
            value => Guess::new("padding", format!("nothing but 0x{value:02x}")),
        });
    }
    if bytes.iter().all(|b| matches!(b, 0 | 0xFF)) {
        return Some(Guess::new("padding", "zeros and erased flash (0xFF)"));
    }
    let marks = bytes.windows(4).filter(|window| *window == MARK).count();
    let rest = |b: &u8| *b == 0xFF || *b == 0 || MARK.contains(b);
    (marks > 0 && bytes.iter().all(rest)).then(|| {
        Guess::new(
            "overlay-marker",
            "padding with the marker “begin of the overlay” (deadc0de)",
        )
    })
}

fn kernel_of(bytes: &[u8]) -> Option<Guess> {
    let kernel = kernel::describe(bytes.get(..bytes.len().min(4096))?);
    let first = kernel.wrapping.first()?;
    let mut text = first.clone();
    if let Some(name) = kernel.name {
        text += &format!(" “{name}”");
    }
    let kind = match first.as_str() {
        "FIT" => "fit",
        "device tree" => "device-tree",
        "gzip" => "gzip",
        "LZMA" => "lzma",
        "xz" => "xz",
        "zstd" => "zstd",
        "bzip2" => "bzip2",
        "ELF" => "elf",
        name if name.starts_with("uImage") => "uimage",
        _ => "kernel",
    };
    Some(Guess::new(kind, text))
}

fn text(bytes: &[u8]) -> Option<Guess> {
    let head = &bytes[..bytes.len().min(4096)];
    // Padding behind a text, as in a U-Boot environment, does not make it less of one.
    let end = head.iter().rposition(|b| !matches!(b, 0 | 0xFF))? + 1;
    let head = &head[..end];
    let good = |b: &u8| matches!(b, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..);
    let valid = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && error.valid_up_to() > 0,
    };
    if !valid || !head.iter().all(good) {
        return None;
    }
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let line: String = String::from_utf8_lossy(line).chars().take(40).collect();
    Some(Guess::new("text", format!("text “{}”", line.trim())))
}

/// How the bytes are distributed, and the first of them behind zeros or erased flash.
fn unknown(bytes: &[u8]) -> Guess {
    let start = bytes.first().copied().unwrap_or_default();
    let lead = match start {
        0 | 0xFF => bytes.iter().take_while(|b| **b == start).count(),
        _ => 0,
    };
    // A few such bytes are part of a number.
    let (before, rest) = match lead {
        0..16 => (String::new(), bytes),
        _ => (
            format!("{lead} bytes of 0x{start:02x}, then "),
            &bytes[lead..],
        ),
    };
    let first: Vec<String> = rest.iter().take(8).map(|b| format!("{b:02x}")).collect();
    let first = format!("unknown; begins with {before}{}", first.join(" "));
    if rest.len() >= 4096 && bits_per_byte(&rest[..rest.len().min(64 << 10)]) > 7.9 {
        return Guess::new(
            "noise",
            format!("{first}, and looks compressed or encrypted"),
        );
    }
    Guess::new("unknown", first)
}

/// The entropy of single bytes: 8 for noise, some 5 for text and machine code.
fn bits_per_byte(bytes: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let total = bytes.len() as f64;
    let share = |count: &u32| {
        let share = f64::from(*count) / total;
        if *count == 0 {
            0.0
        } else {
            -share * share.log2()
        }
    };
    counts.iter().map(share).sum()
}

#[cfg(test)]
mod tests;
