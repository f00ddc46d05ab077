//! The edge of logging: sockets and standard error.

use std::io::{self, IsTerminal, Write};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::syslog;
use crate::root::Root;

struct Logger {
    path: PathBuf,
    /// The socket to logd while it works. (A mutex because `Log` must be `Sync`; there is one thread.)
    socket: Mutex<Option<UnixDatagram>>,
    stderr: bool,
}

/// Starts logging to `/dev/log`; to standard error as well when `foreground` or when it is a terminal.
///
/// What cannot reach `/dev/log` goes to standard error, which procd keeps.
pub fn start(root: &Root, foreground: bool) {
    let logger = Logger {
        path: root.at("/dev/log"),
        socket: Mutex::new(None),
        stderr: foreground || io::stderr().is_terminal(),
    };
    if log::set_boxed_logger(Box::new(logger)).is_ok() {
        set_level(LevelFilter::Info);
        std::panic::set_hook(Box::new(|panic| log::error!("bug, please report: {panic}")));
    }
}

/// Sets how much is logged.
pub fn set_level(level: LevelFilter) {
    log::set_max_level(level);
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Other crates' chatter is no help on a router.
        metadata.target().starts_with("clomd") || metadata.level() <= Level::Warn
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let text = record.args().to_string();
        let line = syslog::message(record.level(), &text, std::process::id(), SystemTime::now());
        let sent = self.send(line.as_bytes());
        if self.stderr || !sent {
            // Nobody can be told when standard error does not work either.
            let _ = writeln!(io::stderr(), "clomd: {}: {text}", name(record.level()));
        }
    }

    fn flush(&self) {}
}

impl Logger {
    /// Sends a datagram without waiting. When logd was restarted, connects again, once.
    fn send(&self, datagram: &[u8]) -> bool {
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connected) = socket.as_ref()
            && connected.send(datagram).is_ok()
        {
            return true;
        }
        *socket = self.connect().ok();
        socket
            .as_ref()
            .is_some_and(|connected| connected.send(datagram).is_ok())
    }

    fn connect(&self) -> io::Result<UnixDatagram> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(&self.path)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Info => "info",
        Level::Debug | Level::Trace => "debug",
    }
}
