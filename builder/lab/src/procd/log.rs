//! Where words go: procd's own to the kernel log, services' output to the system log.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixDatagram;

/// Writes a line to the kernel log, which `dmesg` and (through klogd) `logread` show.
pub(crate) fn say(text: &str) {
    write("<30>", text);
}

/// The same for what went wrong; the kernel shows it on the console too.
pub(crate) fn warn(text: &str) {
    write("<27>", text);
}

fn write(level: &str, text: &str) {
    let line = format!("{level}procd: {text}\n");
    let kernel = std::fs::OpenOptions::new().write(true).open("/dev/kmsg");
    if kernel
        .and_then(|mut k| k.write_all(line.as_bytes()))
        .is_err()
    {
        eprintln!("procd: {text}");
    }
}

/// Sends every line of `output` to the system log under this name, until it ends.
pub(crate) fn forward(output: impl Read + Send + 'static, name: String, pid: u32, error: bool) {
    let level = if error { 27 } else { 30 };
    let copy = move || {
        let mut lines = BufReader::new(output);
        let mut line = Vec::new();
        loop {
            line.clear();
            // A line without end is cut, so that it can't fill the memory.
            match lines.by_ref().take(4096).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            let text = String::from_utf8_lossy(&line);
            send(level, &name, pid, text.trim_end());
        }
    };
    if std::thread::Builder::new()
        .name("log".into())
        .stack_size(64 * 1024)
        .spawn(copy)
        .is_err()
    {
        warn("no thread for a service's output; it is lost");
    }
}

fn send(level: u32, name: &str, pid: u32, text: &str) {
    if text.is_empty() {
        return;
    }
    let message = format!("<{level}>{name}[{pid}]: {text}");
    let sent =
        UnixDatagram::unbound().and_then(|socket| socket.send_to(message.as_bytes(), "/dev/log"));
    if sent.is_err() {
        say(&format!("{name}[{pid}]: {text}"));
    }
}
