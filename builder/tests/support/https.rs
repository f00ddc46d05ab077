//! A real HTTPS server on the loopback address, for tests: it serves a folder, as OpenWrt's download server does, and
//! misbehaves on demand. Use it from an integration test with `#[path = "support/https.rs"] mod https;`, then:
//! `let server = Server::https(folder);`, `server.url("releases/…")`, `server.misbehave("path", Misbehaviour::…)`,
//! `server.requests()`. Clients trust it by `server.ca()`, a PEM file: in `fetch::Options::extra_roots`, or in the
//! environment as `SSL_CERT_FILE` of a `clom` that is run. `Server::http` is the same without TLS.

#![allow(dead_code, missing_docs, unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What the server does wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Sends this many bytes of the body, then nothing more, and keeps the connection.
    Stall { after: usize },
    /// Announces the right length, sends this many bytes and hangs up.
    CloseEarly { after: usize },
    /// Announces this many bytes more than there are, and hangs up.
    AnnounceMore(usize),
    /// Announces this many bytes less than there are, sends all.
    AnnounceLess(usize),
    /// Sends the whole file whatever is asked for.
    IgnoreRange,
    /// Sends a rest that begins one byte too late.
    WrongRange,
    /// Sends as many bytes, but others.
    WrongContent,
    /// Sends no length, and ends by hanging up.
    NoLength,
    /// Never ends, and says no length.
    Endless,
    /// Says that the body is gzip.
    Encoded,
    /// Answers with this status.
    Status(u16),
    /// Redirects to the same path.
    RedirectLoop,
    /// Redirects to this URL.
    RedirectTo(String),
    /// Sends this many bytes at a time with a pause between.
    Drip { bytes: usize, pause: Duration },
}

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    /// Header fields, names in lower case.
    pub fields: HashMap<String, String>,
}

impl Asked {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

/// The server; it ends when dropped.
pub struct Server {
    address: SocketAddr,
    tls: bool,
    shared: Arc<Shared>,
    authority: tempfile::NamedTempFile,
}

struct Shared {
    root: PathBuf,
    stop: AtomicBool,
    asked: Mutex<Vec<Asked>>,
    /// By path: what to do wrong, and how many times more.
    wrong: Mutex<HashMap<String, (Misbehaviour, usize)>>,
}

impl Server {
    /// Serves this folder over HTTPS as `localhost`.
    pub fn https(root: &Path) -> Self {
        Self::start(root, Some(config(&AUTHORITY, 2100)))
    }

    /// The same with a certificate that has expired.
    pub fn expired(root: &Path) -> Self {
        Self::start(root, Some(config(&AUTHORITY, 2001)))
    }

    /// Serves this folder over plain HTTP.
    pub fn http(root: &Path) -> Self {
        Self::start(root, None)
    }

    fn start(root: &Path, tls: Option<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            stop: AtomicBool::new(false),
            asked: Mutex::default(),
            wrong: Mutex::default(),
        });
        let mut authority = tempfile::NamedTempFile::new().unwrap();
        authority.write_all(AUTHORITY.pem.as_bytes()).unwrap();
        let server = Self {
            address,
            tls: tls.is_some(),
            shared: shared.clone(),
            authority,
        };
        let tls = tls.map(Arc::new);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stop.load(Ordering::SeqCst) {
                    break;
                }
                let (shared, tls) = (shared.clone(), tls.clone());
                let Ok(stream) = stream else { continue };
                std::thread::spawn(move || {
                    let _ = stream.set_nodelay(true);
                    let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
                    // A client that hangs up is no failure of the test.
                    let _ = match tls {
                        None => shared.connection(stream),
                        Some(tls) => {
                            let tls = ServerConnection::new(tls).unwrap();
                            shared.connection(StreamOwned::new(tls, stream))
                        }
                    };
                });
            }
        });
        server
    }

    /// The URL of a path below the folder.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://localhost:{}/{path}", self.address.port())
    }

    /// The PEM file with the certificate that the server's own is signed by.
    pub fn ca(&self) -> &Path {
        self.authority.path()
    }

    /// From now on, goes wrong at this path.
    pub fn misbehave(&self, path: &str, how: Misbehaviour) {
        self.misbehave_times(path, how, usize::MAX);
    }

    /// Goes wrong at this path this many times.
    pub fn misbehave_times(&self, path: &str, how: Misbehaviour, times: usize) {
        let mut wrong = self.shared.wrong.lock().unwrap();
        wrong.insert(path.to_owned(), (how, times));
    }

    /// From now on, all is well everywhere.
    pub fn behave(&self) {
        self.shared.wrong.lock().unwrap().clear();
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
    }
}

/// Who signs the servers' certificates, one per test process.
static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let name = &mut params.distinguished_name;
    name.push(DnType::CommonName, "Authority of clom's tests");
    let pem = params.self_signed(&key).unwrap().pem();
    Authority {
        pem,
        issuer: Issuer::new(params, key),
    }
});

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn config(authority: &Authority, until_year: i32) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(until_year, 1, 1);
    let certificate = params.signed_by(&key, &authority.issuer).unwrap();
    let chain = vec![CertificateDer::from(certificate)];
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key.into())
        .unwrap()
}

