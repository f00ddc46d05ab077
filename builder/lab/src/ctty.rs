//! `ctty ASK DEVICE COMMAND...`: runs a command as the owner of a terminal, after Enter was pressed if ASK is 1.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::procd::spawn;

/// The applet; returns only with an error.
pub(crate) fn main(arguments: &[OsString]) -> Result<()> {
    let [ask, device, program, rest @ ..] = arguments else {
        bail!("usage: ctty 0|1 DEVICE COMMAND...");
    };
    let shown = device.to_string_lossy().into_owned();
    rustix::process::setsid().context("no session of its own")?;
    let mut terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open(device)
        .context(shown.clone())?;
    rustix::process::ioctl_tiocsctty(&terminal)
        .with_context(|| format!("{shown}: no controlling terminal"))?;
    if ask == "1" {
        terminal
            .write_all(b"\r\nPlease press Enter to activate this console.\r\n")
            .context(shown.clone())?;
        let mut byte = [0];
        while byte != *b"\n" && byte != *b"\r" {
            if terminal.read(&mut byte).context(shown.clone())? == 0 {
                return Ok(());
            }
        }
    }
    let copy = || -> Result<Stdio> {
        Ok(terminal
            .try_clone()
            .context("no copy of the terminal")?
            .into())
    };
    let error = Command::new(program)
        .args(rest)
        .env_clear()
        .env("PATH", spawn::PATH)
        .env("HOME", "/root")
        .env("TERM", "linux")
        .stdin(copy()?)
        .stdout(copy()?)
        .stderr(copy()?)
        .exec();
    Err(error).with_context(|| program.to_string_lossy().into_owned())
}
