//! The cache of finished binaries: one folder per hash of all that decides the bytes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::cpu::Cpu;
use super::lock::Lock;
use super::program::Program;
use crate::failure::{Class, Failure, OrFail};
use crate::ui::Ui;

/// The form of `meta.json` and of the folders.
const VERSION: u32 = 1;

/// What `meta.json` beside a binary says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Meta {
    version: u32,
    /// The CPU kind it is for.
    pub(super) cpu: Cpu,
    /// What it is.
    pub(super) program: Program,
    /// SHA-256 of the binary, lower-case hexadecimal.
    pub(super) sha256: String,
    /// Bytes of the binary.
    pub(super) raw_bytes: u64,
    /// Bytes of the binary as one xz stream.
    pub(super) xz_bytes: u64,
    /// The compiler and linker that made it.
    pub(super) toolchain: String,
}

impl Meta {
    /// Describes this binary.
    pub(super) fn describe(
        cpu: Cpu,
        program: Program,
        toolchain: &str,
        bytes: &[u8],
    ) -> anyhow::Result<Self> {
        Ok(Self {
            version: VERSION,
            cpu,
            program,
            sha256: hex::encode(Sha256::digest(bytes)),
            raw_bytes: bytes.len() as u64,
            xz_bytes: xz_size(bytes)?,
            toolchain: toolchain.to_owned(),
        })
    }
}

/// One finished binary in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// What is known of it.
    pub(super) meta: Meta,
}

/// The binary of this hash, if the cache has it whole. A damaged one is thrown away with a remark.
pub(super) fn get(cache: &Path, program: Program, hash: &str, ui: &Ui) -> Option<Stored> {
    let folder = cache.join(program.shelf()).join(hash);
    if !folder.is_dir() {
        return None;
    }
    match read(&folder) {
        Ok(stored) => Some(stored),
        Err(why) => {
            ui.warn(&format!(
                "{} is damaged and will be built again: {why:#}",
                folder.display()
            ));
            // If it cannot be removed, `put` fails on it and says why.
            let _ = fs::remove_dir_all(&folder);
            None
        }
    }
}

/// All whole binaries of this kind of program in the cache; damaged and unfinished ones are left out.
pub(super) fn list(cache: &Path, shelf: &str) -> Vec<Stored> {
    let Ok(entries) = fs::read_dir(cache.join(shelf)) else {
        return Vec::new();
    };
    let mut all: Vec<_> = entries
        .flatten()
        .filter_map(|entry| read(&entry.path()).ok())
        .collect();
    all.sort_by(|a, b| {
        (a.meta.cpu, a.meta.program, &a.path).cmp(&(b.meta.cpu, b.meta.program, &b.path))
    });
    all
}

fn read(folder: &Path) -> anyhow::Result<Stored> {
    let text = fs::read(folder.join("meta.json")).context("meta.json")?;
    let meta: Meta = serde_json::from_slice(&text).context("meta.json")?;
    ensure!(
        meta.version == VERSION,
        "meta.json is of version {}",
        meta.version
    );
    let path = folder.join(meta.program.krate());
    let bytes = fs::read(&path).with_context(|| meta.program.krate().to_owned())?;
    ensure!(
        hex::encode(Sha256::digest(&bytes)) == meta.sha256,
        "the SHA-256 of {} is not that of meta.json",
        meta.program.krate()
    );
    Ok(Stored { path, meta })
}

/// Puts a binary into the cache: both files are written and synced in a folder beside, which then
/// gets its name.
pub(super) fn put(
    cache: &Path,
    hash: &str,
    bytes: &[u8],
    meta: Meta,
    ui: &Ui,
) -> Result<Stored, Failure> {
    let shelf = cache.join(meta.program.shelf());
    let _only_one = Lock::take(&shelf.join("lock"), "storing a binary", ui)?;
    write(&shelf, hash, bytes, meta)
        .with_context(|| format!("cannot store a binary in {}", shelf.display()))
        .or_fail(Class::Output)
}

fn write(shelf: &Path, hash: &str, bytes: &[u8], meta: Meta) -> anyhow::Result<Stored> {
    const UNFINISHED: &str = ".unfinished-";
    // Left by a process that was killed; nobody else writes here while we hold the lock.
    for entry in fs::read_dir(shelf)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    let folder = shelf.join(hash);
    if let Ok(stored) = read(&folder) {
        return Ok(stored);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let beside = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(shelf)?;
    let krate = meta.program.krate();
    write_synced(&beside.path().join(krate), bytes)?;
    write_synced(
        &beside.path().join("meta.json"),
        &serde_json::to_vec_pretty(&meta)?,
    )?;
    fs::rename(beside.keep(), &folder)?;
    Ok(Stored {
        path: folder.join(krate),
        meta,
    })
}

fn write_synced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = fs::File::options()
        .create_new(true)
        .write(true)
        .mode(0o755)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The size as one xz stream at the highest setting, which is what the budgets are stated in.
pub(super) fn xz_size(bytes: &[u8]) -> anyhow::Result<u64> {
    const HIGHEST: u32 = 9 | (1 << 31);
    let mut compressed = Vec::new();
    std::io::copy(
        &mut liblzma::read::XzEncoder::new(bytes, HIGHEST),
        &mut compressed,
    )?;
    Ok(compressed.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Mode;

    fn store(cache: &Path) -> Stored {
        let meta = Meta::describe(Cpu::Mips, Program::LabTools, "t", b"binary").unwrap();
        put(cache, "aa", b"binary", meta, &Ui::new(Mode::Quiet)).unwrap()
    }

    #[test]
    fn what_was_put_is_got_and_listed() {
        let cache = tempfile::tempdir().unwrap();
        let ui = Ui::new(Mode::Quiet);
        assert_eq!(get(cache.path(), Program::LabTools, "aa", &ui), None);
        let stored = store(cache.path());
        assert_eq!(fs::read(&stored.path).unwrap(), b"binary");
        assert_eq!(stored.meta.raw_bytes, 6);
        assert_eq!(
            get(cache.path(), Program::LabTools, "aa", &ui),
            Some(stored.clone())
        );
        assert_eq!(list(cache.path(), "lab-tools"), [stored]);
    }

    #[test]
    fn a_damaged_binary_is_thrown_away() {
        let cache = tempfile::tempdir().unwrap();
        let ui = Ui::new(Mode::Quiet);
        let stored = store(cache.path());
        fs::write(&stored.path, b"binarx").unwrap();
        assert_eq!(list(cache.path(), "lab-tools"), []);
        assert_eq!(get(cache.path(), Program::LabTools, "aa", &ui), None);
        assert!(!stored.path.exists());
        assert_eq!(store(cache.path()), stored);
    }

    #[test]
    fn leftovers_of_a_killed_process_go_and_never_count() {
        let cache = tempfile::tempdir().unwrap();
        let left = cache.path().join("lab-tools/.unfinished-1");
        fs::create_dir_all(&left).unwrap();
        fs::write(left.join("clom-lab"), b"bin").unwrap();
        assert_eq!(list(cache.path(), "lab-tools"), []);
        store(cache.path());
        assert!(!left.exists());
    }
}
