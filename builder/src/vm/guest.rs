//! A QEMU process. It never outlives `clom`: dropped it is killed, and the kernel kills it when `clom` is killed.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, anyhow};

use super::console::Console;
use super::qemu::{self, Boot};
use crate::failure::{Class, Failure, OrFail};
use crate::lab::host;

/// A running machine whose console a program has.
#[derive(Debug)]
pub struct Guest {
    child: Child,
    /// Its console.
    pub console: Console,
}

/// The command that starts QEMU such that it dies with the thread that starts it.
fn command(boot: &Boot<'_>) -> Result<Command, Failure> {
    let (program, package) = qemu::program(boot.machine);
    let program = host::need(
        program,
        &format!("{package} (with --no-install-recommends it is small)"),
    )?;
    let setpriv = host::need("setpriv", "util-linux")?;
    let mut command = Command::new(setpriv);
    command
        .args(["--pdeathsig", "KILL", "--"])
        .arg(program)
        .args(qemu::arguments(boot));
    Ok(command)
}

impl Guest {
    /// Starts the machine; its console is written to `log`.
    ///
    /// # Errors
    /// When QEMU is missing or can't be started.
    pub fn start(boot: &Boot<'_>, log: &Path) -> Result<Self, Failure> {
        let mut child = command(boot)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // QEMU's own complaints belong with what the machine says.
            .stderr(log_file(log)?)
            .spawn()
            .context("QEMU can't be started")
            .or_fail(Class::Host)?;
        let (Some(from), Some(to)) = (child.stdout.take(), child.stdin.take()) else {
            return Err(Failure::new(Class::Host, anyhow!("QEMU has no console")));
        };
        let console = Console::new(from, to, log).or_fail(Class::Output)?;
        Ok(Self { child, console })
    }

    /// Cuts the power.
    pub fn kill(mut self) {
        end(&mut self.child);
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // It may have ended already.
    let _ = child.kill();
    let _ = child.wait();
}

fn log_file(log: &Path) -> Result<std::fs::File, Failure> {
    std::fs::File::options()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| log.display().to_string())
        .or_fail(Class::Output)
}

/// Runs the machine on the user's terminal until it ends.
///
/// # Errors
/// When QEMU is missing, can't be started or fails.
pub fn interactive(boot: &Boot<'_>) -> Result<(), Failure> {
    let mut child = command(boot)?
        .spawn()
        .context("QEMU can't be started")
        .or_fail(Class::Host)?;
    let status = child.wait().context("QEMU").or_fail(Class::Host)?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(
        Class::Boot,
        anyhow!("QEMU ended with {status}"),
    ))
}
