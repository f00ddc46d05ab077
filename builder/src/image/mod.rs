//! Looking into images, proving them, and giving them another root file system: what `clom image` does.
//!
//! Looking works on anything: [`inspect`] shows what the known formats make of a file, with checksums that do not hold, and says
//! plainly what is not known. [`prove`] and [`repack`] take only what can be put together again bit for bit.

pub mod cat;
pub mod diff;
pub mod extract;
pub mod folder;
pub mod input;
pub mod inspect;
pub mod map;
pub mod nesting;
pub mod prove;
pub mod repack;
pub mod rootfs;
pub mod software;
pub mod text;
pub mod tree;

pub use input::Image;
