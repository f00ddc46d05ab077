//! The fwtool trailer: chunks of metadata and signature behind a sysupgrade image.
//!
//! ```text
//! image ‖ [8-byte header ‖ JSON ‖ trailer] ‖ [ucert ‖ trailer]
//! ```
//!
//! A trailer is 16 bytes, big endian, and its CRC covers every byte of the file before it, so the chain
//! is read backwards from the end of the file. Source of the format: OpenWrt's fwtool (`fwimage.h`).

mod format;
#[cfg(feature = "container")]
mod layer;
mod metadata;
mod read;
mod write;

pub use format::{MAX_METADATA, MAX_SIGNATURE};
#[cfg(feature = "container")]
pub use layer::{KIND, Layout};
pub use metadata::{Metadata, MetadataError, NewMetadata, Version};
pub use read::{Chunk, Error, Split, split};
pub use write::append;

#[cfg(test)]
mod tests;
