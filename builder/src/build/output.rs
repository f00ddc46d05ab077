//! Writes a build's files so that the output folder holds the old result or the new one, never a mixture.
//!
//! Files are first written into a staging folder beside the result, which then takes the result's place in one
//! step (`renameat2` with `RENAME_EXCHANGE`). A build that fails or is interrupted removes its staging folder; what a
//! killed one left behind is removed by the next build, which can tell by the lock that a living build holds.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// How staging folders are named; the result's name and a random part follow.
const PREFIX: &str = ".clom-staging-";

/// The name of the list of checksums in each result.
pub const SUMS: &str = "sha256sums";

/// Staging folders that an interrupt has to remove.
static IN_USE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Why the output could not be written. What was there before is still there.
#[derive(Debug, Error)]
#[error("cannot {doing} {path}")]
pub struct OutputError {
    doing: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl OutputError {
    fn of(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self {
            doing,
            path,
            source,
        }
    }
}

/// A result on its way: files in a staging folder, and the folder they are meant for.
#[derive(Debug)]
pub struct Staging {
    dir: tempfile::TempDir,
    result: PathBuf,
    /// Hex SHA-256 and name of each file so far.
    sums: Vec<(String, String)>,
    /// Tells other builds that this folder is in use.
    _lock: File,
}

impl Staging {
    /// Begins a result that will be the folder `name` in `out`, which is made if need be.
    ///
    /// # Errors
    /// When `out` cannot be made or written to.
    pub fn new(out: &Path, name: &str) -> Result<Self, OutputError> {
        remove_on_interrupt();
        fs::create_dir_all(out).map_err(OutputError::of("make the output folder", out))?;
        sweep(out);
        let dir = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{name}-"))
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir_in(out)
            .map_err(OutputError::of("make a staging folder in", out))?;
        let lock = File::open(dir.path()).map_err(OutputError::of("open", dir.path()))?;
        lock.lock().map_err(OutputError::of("lock", dir.path()))?;
        in_use(|paths| paths.push(dir.path().to_owned()));
        Ok(Self {
            dir,
            result: out.join(name),
            sums: Vec::new(),
            _lock: lock,
        })
    }

    /// Writes one file of the result; `private` ones (they hold a secret) are readable by their owner only.
    ///
    /// # Errors
    /// When it cannot be written, a full disk for instance.
    pub fn write(&mut self, name: &str, bytes: &[u8], private: bool) -> Result<(), OutputError> {
        use std::os::unix::fs::OpenOptionsExt;
        let path = self.dir.path().join(name);
        let error = |doing| OutputError::of(doing, &self.result.join(name));
        let mode = if private { 0o600 } else { 0o644 };
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)
            .map_err(error("write"))?;
        file.write_all(bytes).map_err(error("write"))?;
        file.sync_data().map_err(error("write"))?;
        self.sums
            .push((hex::encode(Sha256::digest(bytes)), name.to_owned()));
        Ok(())
    }

    /// Adds the list of checksums and puts the result in its place; gives its folder.
    ///
    /// # Errors
    /// As [`Staging::write`], or when the folder in the result's place cannot be replaced.
    pub fn commit(mut self) -> Result<PathBuf, OutputError> {
        let sums = sums_text(&mut self.sums);
        self.write(SUMS, sums.as_bytes(), false)?;
        let error = |doing| OutputError::of(doing, &self.result);
        let staged = self.dir.path().to_owned();
        if !self.result.exists() {
            fs::rename(&staged, &self.result).map_err(error("write"))?;
        } else if let Err(errno) = renameat2(
            AT_FDCWD,
            &staged,
            AT_FDCWD,
            &self.result,
            RenameFlags::RENAME_EXCHANGE,
        ) {
            if !matches!(errno, Errno::EINVAL | Errno::ENOSYS) {
                return Err(error("replace")(errno.into()));
            }
            // A file system that cannot exchange: set the old one aside, so that it is lost only after the new one stands.
            let aside = tempfile::Builder::new()
                .prefix(PREFIX)
                .tempdir_in(staged.parent().unwrap_or(Path::new(".")))
                .map_err(error("replace"))?;
            fs::rename(&self.result, aside.path().join("old")).map_err(error("replace"))?;
            fs::rename(&staged, &self.result).map_err(error("replace"))?;
        }
        if let Ok(parent) = File::open(staged.parent().unwrap_or(Path::new("."))) {
            // Makes the rename last; a file system that cannot sync folders has done its best.
            let _ = parent.sync_all();
        }
        Ok(self.result.clone())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        in_use(|paths| paths.retain(|path| path != self.dir.path()));
    }
}

