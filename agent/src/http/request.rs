//! Reading a request's head.

/// The most bytes a request's head may have.
pub const MOST_HEAD: usize = 8 * 1024;
/// The most headers a request may have.
const MOST_HEADERS: usize = 64;
/// The longest request target.
const LONGEST_TARGET: usize = 2 * 1024;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path without the query.
    pub path: String,
    /// Whether the client can send another request on this connection.
    pub keep_alive: bool,
}

/// A request's method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// HEAD: GET without the body.
    Head,
    /// A method of the standard that is not served here.
    Other,
}

/// A request that is not answered, but told why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    /// 400: not HTTP, or against its rules.
    Bad(&'static str),
    /// 414: a target longer than 2 KiB.
    TargetTooLong,
    /// 431: a head of more than 8 KiB or 64 headers.
    HeadTooLarge,
    /// 501: a method that no standard knows.
    UnknownMethod,
    /// 505: neither HTTP/1.0 nor 1.1.
    Version,
}

/// What the bytes so far hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// The beginning of a head.
    Partial,
    /// A whole head of so many bytes.
    Complete(Request, usize),
    /// A head that is refused. The connection is closed after the answer.
    Rejected(Rejected),
}

/// Reads the head of a request from the start of `bytes`. It never asks for more than [`MOST_HEAD`] bytes.
pub fn parse(bytes: &[u8]) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut raw = httparse::Request::new(&mut headers);
    let window = bytes.get(..MOST_HEAD).unwrap_or(bytes);
    let length = match raw.parse(window) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if bytes.len() < MOST_HEAD => {
            return match raw.path {
                Some(path) if path.len() > LONGEST_TARGET => {
                    Parsed::Rejected(Rejected::TargetTooLong)
                }
                _ => Parsed::Partial,
            };
        }
        Ok(httparse::Status::Partial) => {
            // A line that never ends is the target.
            let rejected = match window.contains(&b'\n') {
                true => Rejected::HeadTooLarge,
                false => Rejected::TargetTooLong,
            };
            return Parsed::Rejected(rejected);
        }
        Err(httparse::Error::TooManyHeaders) => {
            return Parsed::Rejected(Rejected::HeadTooLarge);
        }
        Err(httparse::Error::Version) => return Parsed::Rejected(Rejected::Version),
        Err(_) => return Parsed::Rejected(Rejected::Bad("this is not an HTTP request")),
    };
    match check(&raw) {
        Ok(request) => Parsed::Complete(request, length),
        Err(rejected) => Parsed::Rejected(rejected),
    }
}

fn check(raw: &httparse::Request<'_, '_>) -> Result<Request, Rejected> {
    let method = match raw.method.unwrap_or_default() {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" | "PUT" | "DELETE" | "PATCH" | "OPTIONS" | "TRACE" | "CONNECT" => Method::Other,
        _ => return Err(Rejected::UnknownMethod),
    };
    let target = raw.path.unwrap_or_default();
    if target.len() > LONGEST_TARGET {
        return Err(Rejected::TargetTooLong);
    }
    let newer = raw.version == Some(1);
    let values = |name: &'static str| {
        raw.headers
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value)
    };
    match values("host").count() {
        1 => {}
        0 if !newer => {}
        0 => return Err(Rejected::Bad("the Host header is missing")),
        _ => return Err(Rejected::Bad("there are several Host headers")),
    }
    let mut keep_alive = newer;
    for option in values("connection").flat_map(|value| value.split(|byte| *byte == b',')) {
        match option.trim_ascii() {
            word if word.eq_ignore_ascii_case(b"close") => {
                keep_alive = false;
                break;
            }
            word if word.eq_ignore_ascii_case(b"keep-alive") => keep_alive = true,
            _ => {}
        }
    }
    // Nothing here takes a body, and one that is not read must not be taken for the next request.
    let has_body = values("transfer-encoding").next().is_some()
        || values("content-length").any(|value| value != b"0");
    Ok(Request {
        method,
        path: path(target)?,
        keep_alive: keep_alive && !has_body,
    })
}

