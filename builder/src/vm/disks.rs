//! A machine's disks: files in a folder of its own, which stay between runs.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, anyhow};

use crate::failure::{Class, Failure, OrFail};
use crate::lab::host;

/// Room for a larger root file system than the first one, for sysupgrade. The file is sparse.
const ROOT_SIZE: u64 = 64 << 20;
const OVERLAY_SIZE: u64 = 64 << 20;

/// The folder of one machine, held by this process alone.
#[derive(Debug)]
pub struct Disks {
    dir: PathBuf,
    /// The squashfs, writable for sysupgrade.
    pub root: PathBuf,
    /// The overlay's file system.
    pub overlay: PathBuf,
    /// What the machine says on its console.
    pub log: PathBuf,
    _lock: File,
}

/// Where machines live: `$XDG_STATE_HOME/clom/vm`, else `~/.local/state/clom/vm`.
pub fn state() -> PathBuf {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("XDG_STATE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/state")))
        .unwrap_or_else(|| PathBuf::from(".clom-state"))
        .join("clom/vm")
}

impl Disks {
    /// Takes the folder `dir`, making it if need be.
    ///
    /// # Errors
    /// When another `clom` has it, or it can't be written.
    pub fn take(dir: &Path) -> Result<Self, Failure> {
        let lock = dir.join("lock");
        let open = || -> io::Result<File> {
            fs::create_dir_all(dir)?;
            File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&lock)
        };
        let file = open()
            .with_context(|| format!("{} can't be used", dir.display()))
            .or_fail(Class::Output)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::new(
                    Class::Other,
                    anyhow!("{}: this machine is running already", dir.display()),
                )
                .help("wait for the other `clom vm` or end it; `clom vm run --name` gives a machine of its own"));
            }
            Err(TryLockError::Error(why)) => {
                return Err(Failure::new(Class::Output, why)
                    .help(format!("{} can't be locked", lock.display())));
            }
        }
        Ok(Self {
            root: dir.join("root.img"),
            overlay: dir.join("overlay.img"),
            log: dir.join("console.log"),
            dir: dir.to_owned(),
            _lock: file,
        })
    }

    /// Puts the image on the root disk and an empty file system on the overlay, unless they hold this very image already.
    /// True when the machine starts afresh.
    ///
    /// # Errors
    /// When the image can't be read or the disks not be written.
    pub fn insert(&self, image: &Path, fresh: bool) -> Result<bool, Failure> {
        let bytes = fs::read(image)
            .with_context(|| image.display().to_string())
            .or_fail(Class::Source)?;
        if bytes.get(..4) != Some(b"hsqs") {
            return Err(Failure::new(
                Class::Source,
                anyhow!("{}: not a squashfs root file system", image.display()),
            )
            .help("give the `-squashfs-rootfs.img` file that clom build wrote for a lab device"));
        }
        let mark = crate::lab::sha256(&bytes);
        let stamp = self.dir.join("image");
        let same = fs::read_to_string(&stamp).is_ok_and(|old| old == mark)
            && self.root.is_file()
            && self.overlay.is_file();
        if same && !fresh {
            return Ok(false);
        }
        let write = || -> anyhow::Result<()> {
            match fs::remove_file(&stamp) {
                Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why.into()),
                _ => {}
            }
            let mut root = File::create(&self.root)?;
            root.write_all(&bytes)?;
            root.set_len(ROOT_SIZE.max(bytes.len() as u64).next_multiple_of(1 << 20))?;
            File::create(&self.overlay)?.set_len(OVERLAY_SIZE)?;
            Ok(())
        };
        write()
            .with_context(|| self.dir.display().to_string())
            .or_fail(Class::Output)?;
        let mke2fs = host::need("mke2fs", "e2fsprogs")?;
        host::run(
            Command::new(mke2fs)
                .args(["-q", "-F", "-t", "ext4", "-L", "overlay", "-m", "0"])
                .arg(&self.overlay),
        )
        .or_fail(Class::Host)?;
        fs::write(&stamp, mark)
            .with_context(|| stamp.display().to_string())
            .or_fail(Class::Output)?;
        Ok(true)
    }

    /// Forgets the old console log.
    ///
    /// # Errors
    /// When it can't be removed.
    pub fn clear_log(&self) -> Result<(), Failure> {
        match fs::remove_file(&self.log) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why)
                .with_context(|| self.log.display().to_string())
                .or_fail(Class::Output),
            _ => Ok(()),
        }
    }
}
