//! An ImageBuilder as it is published: a compressed tar file of some hundred megabytes.
//!
//! Of it only what a build reads is kept, in the cache: what the reader of this module names, the packages, and the kernels of one device.
//! Everything else is skipped while it streams by.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use thiserror::Error;

use super::Folder;
use crate::store::Sha256;
use crate::store::clean::{Entry, Shelf, Worth, measure};

/// The cache's folder for them.
const SHELF: &str = "imagebuilders";
/// More than a kernel or a package has, bytes.
const MAX_FILE: u64 = 256 << 20;
/// The most that OpenWrt's and any other use of zstd asks for: 2 GiB, as a power of two.
const MAX_WINDOW: u32 = 31;

/// Why an archive cannot be used.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// It cannot be read, or is damaged.
    #[error("cannot unpack {}: {source}", path.display())]
    Damaged {
        /// The archive.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has a file that no ImageBuilder has.
    #[error("{}: {file} has {size} bytes, and {MAX_FILE} is the most that makes sense", path.display())]
    Large {
        /// The archive.
        path: PathBuf,
        /// The file in it.
        file: String,
        /// Its length, bytes.
        size: u64,
    },
    /// It is the archive of something else.
    #[error("{} is no ImageBuilder: it has no file .config in its folder", path.display())]
    Other {
        /// The archive.
        path: PathBuf,
    },
    /// The cache cannot be written.
    #[error("cannot write to {}: {source}", path.display())]
    Cache {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What of the archive at `path` a build for `device` reads, as a folder below `cache`. It is unpacked once; an archive that was changed
/// is unpacked again.
///
/// # Errors
/// [`ArchiveError`].
pub fn unpack(path: &Path, device: &str, cache: &Path) -> Result<Folder, ArchiveError> {
    let damaged = |source| ArchiveError::Damaged {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(damaged)?;
    let meta = file.metadata().map_err(damaged)?;
    let real = fs::canonicalize(path).map_err(damaged)?;
    let changed = meta.modified().unwrap_or(UNIX_EPOCH);
    let changed = changed.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (size, changed) = (meta.len(), changed.as_nanos());
    let key = format!("{}\n{size}\n{changed}\n{device}\n", real.display());
    let shelf = cache.join(SHELF);
    let folder = shelf.join(Sha256::of(key.as_bytes()).to_string());
    let unusable = |source| ArchiveError::Cache {
        path: shelf.clone(),
        source,
    };
    if folder.is_dir() {
        // For `clom clean`, by which it goes when nothing used it for long. It works as well where that cannot be noted.
        let _ = File::open(&folder).and_then(|dir| dir.set_modified(SystemTime::now()));
        return Ok(Folder(folder));
    }
    fs::create_dir_all(&shelf).map_err(unusable)?;
    let fresh = tempfile::Builder::new()
        .prefix(".unfinished-")
        .tempdir_in(&shelf)
        .map_err(unusable)?;
    let stream = decompress(BufReader::with_capacity(1 << 20, file)).map_err(damaged)?;
    let mut archive = tar::Archive::new(stream);
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let inside = entry.path().map_err(damaged)?.into_owned();
        let Some(inside) =
            wanted(&inside, device).filter(|_| entry.header().entry_type().is_file())
        else {
            continue;
        };
        if entry.size() > MAX_FILE {
            return Err(ArchiveError::Large {
                path: path.to_owned(),
                file: inside.display().to_string(),
                size: entry.size(),
            });
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(damaged)?;
        let to = fresh.path().join(inside);
        fs::create_dir_all(to.parent().unwrap_or(fresh.path())).map_err(unusable)?;
        fs::write(&to, content).map_err(unusable)?;
    }
    if !fresh.path().join(".config").is_file() {
        return Err(ArchiveError::Other {
            path: path.to_owned(),
        });
    }
    let fresh = fresh.keep();
    match fs::rename(&fresh, &folder) {
        Ok(()) => Ok(Folder(folder)),
        // Another clom was faster.
        Err(_) if folder.is_dir() => {
            let _ = fs::remove_dir_all(fresh);
            Ok(Folder(folder))
        }
        Err(error) => {
            let _ = fs::remove_dir_all(fresh);
            Err(unusable(error))
        }
    }
}

/// zstd (24.10 and later), xz (before), gzip, or nothing.
fn decompress(mut file: BufReader<File>) -> io::Result<Box<dyn Read>> {
    let start = file.fill_buf()?;
    Ok(if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(file)?;
        decoder.window_log_max(MAX_WINDOW)?;
        Box::new(decoder)
    } else if start.starts_with(b"\xfd7zXZ\0") {
        Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(file))
    } else if start.starts_with(&[0x1f, 0x8b]) {
        Box::new(flate2::bufread::MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    })
}

/// The path without the archive's one folder, if a build reads that file.
fn wanted(path: &Path, device: &str) -> Option<PathBuf> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => parts.push(name.to_str()?),
            _ => return None,
        }
    }
    let inside = parts.get(1..)?;
    let good = match inside {
        [".config" | ".targetinfo" | "repositories" | "repositories.conf"] => true,
        ["include", "version.mk" | "kernel.mk"] => true,
        ["keys" | "packages", _] => true,
        ["build_dir", target, linux, name] => {
            target.starts_with("target-") && linux.starts_with("linux-") && name.starts_with(device)
        }
        _ => false,
    };
    good.then(|| inside.iter().collect())
}

