//! `procctl`: talks to procd.

use std::ffi::OsString;
use std::io::Read;

use anyhow::{Context, Result, bail};

use crate::procd::{record, socket};

const USAGE: &str = "\
usage: procctl set                          take a service from records on standard input
       procctl delete SERVICE [INSTANCE]    end it
       procctl running SERVICE [INSTANCE]   exit 0 if it has a process
       procctl signal SERVICE [SIGNAL] [INSTANCE]
       procctl list [SERVICE]               all there is to know, as JSON
       procctl event EVENT [ABOUT]          run what waits for it
       procctl reboot
       procctl upgrade IMAGE [ARCHIVE]      stop everything and write the root file system (see sysupgrade)";

/// The applet. The number is its exit code.
pub(crate) fn main(arguments: &[OsString]) -> Result<u8> {
    let Some(verb) = arguments.first() else {
        bail!("{USAGE}");
    };
    let mut bytes = Vec::new();
    record::push(&mut bytes, arguments);
    if verb == "set" {
        std::io::stdin()
            .read_to_end(&mut bytes)
            .context("standard input")?;
    }
    match socket::ask(&bytes).with_context(|| format!("{}: procd does not answer", socket::PATH))? {
        Ok(text) => {
            print!("{text}");
            Ok(0)
        }
        Err(_) if verb == "running" => Ok(1),
        Err(text) => bail!("{text}"),
    }
}
