//! tar archives as trees: root file systems come as `rootfs.tar.gz` too.
//!
//! Reads ustar, GNU (long names, sparse files) and pax (long names, large numbers, extended attributes, sparse
//! files of versions 0.1 and 1.0), plain or compressed with gzip, xz or zstd. Writes GNU tar with pax records for
//! extended attributes; the same tree always gives the same bytes.

pub mod gnu;
mod pax;
mod read;
mod sparse;
mod write;

pub use read::{Error, read};
pub use write::write;

#[cfg(test)]
mod tests;
