//! Writing one file of a mirror.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::store::Sha256;
use crate::whole::{self, Ready};

/// Puts a file into place as a whole; whether it was not there already with the same content.
///
/// # Errors
/// When it cannot be written; names the path.
pub(super) fn put(path: &Path, bytes: &[u8], sha256: Sha256) -> io::Result<bool> {
    let named = |error: io::Error| {
        io::Error::new(
            error.kind(),
            format!("cannot write {}: {error}", path.display()),
        )
    };
    if let Ok(old) = File::open(path)
        && Sha256::of_reader(old).is_ok_and(|(hash, _)| hash == sha256)
    {
        return Ok(false);
    }
    let write = || -> io::Result<()> {
        fs::create_dir_all(whole::folder(path))?;
        // To be read by everybody, as on any server.
        Ready::new(path, bytes, 0o644)?.for_everybody()?.put()
    };
    write().map_err(named)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_once_and_mended_when_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/c.ipk");
        let hash = Sha256::of(b"content");
        assert!(put(&path, b"content", hash).unwrap());
        assert!(!put(&path, b"content", hash).unwrap());
        fs::write(&path, "damaged").unwrap();
        assert!(put(&path, b"content", hash).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"content");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        let error = put(&path.join("below-a-file"), b"x", Sha256::of(b"x")).unwrap_err();
        assert!(error.to_string().contains("below-a-file"), "{error}");
    }
}
