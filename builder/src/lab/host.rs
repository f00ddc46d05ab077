//! Running the host's tools, with errors that say which package is missing.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, anyhow};

use crate::failure::{Class, Failure, OrFail};

/// Where a program lies, looked up in `PATH` and in the folders that a user's `PATH` may lack.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}

/// The program, or a failure that names the Debian packages to install.
pub(crate) fn need(program: &str, packages: &str) -> Result<PathBuf, Failure> {
    find(program).ok_or_else(|| {
        Failure::new(
            Class::Host,
            anyhow!("this machine has no `{program}`, which the lab needs"),
        )
        .help(format!("apt-get install {packages}"))
    })
}

/// Runs a command to its end, quietly; what it printed comes back, or is the error when it fails.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let shown = show(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{shown}` can't be run"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let mut said = output.stdout;
    said.extend_from_slice(&output.stderr);
    let said = String::from_utf8_lossy(&said);
    let tail: Vec<&str> = said.trim_end().lines().rev().take(15).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    Err(anyhow!(
        "`{shown}` ended with {}:\n{}",
        output.status,
        tail.join("\n")
    ))
}

/// [`run`], with a failure of this class and its cure.
pub(super) fn run_or(command: &mut Command, class: Class, cure: &str) -> Result<Vec<u8>, Failure> {
    run(command)
        .or_fail(class)
        .map_err(|failure| failure.help(cure))
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words
        .map(OsStr::to_string_lossy)
        .map(|word| word.into_owned())
        .collect();
    words.join(" ")
}

/// How many jobs `make` may run.
pub(super) fn jobs() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("-j{cores}")
}

/// Reads a file, with its path in the error.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{} can't be read", path.display()))
}
