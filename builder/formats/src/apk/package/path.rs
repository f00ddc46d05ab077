//! Paths in packages: where they may lead.

use crate::apk::Error;

/// The longest name of a file and the longest path, as Linux has them.
const LONGEST_NAME: usize = 255;
const LONGEST_PATH: usize = 4095;

fn refused(path: &[u8], problem: impl Into<String>) -> Error {
    Error::Path {
        path: path.escape_ascii().to_string(),
        problem: problem.into(),
    }
}

/// `folder/name`, without `/` in front.
pub(super) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    match folder {
        [] => name.to_vec(),
        _ => [folder, b"/", name].concat(),
    }
}

/// Checks the name of a file. Line feeds would be lines of their own in the database of installed packages.
pub(super) fn check_name(path: &[u8], name: &[u8]) -> Result<(), Error> {
    let problem = match name {
        b"" => "has an empty name in it",
        b"." | b".." => "has a name in it that leads elsewhere",
        _ if name.contains(&b'/') => "has a name with a slash in it",
        _ if name.iter().any(|byte| matches!(byte, 0 | b'\n')) => "has NUL or a line feed in it",
        _ if name.len() > LONGEST_NAME => "has a name of more than 255 bytes in it",
        _ if path.len() > LONGEST_PATH => "is longer than 4095 bytes",
        _ => return Ok(()),
    };
    Err(refused(path, problem))
}

/// Checks the path of a folder; the root's is empty.
pub(super) fn check_folder(path: &[u8]) -> Result<(), Error> {
    if path.starts_with(b"/") {
        return Err(refused(
            path,
            "begins at the root, which paths in packages must not",
        ));
    }
    if path.is_empty() {
        return Ok(());
    }
    path.split(|byte| *byte == b'/')
        .try_for_each(|name| check_name(path, name))
}

/// Checks that a symlink in `folder` does not climb out of the root.
pub(super) fn check_symlink(path: &[u8], folder: &[u8], target: &[u8]) -> Result<(), Error> {
    if target.is_empty() || target.contains(&0) || target.len() > LONGEST_PATH {
        return Err(refused(path, "is a symlink without usable target"));
    }
    let mut depth = match target.first() {
        Some(b'/') => 0,
        _ => folder
            .split(|byte| *byte == b'/')
            .filter(|name| !name.is_empty())
            .count(),
    };
    for name in target.split(|byte| *byte == b'/') {
        depth = match name {
            b"" | b"." => depth,
            b".." => depth.checked_sub(1).ok_or_else(|| {
                refused(
                    path,
                    format!(
                        "is a symlink that leads out of the root: {}",
                        target.escape_ascii()
                    ),
                )
            })?,
            _ => depth + 1,
        };
    }
    Ok(())
}

/// A file of a kind that packages must not have.
pub(super) fn special(path: &[u8], kind: u16) -> Error {
    let kind = match kind {
        0x6000 => "a block device",
        0x2000 => "a character device",
        0x1000 => "a named pipe",
        0xc000 => "a socket",
        _ => {
            return refused(
                path,
                format!("is of a kind that is not known ({kind:#06x})"),
            );
        }
    };
    refused(path, format!("is {kind}, which packages must not bring"))
}

/// A path that is there twice.
pub(super) fn twice(path: &[u8]) -> Error {
    refused(path, "is there twice")
}

/// A path that something else of the package, or of the root file system, stands in the way of.
pub(super) fn blocked(path: &[u8], why: impl Into<String>) -> Error {
    refused(path, why)
}
