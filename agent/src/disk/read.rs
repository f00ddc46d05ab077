//! Reading small files without trusting their size.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The bytes of a file.
///
/// # Errors
/// Those of opening and reading; `InvalidData` when it holds more than `most` bytes.
pub fn bounded(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    contents(File::open(path)?, most)
}

/// The rest of an open file, as [`bounded`].
pub(super) fn contents(file: File, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("is larger than {most} bytes"),
        ));
    }
    Ok(bytes)
}
