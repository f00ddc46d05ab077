//! Where profile libraries are looked for.

use std::path::{Path, PathBuf};

use super::diagnostics::{Diagnostic, Diagnostics};
use super::library::Library;
use super::shipped;
use super::source::Kind;
use crate::dirs;

/// The folder name by which a library is found.
const NAME: &str = "profiles";

/// The folders to search: those named by the user, then `profiles/` in the working directory or the nearest folder above
/// it, then the library shipped with `clom`: in the source tree that the program lies in, else unpacked from the program.
///
/// # Errors
/// When the shipped library is all there is and cannot be unpacked.
pub fn roots(named: &[PathBuf], with_shipped: bool) -> Result<Vec<PathBuf>, Diagnostics> {
    let mut roots: Vec<PathBuf> = named.to_vec();
    let cwd = std::env::current_dir().ok();
    roots.extend(cwd.as_deref().and_then(above));
    match source_tree() {
        _ if !with_shipped => {}
        Some(root) => roots.push(root),
        None => match shipped::library() {
            Ok(root) => roots.extend(root),
            Err(error) if roots.is_empty() => return Err(not_unpacked(&error).into()),
            Err(_) => {}
        },
    }
    let mut seen = Vec::new();
    roots.retain(|root| {
        let real = root.canonicalize().unwrap_or_else(|_| root.clone());
        let new = !seen.contains(&real);
        seen.push(real);
        new
    });
    Ok(roots)
}

fn not_unpacked(error: &std::io::Error) -> Diagnostic {
    let cache = dirs::cache();
    Diagnostic::error(format!(
        "cannot unpack the shipped profile library into {}: {error}",
        cache.display()
    ))
    .help("point $CLOM_CACHE to a folder that can be written, or name a library with --profiles")
}

/// The library of the source tree that the program was built in, if it still lies there.
fn source_tree() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    above(program.canonicalize().ok()?.parent()?)
}

/// The library in this folder or the nearest one above it.
fn above(start: &Path) -> Option<PathBuf> {
    let mut folders = start.ancestors().map(|folder| folder.join(NAME));
    folders.find(|folder| is_library(folder))
}

/// Whether a folder looks like a library: it has one of its folders.
fn is_library(folder: &Path) -> bool {
    let kinds = Kind::FILES.iter().map(|kind| kind.folder());
    kinds.chain(["lab"]).any(|name| folder.join(name).is_dir())
}

/// Where new files go: the first folder that the user named, else the library found from the working directory, else
/// `profiles/` in it.
pub fn writable(named: &[PathBuf]) -> PathBuf {
    let cwd = std::env::current_dir().ok();
    let found = || cwd.as_deref().and_then(above);
    let first = named.first().cloned().or_else(found);
    first.unwrap_or_else(|| PathBuf::from(NAME))
}

/// Opens the library that [`roots`] gives.
///
/// # Errors
/// When a named folder is none or cannot be listed, or there is no library at all.
pub fn library(named: &[PathBuf], with_shipped: bool) -> Result<Library, Diagnostics> {
    Library::open(roots(named, with_shipped)?)
}
