//! TP-Link's image headers of the first and second kind: 512 bytes that state lengths and an MD5 of the whole image.
//!
//! ```text
//! header (0x200) ‖ kernel ‖ 0xFF to an alignment ‖ squashfs ‖ overlay markers ‖ [0xFF to the partition's length]
//! ```
//!
//! A sysupgrade image ends behind its last marker, a factory image fills the firmware partition. The same header also
//! stands before a kernel alone, with nothing in it that depends on the root file system.
//! Source of the format: firmware-utils' `mktplinkfw.c`, `mktplinkfw2.c` and `mktplinkfw-lib.c`.

mod format;
mod layer;
mod read;
mod write;

pub use format::{HEADER_LEN, Header, Kind};
pub use read::{Error, Layout, Opened, is_image, kernel_len, open};

#[cfg(test)]
mod tests;
