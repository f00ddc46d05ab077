//! Serves a folder over HTTP: a mirror on a workshop's laptop, a feed for routers.
//!
//! Only reading, and only what lies below the folder: neither `..` nor a symlink leads out of it. Ranges, conditional
//! requests and the like are tower-http's; the folder's pages and the bounds are ours.

mod feeds;
mod listing;
mod site;

pub use feeds::{Feed, find as find_feeds};
pub use site::{Found, Site};

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tower_http::services::ServeFile;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Connections at once; more wait until others close.
const CONNECTIONS: usize = 256;
/// For how long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(30);
/// For how long downloads may go on after the server was told to stop.
const LAST_BYTES: Duration = Duration::from_secs(3);

/// A server that is bound to its address and not yet running.
#[derive(Debug)]
pub struct Server {
    site: Site,
    listener: std::net::TcpListener,
}

impl Server {
    /// Binds to an address; port 0 takes any that is free.
    ///
    /// # Errors
    /// When the folder cannot be read, or the address cannot be had.
    pub fn bind(dir: &Path, address: SocketAddr) -> io::Result<Self> {
        let site = Site::new(dir)?;
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { site, listener })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The URLs it can be reached by, without a slash at their end.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn urls(&self) -> io::Result<Vec<String>> {
        let address = self.address()?;
        let own = match address.ip() {
            ip if ip.is_unspecified() => own_addresses(ip.is_ipv4())?,
            ip => vec![ip],
        };
        let url = |ip| format!("http://{}", SocketAddr::new(ip, address.port()));
        Ok(own.into_iter().map(url).collect())
    }

    /// Serves until `stop` is ready; `log` gets a line for each answer.
    ///
    /// # Errors
    /// When the system gives no thread or socket.
    pub fn run(self, stop: impl Future<Output = ()>, log: impl Fn(&str)) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let result = runtime.block_on(self.serve(stop, log));
        runtime.shutdown_timeout(Duration::from_millis(100));
        result
    }

    async fn serve(self, stop: impl Future<Output = ()>, log: impl Fn(&str)) -> io::Result<()> {
        let listener = TcpListener::from_std(self.listener)?;
        let site = Arc::new(self.site);
        let turns = Arc::new(Semaphore::new(CONNECTIONS));
        let open = GracefulShutdown::new();
        let (say, mut said) = mpsc::unbounded_channel();
        let mut stop = pin!(stop);
        loop {
            let next = async {
                // The semaphore is never closed.
                let turn = turns.clone().acquire_owned().await;
                (turn, listener.accept().await)
            };
            let (turn, accepted) = tokio::select! {
                () = &mut stop => break,
                Some(line) = said.recv() => {
                    log(String::as_str(&line));
                    continue;
                }
                next = next => next,
            };
            let Ok((stream, _)) = accepted else {
                // The client left already, or there are no more sockets: neither is the server's end.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let connection = open.watch(connection(stream, site.clone(), say.clone()));
            tokio::spawn(async move {
                // Whoever hangs up gets nothing, and that is all there is to say about it.
                let _ = connection.await;
                drop(turn);
            });
        }
        let _ = tokio::time::timeout(LAST_BYTES, open.shutdown()).await;
        Ok(())
    }
}

fn connection(
    stream: TcpStream,
    site: Arc<Site>,
    say: mpsc::UnboundedSender<String>,
) -> impl GracefulConnection<Error = hyper::Error, Output: Send> + Send {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let (site, say) = (site.clone(), say.clone());
        async move {
            let asked = format!("{} {}", request.method(), request.uri());
            let response = answer(&site, request).await;
            // Nobody listens any more when the server stops.
            let _ = say.send(format!("{} {asked}", response.status().as_u16()));
            Ok::<_, Infallible>(response)
        }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
}

async fn answer(site: &Site, request: Request<Incoming>) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = short(StatusCode::METHOD_NOT_ALLOWED);
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(ALLOW, allowed);
        return response;
    }
    match site.find(request.uri().path()) {
        Found::Nothing => short(StatusCode::NOT_FOUND),
        Found::Elsewhere(path) => {
            let mut response = short(StatusCode::MOVED_PERMANENTLY);
            match HeaderValue::try_from(path) {
                Ok(path) => response.headers_mut().insert(LOCATION, path),
                Err(_) => return short(StatusCode::NOT_FOUND),
            };
            response
        }
        Found::Folder(folder) => match listing::page(&folder, request.uri().path(), site) {
            Ok(page) => whole(StatusCode::OK, "text/html; charset=utf-8", page),
            Err(_) => short(StatusCode::NOT_FOUND),
        },
        Found::File(path) => match ServeFile::new(&path).try_call(request).await {
            Ok(mut response) => {
                let headers = response.headers_mut();
                if headers.contains_key(CONTENT_TYPE)
                    && let Some(right) = content_type(&path)
                {
                    headers.insert(CONTENT_TYPE, HeaderValue::from_static(right));
                }
                response.map(|body| body.map_err(io::Error::other).boxed_unsync())
            }
            Err(_) => short(StatusCode::INTERNAL_SERVER_ERROR),
        },
    }
}

/// The content types that general lists have wrong for what OpenWrt publishes.
fn content_type(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?;
    let ends_with = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if ends_with(&[".ipk", ".apk", ".adb", ".bin", ".img", ".itb", ".trx"]) {
        return Some("application/octet-stream");
    }
    let text = name == "Packages"
        || name.starts_with("sha256sums")
        || ends_with(&[".manifest", ".sig", ".pem", ".pub", ".buildinfo"]);
    text.then_some("text/plain; charset=utf-8")
}

fn short(status: StatusCode) -> Response<Body> {
    whole(status, "text/plain; charset=utf-8", format!("{status}\n"))
}

fn whole(status: StatusCode, kind: &'static str, text: String) -> Response<Body> {
    let body = Full::new(Bytes::from(text));
    let mut response = Response::new(body.map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// This machine's addresses that others can use, the loopback one last.
fn own_addresses(v4_only: bool) -> io::Result<Vec<IpAddr>> {
    let mut addresses: Vec<IpAddr> = nix::ifaddrs::getifaddrs()?
        .filter_map(|interface| {
            let address = interface.address?;
            let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
        })
        .filter(|ip| match ip {
            IpAddr::V4(_) => true,
            // A link-local address is of no use without the name of the client's interface.
            IpAddr::V6(v6) => !v4_only && !v6.is_unicast_link_local(),
        })
        .collect();
    addresses.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6()));
    addresses.dedup();
    Ok(addresses)
}
