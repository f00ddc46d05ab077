//! The little HTTP that the lab needs: ask a machine's agent, and hand a file to a machine. Loopback only.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

const PATIENCE: Duration = Duration::from_secs(20);
/// No answer of the agent is longer.
const MAX_ANSWER: u64 = 4 << 20;

/// The body of `http://127.0.0.1:PORT/PATH`, when the answer is 200.
///
/// # Errors
/// When nothing answers, or with another status.
pub fn get(port: u16, path: &str) -> Result<Vec<u8>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).context("no connection")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream
        .take(MAX_ANSWER)
        .read_to_end(&mut answer)
        .context("no answer")?;
    body(&answer)
}

/// The body of an answer with status 200.
fn body(answer: &[u8]) -> Result<Vec<u8>> {
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .ok_or_else(|| anyhow!("the answer is not HTTP"))?;
    let (head, rest) = answer.split_at(end);
    let body = rest.get(4..).unwrap_or_default();
    let head = String::from_utf8_lossy(head).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        bail!("the answer is `{status}`");
    }
    let field = |name: &str| {
        head.split("\r\n").skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    };
    if field("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return unchunk(body);
    }
    match field("content-length").map(|value| value.parse::<usize>()) {
        Some(Ok(length)) if length <= body.len() => {
            Ok(body.get(..length).unwrap_or_default().to_vec())
        }
        Some(_) => bail!("the answer is cut short"),
        None => Ok(body.to_vec()),
    }
}

fn unchunk(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let end = rest
            .windows(2)
            .position(|two| two == b"\r\n")
            .ok_or_else(|| anyhow!("the answer is cut short"))?;
        let size = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).context("a chunk's size")?;
        rest = rest.get(end + 2..).unwrap_or_default();
        if size == 0 {
            return Ok(out);
        }
        out.extend_from_slice(
            rest.get(..size)
                .ok_or_else(|| anyhow!("the answer is cut short"))?,
        );
        rest = rest.get(size + 2..).unwrap_or_default();
    }
}

/// Serves one file on the loopback address while it lives.
#[derive(Debug)]
pub struct Server {
    /// The port on 127.0.0.1.
    pub port: u16,
}

impl Server {
    /// Serves the file to whoever asks for `/file`. The thread ends with the program.
    ///
    /// # Errors
    /// When the file can't be read or no port is free.
    pub fn start(file: &Path) -> Result<Self> {
        let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        let port = listener.local_addr()?.port();
        std::thread::Builder::new()
            .name("http".into())
            .spawn(move || {
                for stream in listener.incoming().flatten() {
                    // Whoever hangs up gets nothing; it is the machine's affair to ask again.
                    let _ = serve(stream, &bytes);
                }
            })
            .context("no thread for the server")?;
        Ok(Self { port })
    }
}

fn serve(stream: TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.try_clone()?).take(16 * 1024);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let mut stream = stream;
    if request.split(' ').nth(1) != Some("/file") {
        return stream.write_all(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }
    write!(
        stream,
        "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n",
        bytes.len()
    )?;
    stream.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served_is_got() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f");
        std::fs::write(&file, vec![7; 100_000]).unwrap();
        let server = Server::start(&file).unwrap();
        assert_eq!(get(server.port, "/file").unwrap(), vec![7; 100_000]);
        let error = get(server.port, "/other").unwrap_err().to_string();
        assert!(error.contains("404"), "{error}");
    }

    #[test]
    fn bodies_come_whole_or_not_at_all() {
        assert_eq!(body(b"HTTP/1.1 200 OK\r\n\r\nabc").unwrap(), b"abc");
        assert_eq!(
            body(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc").unwrap(),
            b"ab"
        );
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x\r\nd\r\n0\r\n\r\n";
        assert_eq!(body(chunked).unwrap(), b"abcd");
        for wrong in [
            &b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"[..],
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
            b"HTTP/1.1 503 Busy\r\n\r\n",
            b"nonsense",
        ] {
            assert!(body(wrong).is_err());
        }
    }
}
