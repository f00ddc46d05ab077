//! The plain kind: a kernel, a squashfs behind it, padding. Nothing in it states where what is.
//!
//! ```text
//! kernel ‖ [zeros to an erase block] ‖ squashfs ‖ [0xFF and overlay markers] ‖ [zeros]
//! ```
//!
//! OpenWrt makes it with `append-kernel | pad-to | append-rootfs | pad-rootfs | …`. An image is accepted only when its kernel is of
//! a kind that is known not to hold a checksum over what follows it.

mod kernel;
mod layer;
mod read;
mod write;

pub use kernel::Kernel;
pub(crate) use kernel::recognise;
pub use read::{Error, Gap, Layout, Opened, open};

#[cfg(test)]
mod tests;
