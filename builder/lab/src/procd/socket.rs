//! procd's socket: one request a connection, records in, text out.

use std::fs;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use super::record::{self, Record};

/// Where procd listens.
pub(crate) const PATH: &str = "/var/run/procd.sock";

/// No request is larger.
const MAX_REQUEST: u64 = 1 << 20;

/// A request and where its answer goes.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) records: Vec<Record>,
    stream: UnixStream,
}

impl Request {
    /// Answers. The first byte tells the client whether it went well.
    pub(crate) fn answer(mut self, result: &Result<String, String>) {
        let (mark, text) = match result {
            Ok(text) => (b"+", text),
            Err(text) => (b"-", text),
        };
        // The client may be gone; that is its own affair.
        let _ = self
            .stream
            .write_all(mark)
            .and_then(|()| self.stream.write_all(text.as_bytes()));
    }
}

/// Opens the socket, for root only, in place of an old one.
pub(crate) fn listen() -> io::Result<UnixListener> {
    if let Some(dir) = Path::new(PATH).parent() {
        fs::create_dir_all(dir)?;
    }
    match fs::remove_file(PATH) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(PATH)?;
    fs::set_permissions(PATH, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Reads one request; a wrong one is answered at once.
pub(crate) fn read(mut stream: UnixStream) -> Option<Request> {
    let mut bytes = Vec::new();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    stream
        .set_write_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    (&mut stream)
        .take(MAX_REQUEST)
        .read_to_end(&mut bytes)
        .ok()?;
    match record::parse(&bytes) {
        Ok(records) => Some(Request { records, stream }),
        Err(why) => {
            let request = Request {
                records: Vec::new(),
                stream,
            };
            request.answer(&Err(why.to_string()));
            None
        }
    }
}

/// Sends records and gives the answer.
pub(crate) fn ask(bytes: &[u8]) -> io::Result<Result<String, String>> {
    let mut stream = UnixStream::connect(PATH)?;
    stream.write_all(bytes)?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(match answer.strip_prefix('+') {
        Some(text) => Ok(text.to_owned()),
        None => Err(answer
            .strip_prefix('-')
            .unwrap_or("procd gave no answer")
            .to_owned()),
    })
}
