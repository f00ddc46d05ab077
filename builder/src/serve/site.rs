//! What a path of a request means.

use std::io;
use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What needs no encoding in a path, besides letters and digits.
const PLAIN: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'+')
    .remove(b'/');

/// A name or path as it stands in a URL.
pub(super) fn encode(path: &str) -> String {
    utf8_percent_encode(path, &PLAIN).to_string()
}

/// A folder that is served.
#[derive(Debug, Clone)]
pub struct Site {
    root: PathBuf,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing that is served.
    Nothing,
    /// A file.
    File(PathBuf),
    /// A folder, asked for as such.
    Folder(PathBuf),
    /// A folder whose path lacks the slash: this is the right path.
    Elsewhere(String),
}

impl Site {
    /// The site of this folder.
    ///
    /// # Errors
    /// When it is no folder that can be read.
    pub fn new(dir: &Path) -> io::Result<Self> {
        let root = dir.canonicalize()?;
        std::fs::read_dir(&root)?;
        Ok(Self { root })
    }

    /// The folder, without symlinks in its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the percent-encoded path of a URL leads to.
    pub fn find(&self, path: &str) -> Found {
        self.look(path).unwrap_or(Found::Nothing)
    }

    fn look(&self, path: &str) -> Option<Found> {
        let decoded = percent_decode_str(path).decode_utf8().ok()?;
        let relative = Path::new(decoded.strip_prefix('/')?);
        let mut parts = relative.components();
        if decoded.contains('\0')
            || !parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
        {
            return None;
        }
        let place = self.real(&self.root.join(relative))?;
        let meta = place.metadata().ok()?;
        match (meta.is_dir(), decoded.ends_with('/')) {
            (true, true) => Some(Found::Folder(place)),
            // One slash at the beginning: with two, it would name another host.
            (true, false) => Some(Found::Elsewhere(format!(
                "/{}/",
                encode(decoded.trim_start_matches('/'))
            ))),
            (false, false) if meta.is_file() => Some(Found::File(place)),
            _ => None,
        }
    }

    /// Where a path really is, if that is in the folder.
    pub(super) fn real(&self, path: &Path) -> Option<PathBuf> {
        let real = path.canonicalize().ok()?;
        real.starts_with(&self.root).then_some(real)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn nothing_leads_out_of_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir_all(root.join("a b")).unwrap();
        fs::write(root.join("a b/f+1.ipk"), "x").unwrap();
        fs::write(dir.path().join("secret"), "x").unwrap();
        symlink("../secret", root.join("out")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink("a b", root.join("in")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let site = Site::new(&root).unwrap();
        let real = site.root().to_owned();

        assert_eq!(site.find("/"), Found::Folder(real.clone()));
        let file = Found::File(real.join("a b/f+1.ipk"));
        for path in [
            "/a%20b/f+1.ipk",
            "/a%20b/f%2B1.ipk",
            "/in/f+1.ipk",
            "/./in/f+1.ipk",
        ] {
            assert_eq!(site.find(path), file, "{path}");
        }
        assert_eq!(site.find("/a%20b"), Found::Elsewhere("/a%20b/".into()));
        for path in [
            "",
            "*",
            "secret",
            "/out",
            "/up/",
            "/up/secret",
            "/../secret",
            "/%2e%2e/secret",
            "/a%20b/../../secret",
            "//etc/passwd",
            "/%2Fetc/passwd",
            "/a%20b/f+1.ipk/",
            "/a%20b/f+1.ipk%00",
            "/%ff",
            "/loop",
            "/none",
        ] {
            assert_eq!(site.find(path), Found::Nothing, "{path}");
        }
    }
}