/// The text of `sha256sums`: `<64 hex> *<name>`, sorted by name, as OpenWrt writes it.
fn sums_text(sums: &mut [(String, String)]) -> String {
    sums.sort_by(|a, b| a.1.cmp(&b.1));
    sums.iter()
        .map(|(sum, name)| format!("{sum} *{name}\n"))
        .collect()
}

/// Whether the folder holds all the files its `sha256sums` lists, unchanged, and at least the files `names`.
pub fn verifies(result: &Path, names: &[String]) -> bool {
    let Ok(list) = fs::read_to_string(result.join(SUMS)) else {
        return false;
    };
    let mut listed = Vec::new();
    for line in list.lines() {
        let Some((sum, name)) = line.split_once(" *") else {
            return false;
        };
        let Ok(bytes) = fs::read(result.join(name)) else {
            return false;
        };
        if hex::encode(Sha256::digest(&bytes)) != sum {
            return false;
        }
        listed.push(name);
    }
    names.iter().all(|name| listed.contains(&name.as_str()))
}

/// Removes staging folders whose build is no more.
fn sweep(out: &Path) {
    let Ok(entries) = fs::read_dir(out) else {
        return;
    };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        if let Ok(dir) = File::open(entry.path())
            && dir.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn in_use(change: impl FnOnce(&mut Vec<PathBuf>)) {
    change(
        &mut IN_USE
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner),
    );
}

/// Makes Ctrl-C and termination remove what is staged, and end with the customary code 130.
fn remove_on_interrupt() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Fails only if a handler is set already, which then does its own cleaning up.
        let _ = ctrlc::set_handler(|| {
            in_use(|paths| {
                for path in paths.iter() {
                    let _ = fs::remove_dir_all(path);
                }
            });
            eprintln!("interrupted: the output folder is as it was");
            std::process::exit(130);
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(dir: &Path) -> Vec<String> {
        let names = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn build(out: &Path, files: &[(&str, &str)]) -> PathBuf {
        let mut staging = Staging::new(out, "r").unwrap();
        for (name, text) in files {
            staging.write(name, text.as_bytes(), false).unwrap();
        }
        staging.commit().unwrap()
    }

    #[test]
    fn a_result_replaces_the_old_one_whole() {
        let out = tempfile::tempdir().unwrap();
        build(out.path(), &[("a.bin", "1"), ("old", "2")]);
        let result = build(out.path(), &[("a.bin", "3")]);
        assert_eq!(entries(out.path()), ["r"]);
        assert_eq!(entries(&result), ["a.bin", "sha256sums"]);
        assert!(verifies(&result, &["a.bin".into()]));
        assert!(!verifies(&result, &["b.bin".into()]));
        // As coreutils' sha256sum reads the list.
        let check = std::process::Command::new("sha256sum")
            .args(["--check", "--strict", "--quiet", SUMS])
            .current_dir(&result)
            .status();
        assert!(check.unwrap().success());
        fs::write(result.join("a.bin"), "tampered").unwrap();
        assert!(!verifies(&result, &[]));
    }

    #[test]
    fn a_build_that_fails_leaves_nothing_and_the_old_result() {
        let out = tempfile::tempdir().unwrap();
        build(out.path(), &[("a.bin", "1")]);
        let mut staging = Staging::new(out.path(), "r").unwrap();
        staging.write("b.bin", b"2", false).unwrap();
        assert!(staging.write("missing/c.bin", b"3", false).is_err());
        drop(staging);
        assert_eq!(entries(out.path()), ["r"]);
        assert_eq!(entries(&out.path().join("r")), ["a.bin", "sha256sums"]);
    }

    #[test]
    fn the_next_build_sweeps_what_a_killed_one_left_but_not_a_living_ones() {
        let out = tempfile::tempdir().unwrap();
        fs::create_dir(out.path().join(".clom-staging-dead")).unwrap();
        let living = Staging::new(out.path(), "living").unwrap();
        assert_eq!(entries(out.path()).len(), 1);
        build(out.path(), &[("a", "1")]);
        assert_eq!(entries(out.path()).len(), 2);
        drop(living);
        assert_eq!(entries(out.path()), ["r"]);
    }

    #[test]
    fn private_files_are_their_owners_only() {
        use std::os::unix::fs::PermissionsExt;
        let out = tempfile::tempdir().unwrap();
        let mut staging = Staging::new(out.path(), "r").unwrap();
        staging.write("secret", b"x", true).unwrap();
        let result = staging.commit().unwrap();
        let mode = fs::metadata(result.join("secret"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
