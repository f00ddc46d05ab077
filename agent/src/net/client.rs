//! Asking the running agent over its unix socket.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

/// How long the agent may take for each step.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes an answer may have.
const MOST: u64 = 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum AskError {
    /// Nobody listens at the socket.
    #[error("the agent is not running ({}: {error}); start it with /etc/init.d/clomd start", path.display())]
    NotRunning {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The agent was there but did not answer.
    #[error("{}: the agent does not answer: {error}", path.display())]
    NoAnswer {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The answer is not what an agent says.
    #[error("{}: {what}", path.display())]
    BadAnswer {
        /// The socket.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// Gets a page from the agent that listens at `socket`.
///
/// # Errors
/// [`AskError`].
pub fn ask(socket: &Path, page: &str) -> Result<String, AskError> {
    let path = || socket.to_owned();
    let mut stream = UnixStream::connect(socket).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AskError::NotRunning {
            path: path(),
            error,
        },
        _ => AskError::NoAnswer {
            path: path(),
            error,
        },
    })?;
    let answer = exchange(&mut stream, page).map_err(|error| AskError::NoAnswer {
        path: path(),
        error,
    })?;
    body(&answer).map_err(|what| AskError::BadAnswer { path: path(), what })
}

fn exchange(stream: &mut UnixStream, page: &str) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {page} HTTP/1.1\r\nHost: clomd\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer)?;
    Ok(answer)
}

/// The body of a successful response.
fn body(answer: &[u8]) -> Result<String, String> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(answer) {
        Ok(httparse::Status::Complete(length)) => length,
        _ => return Err("what answers there is not the agent".to_owned()),
    };
    let body = answer.get(length..).unwrap_or_default();
    let declared = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
    if declared != Some(body.len()) {
        return Err("the answer was cut off".to_owned());
    }
    let body = String::from_utf8_lossy(body).into_owned();
    match response.code {
        Some(200) => Ok(body),
        _ => Err(format!("the agent says: {}", body.trim_end())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn answers() {
        let said = |text: &str| body(text.as_bytes());
        assert_eq!(
            said("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nup\n"),
            Ok("up\n".into())
        );
        assert!(
            said("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nup\n")
                .unwrap_err()
                .contains("cut off")
        );
        assert!(
            said("HTTP/1.1 200 OK\r\n\r\nup\n")
                .unwrap_err()
                .contains("cut off")
        );
        assert!(
            said("SSH-2.0-dropbear\r\n")
                .unwrap_err()
                .contains("not the agent")
        );
        assert_eq!(
            said("HTTP/1.1 503 X\r\ncontent-length: 5\r\n\r\nbusy\n"),
            Err("the agent says: busy".into())
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = body(&bytes);
        }
    }
}
