//! `upgraded IMAGE [ARCHIVE]`: the second stage of an upgrade. It is PID 1 in a root file system in memory.
//!
//! The configuration archive is made safe on the emptied overlay first; then the root disk is written.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::system::RebootCommand;

use crate::procd::{log, shutdown};

/// The lab machines' disks: the squashfs, and the overlay.
const ROOT: &str = "/dev/vda";
const OVERLAY: &str = "/dev/vdb";
/// What preinit unpacks on the next boot.
const ARCHIVE: &str = "sysupgrade.tgz";

/// The applet; ends with a reboot.
pub(crate) fn main(arguments: &[OsString]) -> Result<()> {
    if std::process::id() != 1 {
        bail!("upgraded is for procd to start; use sysupgrade");
    }
    match run(arguments) {
        Ok(()) => log::say("Upgrade completed"),
        Err(why) => log::warn(&format!("upgrade failed: {why:#}")),
    }
    shutdown::restart(RebootCommand::Restart);
    Ok(())
}

fn run(arguments: &[OsString]) -> Result<()> {
    let [image, rest @ ..] = arguments else {
        bail!("no image named");
    };
    shutdown::leave_old_root().context("the old root is still in use")?;
    renew_overlay(rest.first().map(Path::new)).context("the overlay")?;
    let mut image = File::open(image).context("the image")?;
    let mut disk = open_free(ROOT)?;
    log::say(&format!("writing {ROOT}"));
    io::copy(&mut image, &mut disk).context(ROOT)?;
    disk.sync_all().context(ROOT)?;
    Ok(())
}

/// Empties the overlay and leaves only the archive in it.
fn renew_overlay(archive: Option<&Path>) -> Result<()> {
    const AT: &str = "/overlay";
    mount(OVERLAY, AT, "ext4", MountFlags::NOATIME, None).context("mount")?;
    let kept = Path::new(AT).join(ARCHIVE);
    if let Some(archive) = archive {
        let bytes = fs::read(archive).context("the configuration archive")?;
        let new = kept.with_extension("new");
        let mut file = File::create(&new).context("the configuration archive")?;
        file.write_all(&bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&new, &kept))
            .context("the configuration archive")?;
    }
    for entry in fs::read_dir(AT)?.flatten() {
        let path = entry.path();
        if (archive.is_some() && path == kept) || entry.file_name() == "lost+found" {
            continue;
        }
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        }
        .with_context(|| path.display().to_string())?;
    }
    rustix::fs::sync();
    unmount(AT, UnmountFlags::empty()).context("unmount")?;
    Ok(())
}

/// Opens a disk for writing once nothing uses it any more: the kernel refuses an exclusive open of a mounted one.
fn open_free(device: &str) -> Result<File> {
    let mut tries = 0;
    loop {
        let opened = File::options()
            .write(true)
            .custom_flags(rustix::fs::OFlags::EXCL.bits().cast_signed())
            .open(device);
        match opened {
            Ok(file) => return Ok(file),
            Err(why) if tries >= 20 => {
                return Err(why).with_context(|| {
                    format!("{device} is still in use; nothing was written to it")
                });
            }
            Err(_) => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(250));
            }
        }
    }
}
