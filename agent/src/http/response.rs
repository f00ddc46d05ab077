//! Writing a response.

use std::fmt::Write;
use std::time::SystemTime;

use super::request::Rejected;

/// A response to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The body; HEAD gets its headers only.
    pub body: Body,
}

/// A response's body, and with it its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A page for people.
    Html(String),
    /// JSON.
    Json(String),
    /// Plain text.
    Text(String),
    /// The Prometheus text format.
    Prometheus(String),
}

impl Response {
    /// 200 with this body.
    pub fn ok(body: Body) -> Self {
        Self { status: 200, body }
    }

    /// An error with one line of text.
    pub fn error(status: u16, text: &str) -> Self {
        Self {
            status,
            body: Body::Text(format!("{status} {}: {text}\n", reason(status))),
        }
    }
}

impl From<Rejected> for Response {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Bad(why) => Self::error(400, why),
            Rejected::TargetTooLong => Self::error(414, "the address is too long"),
            Rejected::HeadTooLarge => Self::error(431, "the request's headers are too large"),
            Rejected::UnknownMethod => Self::error(501, "the method is not known"),
            Rejected::Version => Self::error(505, "only HTTP/1.0 and 1.1 are spoken here"),
        }
    }
}

impl Body {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Html(text) | Self::Json(text) | Self::Text(text) | Self::Prometheus(text) => {
                text.as_bytes()
            }
        }
    }

    fn content_type(&self) -> &'static str {
        match self {
            Self::Html(_) => "text/html; charset=utf-8",
            Self::Json(_) => "application/json",
            Self::Text(_) => "text/plain; charset=utf-8",
            Self::Prometheus(_) => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// The head of a response, with the empty line that ends it. `date` is the node's time, if it knows it.
pub fn head(response: &Response, keep_alive: bool, date: Option<SystemTime>) -> String {
    let status = response.status;
    let mut head = format!(
        "HTTP/1.1 {status} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
        reason(status),
        response.body.content_type(),
        response.body.bytes().len(),
    );
    if let Some(date) = date {
        // Writing to a String cannot fail.
        let _ = write!(head, "Date: {}\r\n", httpdate::fmt_http_date(date));
    }
    if matches!(response.body, Body::Html(_)) {
        // The page loads nothing and runs nothing, whatever a host name or site may hold.
        head += "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n";
    }
    match status {
        405 => head += "Allow: GET, HEAD\r\n",
        503 => head += "Retry-After: 5\r\n",
        _ => {}
    }
    head += if keep_alive {
        "Connection: keep-alive\r\n\r\n"
    } else {
        "Connection: close\r\n\r\n"
    };
    head
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        414 => "URI Too Long",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Error",
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn heads() {
        let date = Some(UNIX_EPOCH + Duration::from_secs(784_111_777));
        let mut said = head(&Response::ok(Body::Html("<p>ü".into())), true, date);
        said += &head(&Response::error(405, "no"), false, None);
        said += &head(&Rejected::HeadTooLarge.into(), false, None);
        insta::assert_snapshot!(said.replace("\r\n", "\\r\\n\n"));
    }
}
