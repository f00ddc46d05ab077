//! `/sbin/init`: the first program. Mounts what everything needs, runs `/etc/preinit`, becomes procd.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::mount::{MountFlags, mount};

use crate::procd::{log, shutdown, spawn};

/// The applet `init`; returns only with an error.
pub(crate) fn main() -> Result<()> {
    if std::process::id() != 1 {
        bail!("init is for the kernel to start; to go down use reboot, poweroff or halt");
    }
    if let Err(why) = begin() {
        log::warn(&format!("init: {why:#}"));
        std::thread::sleep(Duration::from_secs(2));
        shutdown::restart(rustix::system::RebootCommand::Restart);
    }
    Ok(())
}

fn begin() -> Result<()> {
    let no_exec = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount_once("proc", "/proc", "proc", no_exec, "/proc/self")?;
    mount_once("sysfs", "/sys", "sysfs", no_exec, "/sys/class")?;
    mount_once(
        "devtmpfs",
        "/dev",
        "devtmpfs",
        MountFlags::NOSUID,
        "/dev/null",
    )?;
    let in_memory = MountFlags::NOSUID | MountFlags::NODEV;
    mount("tmpfs", "/tmp", "tmpfs", in_memory, Some(c"mode=1777")).context("mount /tmp")?;
    fs::create_dir_all("/dev/pts").context("/dev/pts")?;
    if let Err(why) = mount("devpts", "/dev/pts", "devpts", no_exec, Some(c"mode=600")) {
        log::say(&format!("no pseudo-terminals: {why}"));
    }
    for dir in ["run", "log", "lock", "state", "sysinfo", ".uci"] {
        fs::create_dir_all(format!("/tmp/{dir}")).with_context(|| format!("/tmp/{dir}"))?;
    }
    let status = Command::new("/etc/preinit")
        .env_clear()
        .env("PATH", spawn::PATH)
        .env("PREINIT", "1")
        .status()
        .context("/etc/preinit can't be run")?;
    if !status.success() {
        log::warn(&format!("/etc/preinit ended with {status}; going on"));
    }
    std::env::set_current_dir("/").context("/")?;
    let error = Command::new("/sbin/procd")
        .env_clear()
        .env("PATH", spawn::PATH)
        .exec();
    Err(error).context("/sbin/procd can't be run")
}

/// Mounts unless `there` shows that it is mounted already (by an initramfs, or by the kernel itself).
fn mount_once(source: &str, at: &str, kind: &str, flags: MountFlags, there: &str) -> Result<()> {
    if Path::new(there).exists() {
        return Ok(());
    }
    mount(source, at, kind, flags, None).with_context(|| format!("mount {at}"))
}
