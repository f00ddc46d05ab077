//! What can go wrong when a tree is changed.

use thiserror::Error;

/// Why a tree could not be changed as asked. Each names the path inside the tree.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TreeError {
    /// The path does not exist.
    #[error("{0}: no such file or directory in the tree")]
    NotFound(String),
    /// The directory that should hold the path does not exist.
    #[error("{0}: its parent directory does not exist in the tree")]
    NoParent(String),
    /// Something that is no directory stands where one is needed.
    #[error("{0}: is not a directory in the tree")]
    NotADirectory(String),
    /// A hard link to a directory was asked for.
    #[error("{0}: is a directory, which cannot be hard-linked")]
    LinkToDirectory(String),
    /// The last part is empty, `..`, holds a NUL byte or is longer than 255 bytes.
    #[error("{0}: not a valid file name")]
    BadName(String),
    /// More than 40 symlinks had to be followed.
    #[error("{0}: too many levels of symbolic links")]
    SymlinkLoop(String),
}
