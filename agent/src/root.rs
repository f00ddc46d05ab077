//! Where the agent's files lie: under `/`, or under another folder in tests.

use std::path::{Path, PathBuf};

/// The folder that stands for `/`. `/proc` and `/sys` are the kernel's and are never moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root(PathBuf);

impl Default for Root {
    fn default() -> Self {
        Self(PathBuf::from("/"))
    }
}

impl Root {
    /// A root at this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The absolute path `path` under this root.
    pub fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_moved_under_the_root() {
        assert_eq!(Root::default().at("/etc/x"), Path::new("/etc/x"));
        assert_eq!(Root::new("/tmp/r").at("/etc/x"), Path::new("/tmp/r/etc/x"));
    }
}
