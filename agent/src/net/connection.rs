//! One connection: requests in, responses out, until either side has had enough.

use std::io;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use crate::http::{self, MOST_HEAD, Method, Parsed, Request, Response};

/// How long a connection may lie idle before and between requests.
const IDLE: Duration = Duration::from_secs(30);
/// How long a request's head may take from its first byte.
const HEAD: Duration = Duration::from_secs(10);
/// How long the client may take to read a response.
const WRITE: Duration = Duration::from_secs(30);
/// How long and for how many bytes a client is listened to after the last response.
const LINGER: (Duration, usize) = (Duration::from_secs(1), 64 * 1024);

/// A stream of either kind, so that the code for connections is in the program once.
pub trait Stream: AsyncRead + AsyncWrite {}

impl<T: AsyncRead + AsyncWrite> Stream for T {}

/// What answers requests.
pub trait Service {
    /// The answer to a request.
    fn answer(&self, request: &Request) -> Response;
    /// The time to put into responses, if it is known.
    fn date(&self) -> Option<SystemTime>;
    /// Is told the status of every answer.
    fn answered(&self, status: u16);
}

/// Serves a connection to its end. Errors end it; the client sees that, nobody else needs to.
pub async fn serve(mut stream: Pin<Box<dyn Stream>>, service: &dyn Service) {
    let mut bytes = Vec::with_capacity(512);
    loop {
        let (response, with_body, keep_alive) = match next(&mut stream, &mut bytes).await {
            Next::Request(request) => (
                service.answer(&request),
                request.method != Method::Head,
                request.keep_alive,
            ),
            Next::Rejected(response) => (response, true, false),
            Next::Gone => return,
        };
        service.answered(response.status);
        let mut out = http::head(&response, keep_alive, service.date()).into_bytes();
        if with_body {
            out.extend_from_slice(response.body.bytes());
        }
        match timeout(WRITE, stream.write_all(&out)).await {
            Ok(Ok(())) if keep_alive => {}
            Ok(Ok(())) => return linger(&mut stream).await,
            _ => return,
        }
    }
}

enum Next {
    Request(Request),
    Rejected(Response),
    Gone,
}

/// Reads up to the end of the next request's head; what follows stays in `bytes`.
async fn next(stream: &mut Pin<Box<dyn Stream>>, bytes: &mut Vec<u8>) -> Next {
    let mut deadline = Instant::now() + if bytes.is_empty() { IDLE } else { HEAD };
    let mut worth_parsing = true;
    loop {
        if worth_parsing {
            match http::parse(bytes) {
                Parsed::Complete(request, length) => {
                    bytes.drain(..length);
                    return Next::Request(request);
                }
                Parsed::Rejected(rejected) => return Next::Rejected(rejected.into()),
                Parsed::Partial => {}
            }
        }
        let before = bytes.len();
        match timeout_at(deadline, stream.read_buf(bytes)).await {
            Err(_) if before == 0 => return Next::Gone,
            Err(_) => return Next::Rejected(Response::error(408, "the request took too long")),
            Ok(Err(_) | Ok(0)) => return Next::Gone,
            Ok(Ok(_)) => {}
        }
        if before == 0 {
            deadline = Instant::now() + HEAD;
        }
        // A head can only have become complete with a new line. This keeps a client that sends byte by byte cheap.
        let new = bytes.get(before..).unwrap_or_default();
        worth_parsing = before == 0 || new.contains(&b'\n') || bytes.len() >= MOST_HEAD;
    }
}

/// Says that no more will be sent, and reads for a moment what the client still sends: closing with
/// unread bytes would reset the connection and could take the response with it.
async fn linger(stream: &mut Pin<Box<dyn Stream>>) {
    let (time, mut most) = LINGER;
    let drain = async {
        stream.shutdown().await?;
        let mut waste = [0; 512];
        loop {
            let length = stream.read(&mut waste).await?;
            most = most.saturating_sub(length);
            if length == 0 || most == 0 {
                return io::Result::Ok(());
            }
        }
    };
    // Whatever comes of it, the connection is over.
    let _ = timeout(time, drain).await;
}
