//! An image compressed as gzip, as those for SD cards and eMMC are.
//!
//! ```text
//! 0   1F 8B 08       gzip, DEFLATE
//! 3   flags          1 text, 2 header CRC, 4 extra field, 8 file name, 10h comment
//! 4   mtime          seconds since 1970, 32 bits
//! 8   effort         2 the highest, 4 the lowest, 0 between
//! 9   system         3 Unix; 255 unknown
//! 10  [length, extra field] [file name, NUL] [comment, NUL] [header CRC, 16 bits]
//!     DEFLATE stream
//!     CRC-32 of the content, its length modulo 2^32, 32 bits each
//! ```
//!
//! All numbers are little endian. The header stays as it is, whose effort and system tell the program: OpenWrt's verb
//! `gzip` is GNU gzip's `gzip -9n` (Unix), `gzip-filename` the same with name and time, and `libdeflate-gzip` is libdeflate's
//! at level 12 (unknown). Both streams are made to the bit.
//!
//! Source of the format: RFC 1952.

pub mod deflate;
#[cfg(feature = "container")]
mod header;
#[cfg(feature = "container")]
mod inflate;
#[cfg(feature = "container")]
mod layer;
mod write;

#[cfg(feature = "container")]
pub use header::{Header, Program};
#[cfg(feature = "container")]
pub(crate) use inflate::{MAX_LEN, inflate};
#[cfg(feature = "container")]
pub use layer::Layout;
pub use write::gzip;

#[cfg(test)]
#[cfg(feature = "container")]
mod tests;