impl Shared {
    fn connection(&self, stream: impl Read + Write) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some(asked) = ask(&mut stream)? {
            self.asked.lock().unwrap().push(asked.clone());
            if !self.answer(&asked, stream.get_mut())? {
                break;
            }
        }
        Ok(())
    }

    fn wrong(&self, path: &str) -> Option<Misbehaviour> {
        let mut wrong = self.wrong.lock().unwrap();
        let (how, times) = wrong.get_mut(path)?;
        *times = times.checked_sub(1)?;
        Some(how.clone())
    }

    /// Answers, and says whether the connection goes on.
    fn answer(&self, asked: &Asked, to: &mut impl Write) -> std::io::Result<bool> {
        use Misbehaviour::*;
        let wrong = self.wrong(&asked.path);
        let head = |to: &mut dyn Write, status: u16, fields: &str| {
            write!(to, "HTTP/1.1 {status} X\r\n{fields}\r\n")?;
            to.flush()
        };
        match &wrong {
            Some(Status(status)) => {
                head(to, *status, "Content-Length: 5\r\n")?;
                to.write_all(b"nope\n")?;
                to.flush()?;
                return Ok(true);
            }
            Some(RedirectLoop) => {
                let fields = format!("Location: /{}\r\nContent-Length: 0\r\n", asked.path);
                head(to, 302, &fields)?;
                return Ok(true);
            }
            Some(RedirectTo(url)) => {
                let fields = format!("Location: {url}\r\nContent-Length: 0\r\n");
                head(to, 302, &fields)?;
                return Ok(true);
            }
            _ => {}
        }
        let inside = !asked.path.split('/').any(|part| part == "..");
        let file = std::fs::read(self.root.join(&asked.path)).ok();
        let Some(mut body) = file.filter(|_| inside) else {
            head(to, 404, "Content-Length: 0\r\n")?;
            return Ok(true);
        };
        let mut hash = DefaultHasher::new();
        body.hash(&mut hash);
        let tag = format!("\"{:x}\"", hash.finish());
        if wrong == Some(WrongContent) {
            body.iter_mut().for_each(|byte| *byte ^= 0x55);
        }

        let same = asked.field("if-range").is_none_or(|value| value == tag);
        let from: Option<usize> = asked
            .field("range")
            .filter(|_| same && wrong != Some(IgnoreRange))
            .and_then(|range| {
                range
                    .strip_prefix("bytes=")?
                    .strip_suffix('-')?
                    .parse()
                    .ok()
            });
        let all = body.len();
        let (status, range) = match from {
            None => (200, String::new()),
            Some(from) if from >= all => {
                let fields = format!("Content-Range: bytes */{all}\r\nContent-Length: 0\r\n");
                head(to, 416, &fields)?;
                return Ok(true);
            }
            Some(mut from) => {
                if wrong == Some(WrongRange) {
                    from += 1;
                }
                body.drain(..from);
                (
                    206,
                    format!("Content-Range: bytes {from}-{}/{all}\r\n", all - 1),
                )
            }
        };
        let length = match wrong {
            Some(AnnounceMore(more)) => Some(body.len() + more),
            Some(AnnounceLess(less)) => Some(body.len() - less),
            Some(NoLength | Endless) => None,
            _ => Some(body.len()),
        };
        let mut fields = format!("ETag: {tag}\r\n{range}");
        if let Some(length) = length {
            fields += &format!("Content-Length: {length}\r\n");
        }
        if wrong.is_some() {
            fields += "Connection: close\r\n";
        }
        if wrong == Some(Encoded) {
            fields += "Content-Encoding: gzip\r\n";
        }
        head(to, status, &fields)?;
        match wrong {
            Some(Stall { after }) => {
                to.write_all(&body[..after.min(body.len())])?;
                to.flush()?;
                for _ in 0..1000 {
                    if self.stop.load(Ordering::SeqCst) {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                return Ok(false);
            }
            Some(CloseEarly { after }) => {
                to.write_all(&body[..after.min(body.len())])?;
                to.flush()?;
                return Ok(false);
            }
            Some(Endless) => loop {
                to.write_all(&[0; 4096])?;
                if self.stop.load(Ordering::SeqCst) {
                    return Ok(false);
                }
            },
            Some(Drip { bytes, pause }) => {
                for piece in body.chunks(bytes) {
                    to.write_all(piece)?;
                    to.flush()?;
                    std::thread::sleep(pause);
                }
            }
            _ => to.write_all(&body)?,
        }
        to.flush()?;
        Ok(wrong.is_none())
    }
}

/// The next request on a connection.
fn ask(stream: &mut impl BufRead) -> std::io::Result<Option<Asked>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let target = line.split(' ').nth(1).unwrap_or_default();
    // A proxy is asked for whole URLs.
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.split_once('/').unwrap_or_default().1,
        None => target.trim_start_matches('/'),
    };
    let mut asked = Asked {
        path: path
            .replace("%20", " ")
            .replace("%2B", "+")
            .replace("%7E", "~"),
        fields: HashMap::new(),
    };
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return Ok(Some(asked));
        };
        let name = name.to_ascii_lowercase();
        asked.fields.insert(name, value.trim().to_owned());
    }
}
