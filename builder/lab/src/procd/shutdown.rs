//! The end: all processes ended, file systems written out, then reboot, power off, or the upgrade.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::mount::{MountFlags, UnmountFlags, mount_bind, mount_move, mount_remount, unmount};
use rustix::process::{Pid, Signal, kill_process, pivot_root};
use rustix::system::{RebootCommand, reboot};

use super::log;

/// What comes after the last process has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Goal {
    Reboot,
    Halt,
    PowerOff,
    /// Write this image; keep the configuration archive, if any.
    Upgrade {
        image: String,
        keep: Option<String>,
    },
}

/// Does it. Does not return unless the kernel refuses.
pub(crate) fn finish(goal: &Goal) {
    kill_everything();
    rustix::fs::sync();
    let command = match goal {
        Goal::Reboot => RebootCommand::Restart,
        Goal::Halt => RebootCommand::Halt,
        Goal::PowerOff => RebootCommand::PowerOff,
        Goal::Upgrade { image, keep } => {
            if let Err(why) = enter_ramfs(image, keep.as_deref()) {
                log::warn(&format!(
                    "the upgrade can't begin: {why}; nothing was written"
                ));
            }
            RebootCommand::Restart
        }
    };
    close_file_systems();
    log::say("- reboot -");
    restart(command);
}

/// Ends the machine now.
pub(crate) fn restart(command: RebootCommand) {
    rustix::fs::sync();
    if let Err(why) = reboot(command) {
        log::warn(&format!("the kernel refuses to go down: {why}"));
    }
    std::thread::sleep(Duration::from_secs(5));
}

/// SIGTERM to all processes but this one, then SIGKILL to what is left.
fn kill_everything() {
    for (signal, rounds) in [(Signal::TERM, 20), (Signal::KILL, 20)] {
        for pid in others() {
            let _ = kill_process(pid, signal);
        }
        for _ in 0..rounds {
            while let Ok(Some(_)) = rustix::process::wait(rustix::process::WaitOptions::NOHANG) {}
            if others().is_empty() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// The user-space processes other than this one. (Kernel threads have no executable.)
fn others() -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| *pid > 1 && fs::read_link(format!("/proc/{pid}/exe")).is_ok())
        .filter_map(Pid::from_raw)
        .collect()
}

/// Brings the overlay's file system into a clean state: no writes can come after this.
fn close_file_systems() {
    for at in ["/", "/overlay"] {
        if let Err(why) = mount_remount(at, MountFlags::RDONLY, "")
            && Path::new(at).exists()
        {
            log::say(&format!("{at}: can't be made read-only: {why}"));
        }
    }
}

/// Moves into a root file system in memory that holds only what the upgrade needs, so that the disks are free,
/// and goes on there as `upgraded`. Returns only on failure.
fn enter_ramfs(image: &str, keep: Option<&str>) -> io::Result<()> {
    const RAM: &str = "/tmp/upgrade";
    let at = |name: &str| format!("{RAM}/{name}");
    for dir in ["", "proc", "sys", "dev", "old", "sbin", "overlay"] {
        fs::create_dir_all(at(dir))?;
    }
    fs::copy("/sbin/procd", at("sbin/upgraded"))?;
    bring(image, &at("image"))?;
    if let Some(keep) = keep {
        bring(keep, &at("sysupgrade.tgz"))?;
    }
    // A root must be a mount of its own; the memory behind it is /tmp's.
    mount_bind(RAM, RAM)?;
    for dir in ["proc", "sys", "dev"] {
        mount_move(format!("/{dir}"), at(dir))?;
    }
    pivot_root(RAM, at("old"))?;
    rustix::process::chdir("/")?;
    let mut command = Command::new("/sbin/upgraded");
    command.arg("/image");
    if keep.is_some() {
        command.arg("/sysupgrade.tgz");
    }
    Err(command.exec())
}

/// Moves a file, or copies it when it lies on another file system.
fn bring(from: &str, to: &str) -> io::Result<()> {
    fs::rename(from, to).or_else(|_| fs::copy(from, to).map(|_| ()))
}

/// Unmounts all below `/old`, deepest first, then `/old`.
pub(crate) fn leave_old_root() -> io::Result<()> {
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    let mut points: Vec<&str> = mounts
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .filter(|at| *at == "/old" || at.starts_with("/old/"))
        .collect();
    points.sort_by_key(|at| std::cmp::Reverse(at.matches('/').count()));
    for at in points {
        unmount(at, UnmountFlags::empty())
            .or_else(|_| unmount(at, UnmountFlags::DETACH))
            .map_err(|why| io::Error::new(why.kind(), format!("{at}: {why}")))?;
    }
    Ok(())
}