/// The path of a target, which may be the path itself, a whole address, or (for other methods) `*` or an authority.
fn path(target: &str) -> Result<String, Rejected> {
    let path = if target.starts_with('/') {
        target
    } else if let Some((_, rest)) = target.split_once("://") {
        rest.find(['/', '?'])
            .and_then(|at| rest.get(at..))
            .unwrap_or("/")
    } else if target == "*" || target.contains(':') {
        target
    } else {
        return Err(Rejected::Bad("the request target is not a path"));
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    Ok(if path.is_empty() { "/" } else { path }.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(text: &str) -> Result<(Method, String, bool), Rejected> {
        match parse(text.as_bytes()) {
            Parsed::Complete(request, length) => {
                assert_eq!(length, text.len());
                Ok((request.method, request.path, request.keep_alive))
            }
            Parsed::Rejected(rejected) => Err(rejected),
            Parsed::Partial => panic!("partial: {text:?}"),
        }
    }

    #[test]
    fn what_is_asked() {
        let asked = |line: &str| {
            request(&format!("{line}\r\nHost: n\r\n\r\n")).map(|(method, path, _)| (method, path))
        };
        assert_eq!(asked("GET / HTTP/1.1"), Ok((Method::Get, "/".into())));
        assert_eq!(
            asked("HEAD /metrics?x=/y HTTP/1.1"),
            Ok((Method::Head, "/metrics".into()))
        );
        assert_eq!(
            asked("GET http://node:8100/healthz#x HTTP/1.1"),
            Ok((Method::Get, "/healthz".into()))
        );
        assert_eq!(
            asked("GET http://node?x HTTP/1.1"),
            Ok((Method::Get, "/".into()))
        );
        assert_eq!(asked("OPTIONS * HTTP/1.1"), Ok((Method::Other, "*".into())));
        assert_eq!(
            asked("CONNECT a:1 HTTP/1.1"),
            Ok((Method::Other, "a:1".into()))
        );
        assert_eq!(asked("BREW / HTTP/1.1"), Err(Rejected::UnknownMethod));
        assert_eq!(asked("get / HTTP/1.1"), Err(Rejected::UnknownMethod));
        assert_eq!(asked("GET / HTTP/2.0"), Err(Rejected::Version));
        assert!(matches!(
            asked("GET etc/passwd HTTP/1.1"),
            Err(Rejected::Bad(_))
        ));
        assert!(matches!(asked("GET /"), Err(Rejected::Bad(_))));
    }

    #[test]
    fn the_connection_stays_as_both_sides_agree() {
        let stays = |version: &str, headers: &str| {
            request(&format!("GET / HTTP/{version}\r\nHost: n\r\n{headers}\r\n"))
                .map(|(.., keep)| keep)
        };
        assert_eq!(stays("1.1", ""), Ok(true));
        assert_eq!(stays("1.1", "Connection: Close\r\n"), Ok(false));
        assert_eq!(
            stays("1.1", "Connection: x, close\r\nConnection: keep-alive\r\n"),
            Ok(false)
        );
        assert_eq!(stays("1.0", ""), Ok(false));
        assert_eq!(stays("1.0", "connection: Keep-Alive\r\n"), Ok(true));
        assert_eq!(stays("1.1", "Content-Length: 5\r\n"), Ok(false));
        assert_eq!(stays("1.1", "Content-Length: 0\r\n"), Ok(true));
        assert_eq!(stays("1.1", "Transfer-Encoding: chunked\r\n"), Ok(false));
    }

    #[test]
    fn hosts() {
        assert!(matches!(
            request("GET / HTTP/1.1\r\n\r\n"),
            Err(Rejected::Bad(_))
        ));
        assert!(matches!(
            request("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
            Err(Rejected::Bad(_))
        ));
        assert!(request("GET / HTTP/1.0\r\n\r\n").is_ok());
    }

    #[test]
    fn limits() {
        let many: String = (0..65).map(|at| format!("X-{at}: y\r\n")).collect();
        assert_eq!(
            request(&format!("GET / HTTP/1.1\r\n{many}\r\n")),
            Err(Rejected::HeadTooLarge)
        );
        let long = "x".repeat(MOST_HEAD);
        assert_eq!(
            request(&format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}")),
            Err(Rejected::HeadTooLarge)
        );
        assert_eq!(
            request(&format!("GET /{long}")),
            Err(Rejected::TargetTooLong)
        );
        assert_eq!(
            request(&format!(
                "GET /{} HTTP/1.1\r\nHost: a\r\n\r\n",
                &long[..2048]
            )),
            Err(Rejected::TargetTooLong)
        );
        assert!(
            request(&format!(
                "GET /{} HTTP/1.1\r\nHost: a\r\n\r\n",
                &long[..2047]
            ))
            .is_ok()
        );
    }

    #[test]
    fn a_head_may_come_in_pieces_and_a_second_one_may_follow() {
        let text = b"\r\nGET /a HTTP/1.1\r\nHost: n\r\n\r\n";
        for length in 0..text.len() {
            assert_eq!(parse(&text[..length]), Parsed::Partial, "{length}");
        }
        let both = [&text[..], b"GET /b"].concat();
        assert!(matches!(parse(&both), Parsed::Complete(_, length) if length == text.len()));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn heads_of_any_shape(
            method in "[A-Z]{0,8}", target in "[ -~]{0,20}", version in "(HTTP/[0-9.]{0,3})?",
            headers in prop::collection::vec("[A-Za-z-]{0,12}:[ -~\\t]{0,12}\r?\n?", 0..5), cut in 0..400_usize
        ) {
            let text = format!("{method} {target} {version}\r\n{}\r\n", headers.concat());
            let bytes = text.as_bytes();
            let window = &bytes[..cut.min(bytes.len())];
            if let Parsed::Complete(request, length) = parse(window) {
                prop_assert!(length <= window.len());
                prop_assert!(!request.path.is_empty());
                // What is complete stays so when more bytes come.
                prop_assert_eq!(parse(bytes), Parsed::Complete(request, length));
            }
        }

        #[test]
        fn never_more_than_the_limit_is_asked_for(filler in prop::collection::vec(b' '..=b'~', MOST_HEAD)) {
            prop_assert!(parse(&filler) != Parsed::Partial);
            let mut head = b"GET / HTTP/1.1\r\nHost: a\r\nX: ".to_vec();
            head.extend(filler);
            prop_assert!(parse(&head) != Parsed::Partial);
        }
    }
}
