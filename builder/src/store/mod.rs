//! What `clom` keeps on disk between runs. Everything in it can be made again, and is verified when it is read.

pub mod blocks;
pub mod clean;
pub mod content;
mod sha256;

pub use sha256::{Hasher, NotSha256, Sha256};