/// What is kept of archives in the cache folder `cache`, for cleaning.
///
/// # Errors
/// When the folder cannot be read.
pub fn entries(cache: &Path) -> io::Result<Vec<Entry>> {
    let folder = match fs::read_dir(cache.join(SHELF)) {
        Ok(folder) => folder,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut entries = Vec::new();
    for entry in folder {
        let entry = entry?;
        if let Some((bytes, used)) = measure(&entry.path()) {
            let unfinished = entry.file_name().to_string_lossy().starts_with('.');
            entries.push(Entry {
                shelf: Shelf::ImageBuilders,
                path: entry.path(),
                bytes,
                used,
                worth: if unfinished {
                    Worth::Nothing
                } else {
                    Worth::Time
                },
                lock: None,
            });
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_read_is_wanted() {
        let ask = |path: &str| {
            let path = wanted(Path::new(path), "acme_r1")?;
            Some(path.display().to_string())
        };
        for good in [
            ".config",
            "keys/a",
            "packages/kernel_1.ipk",
            "include/kernel.mk",
            "build_dir/target-x/linux-a_b/acme_r1-kernel.bin",
        ] {
            assert_eq!(ask(&format!("ib/{good}")).as_deref(), Some(good));
            assert_eq!(ask(&format!("./ib/{good}")).as_deref(), Some(good));
            assert_eq!(ask(&format!("ib/../{good}")), None);
        }
        for other in [
            ".config",
            "ib/staging_dir/host/bin/apk",
            "ib/keys/a/b",
            "ib/build_dir/target-x/linux-a_b/other_r1-kernel.bin",
            "ib/build_dir/target-x/linux-a_b/linux-6.6/acme_r1",
            "/ib/.config",
        ] {
            assert_eq!(ask(other), None, "{other}");
        }
    }

    #[test]
    fn damaged_and_other_archives_leave_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(5);
        header.set_mode(0o644);
        tar.append_data(&mut header, "ib/keys/a", &b"hello"[..])
            .unwrap();
        let other = tar.into_inner().unwrap();
        let packed = zstd::encode_all(&other[..], 1).unwrap();
        let cut = packed.get(..packed.len() / 2).unwrap();
        fs::write(at("other"), &packed).unwrap();
        fs::write(at("cut"), cut).unwrap();
        let error = |name: &str| {
            let error = unpack(&at(name), "acme_r1", &at("cache"));
            error.unwrap_err().to_string()
        };
        assert!(error("other").ends_with("it has no file .config in its folder"));
        assert!(error("cut").contains("cannot unpack"));
        assert!(error("missing").contains("cannot unpack"));
        assert_eq!(entries(&at("cache")).unwrap(), []);
    }
}
