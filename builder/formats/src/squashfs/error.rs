//! What can be wrong with an image, or with a tree that is to become one.

use thiserror::Error;

/// Why an image could not be read. Offsets are bytes from the start of the image.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The image does not begin with the magic number `hsqs`.
    #[error("no squashfs image: it begins with {found}, not with `hsqs` ({hint})")]
    NotSquashfs {
        /// The first bytes, in hexadecimal.
        found: String,
        /// What it seems to be instead.
        hint: &'static str,
    },
    /// The image is of a version or with a compressor that is not read.
    #[error("squashfs image not supported: {0}")]
    Unsupported(String),
    /// The image ends before something that should be in it.
    #[error("squashfs image cut short: {what} needs bytes up to {end}, but there are only {have}")]
    Truncated {
        /// What would have been read.
        what: &'static str,
        /// Where it would end.
        end: u64,
        /// How many bytes there are.
        have: u64,
    },
    /// A structure contradicts the format or another structure.
    #[error("squashfs image damaged at offset {offset} ({what}): {why}")]
    Corrupt {
        /// Where the structure (or the metadata block it lies in) begins.
        offset: u64,
        /// Which structure.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Reading on would take more memory than allowed: a decompression bomb, or limits set too low.
    #[error(
        "squashfs image refused: its {what} would take more than {limit} (a decompression bomb?)"
    )]
    TooBig {
        /// What there is too much of.
        what: &'static str,
        /// The limit, with its unit.
        limit: String,
    },
}

/// Why a tree could not be written as an image. Paths are inside the tree.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WriteError {
    /// The options contradict the format.
    #[error("squashfs options: {0}")]
    Options(String),
    /// Something in the tree has no form in squashfs.
    #[error("/{path}: {why}")]
    Unrepresentable {
        /// The path, without a leading `/`.
        path: String,
        /// What is wrong and what to do about it.
        why: String,
    },
    /// The tree as a whole is beyond what the format holds.
    #[error("the tree is too big for squashfs: {0}")]
    TooBig(String),
    /// The compressor failed.
    #[error("{compressor} could not compress a block: {why}")]
    Compressor {
        /// The compressor's name.
        compressor: &'static str,
        /// Its own words.
        why: String,
    },
}
