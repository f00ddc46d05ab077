//! Running a script under bubblewrap.

use std::fs;
use std::io::{self, PipeReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::Sandbox;
use crate::packages::install::{Script, ScriptError};

/// How much of the output an error shows.
const TAIL: usize = 2000;
/// How often it is looked whether the script has ended.
const STEP: Duration = Duration::from_millis(10);

/// Runs the script over the folder `rootfs` of `place`.
pub(super) fn run(
    sandbox: &Sandbox,
    program: &Path,
    place: &Path,
    script: &Script<'_>,
) -> Result<(), ScriptError> {
    let host = |error: io::Error| {
        ScriptError::Host(format!("{} does not start: {error}", program.display()))
    };
    let inside = place.join("clom");
    fs::create_dir(&inside).map_err(host)?;
    fs::write(inside.join("script"), script.text).map_err(host)?;
    fs::write(inside.join("start"), starter(sandbox)).map_err(host)?;
    let (reader, writer) = io::pipe().map_err(host)?;
    let mut command = command(program, place, script.package);
    command.stdin(Stdio::null());
    command
        .stdout(writer.try_clone().map_err(host)?)
        .stderr(writer);
    let child = command.spawn().map_err(host)?;
    // The command holds ends of the pipe, which would never end.
    drop(command);
    let too_much = Arc::new(AtomicBool::new(false));
    let output = {
        let (too_much, limit) = (Arc::clone(&too_much), sandbox.output);
        thread::spawn(move || read(reader, limit, &too_much))
    };
    let ended = wait(child, sandbox.time, &too_much).map_err(host)?;
    let output = output.join().unwrap_or_default();
    let output = String::from_utf8_lossy(&output).into_owned();
    let failed = |problem: String| {
        Err(ScriptError::Failed {
            problem,
            output: output.clone(),
        })
    };
    if !inside.join("started").exists() {
        return Err(ScriptError::Host(format!(
            "bubblewrap cannot shut it in here: {}",
            output.trim().replace('\n', "; ")
        )));
    }
    if too_much.load(Ordering::Relaxed) {
        return failed(format!(
            "wrote more than {} bytes and was stopped",
            sandbox.output
        ));
    }
    match ended {
        None => failed(format!(
            "did not end within {} s and was stopped",
            sandbox.time.as_secs_f32()
        )),
        Some(status) if status.success() => Ok(()),
        Some(status) => failed(match status.code() {
            Some(code) => format!("ended with status {code}"),
            None => format!("was stopped: {status}"),
        }),
    }
}

/// What sets the stage. The script may end the shell, and its last status is that of the whole.
fn starter(sandbox: &Sandbox) -> String {
    format!(
        ": > /clom/started\n\
         umask 022\n\
         ulimit -c 0\n\
         ulimit -f {} || exit 125\n\
         [ ! -s \"$IPKG_INSTROOT/lib/functions.sh\" ] || . \"$IPKG_INSTROOT/lib/functions.sh\"\n\
         . /clom/script\n",
        sandbox.size.div_ceil(1024)
    )
}

fn command(program: &Path, place: &Path, package: &str) -> Command {
    let mut command = Command::new(program);
    command.args([
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
    ]);
    command.args(["--uid", "0", "--gid", "0"]);
    command.args(["--ro-bind", "/usr", "/usr"]);
    for folder in ["/bin", "/sbin", "/lib", "/lib64", "/lib32"] {
        // Links into /usr on today's systems.
        match fs::read_link(folder) {
            Ok(target) => {
                command.arg("--symlink").arg(target).arg(folder);
            }
            Err(_) => {
                command.args(["--ro-bind-try", folder, folder]);
            }
        }
    }
    command.args(["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"]);
    command.args([
        "--proc", "/proc", "--dev", "/dev", "--size", "67108864", "--tmpfs", "/tmp",
    ]);
    command
        .arg("--bind")
        .arg(place.join("rootfs"))
        .arg("/rootfs");
    command.arg("--bind").arg(place.join("clom")).arg("/clom");
    command.args(["--chdir", "/rootfs"]);
    for (name, value) in [
        ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
        ("HOME", "/tmp"),
        ("TMPDIR", "/tmp"),
        ("LC_ALL", "C"),
        ("IPKG_INSTROOT", "/rootfs"),
        ("PKG_ROOT", "/rootfs"),
        ("root", "/rootfs"),
        ("pkgname", package),
    ] {
        command.args(["--setenv", name, value]);
    }
    command.args(["bash", "/clom/start"]);
    command
}

/// Waits until it ends; `None` when it was stopped.
fn wait(mut child: Child, time: Duration, too_much: &AtomicBool) -> io::Result<Option<ExitStatus>> {
    let end = Instant::now() + time;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= end || too_much.load(Ordering::Relaxed) {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(STEP);
    }
}

/// Reads the output until it ends, and keeps the last of it.
fn read(mut reader: PipeReader, limit: u64, too_much: &AtomicBool) -> Vec<u8> {
    let mut tail = Vec::new();
    let mut total = 0;
    let mut piece = [0; 8192];
    while let Ok(len) = reader.read(&mut piece) {
        if len == 0 {
            break;
        }
        tail.extend_from_slice(piece.get(..len).unwrap_or_default());
        tail.drain(..tail.len().saturating_sub(TAIL));
        total += len as u64;
        if total > limit {
            too_much.store(true, Ordering::Relaxed);
            break;
        }
    }
    tail
}
