//! The legacy U-Boot image header: 64 bytes before a kernel.
//!
//! All numbers are big endian. Source of the format: U-Boot's `include/image.h`.

mod format;
mod read;
mod write;

pub use format::{HEADER_LEN, Header, MAGIC, OKLI_MAGIC};
pub use read::{Error, looks_like, parse};
pub use write::{NewHeader, wrap};

#[cfg(test)]
mod tests;
