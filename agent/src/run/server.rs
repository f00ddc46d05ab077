//! Accepting connections, on as many addresses as the settings name.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::task::{AbortHandle, spawn_local};
use tokio::time::{sleep, timeout};

use super::node::Node;
use crate::config::Settings;
use crate::http::{self, Response};
use crate::net;

/// The most TCP connections at a time. The unix socket is for this node's owner and has no such limit.
const MOST_CONNECTIONS: u32 = 32;
/// How long until an address that cannot be listened on is tried again: interfaces come and go.
const RETRY: Duration = Duration::from_secs(10);
/// How long to leave a listener alone that cannot accept, for want of memory or file descriptors.
const BREATH: Duration = Duration::from_secs(1);

/// The listeners.
pub(super) struct Server {
    node: Rc<Node>,
    listening: BTreeMap<SocketAddr, AbortHandle>,
    #[cfg(feature = "full")]
    uplink: Option<(crate::config::UplinkSettings, AbortHandle)>,
}

impl Server {
    pub(super) fn new(node: Rc<Node>) -> Self {
        Self {
            node,
            listening: BTreeMap::new(),
            #[cfg(feature = "full")]
            uplink: None,
        }
    }

    /// Serves the unix socket for as long as the event loop runs.
    pub(super) fn unix(&self, listener: UnixListener) {
        let node = Rc::clone(&self.node);
        spawn_local(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let node = Rc::clone(&node);
                        spawn_local(async move { net::serve(Box::pin(stream), &*node).await });
                    }
                    Err(error) => pause("the unix socket", &error).await,
                }
            }
        });
    }

    /// Listens on the addresses of these settings and no others. Connections go on.
    pub(super) fn follow(&mut self, settings: &Settings) {
        let wanted: Vec<SocketAddr> = match settings.port {
            0 => Vec::new(),
            port => settings
                .listen
                .iter()
                .map(|address| SocketAddr::new(*address, port))
                .collect(),
        };
        self.listening.retain(|address, task| {
            let stays = wanted.contains(address);
            if !stays {
                task.abort();
            }
            stays
        });
        for address in wanted {
            let node = &self.node;
            self.listening
                .entry(address)
                .or_insert_with(|| spawn_local(tcp(address, Rc::clone(node))).abort_handle());
        }
        #[cfg(feature = "full")]
        self.follow_uplink(settings);
    }

    #[cfg(feature = "full")]
    fn follow_uplink(&mut self, settings: &Settings) {
        if self.uplink.as_ref().map(|(old, _)| old) == settings.uplink.as_ref() {
            return;
        }
        if let Some((_, task)) = self.uplink.take() {
            task.abort();
        }
        self.node.set_uplink(None);
        self.uplink = settings.uplink.clone().map(|wanted| {
            let node = Rc::clone(&self.node);
            let checks =
                crate::uplink::check_forever(wanted.clone(), node.clock(), move |uplink| {
                    node.set_uplink(Some(uplink));
                });
            (wanted, spawn_local(checks).abort_handle())
        });
    }
}

/// Listens on one address, as soon as that is possible, and serves it.
async fn tcp(address: SocketAddr, node: Rc<Node>) {
    let mut told = false;
    let listener = loop {
        match net::tcp(address) {
            Ok(listener) => break listener,
            Err(error) => {
                if !told {
                    log::warn!(
                        "{address}: cannot listen: {error}; tries again every {} s",
                        RETRY.as_secs()
                    );
                    told = true;
                }
                sleep(RETRY).await;
            }
        }
    };
    log::info!("serves http on {address}");
    accept(&listener, &node).await;
}

async fn accept(listener: &TcpListener, node: &Rc<Node>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let node = Rc::clone(node);
                spawn_local(async move { connection(stream, &node).await });
            }
            Err(error) => pause("an http listener", &error).await,
        }
    }
}

async fn connection(stream: TcpStream, node: &Node) {
    let Some(_open) = Open::new(node) else {
        return refuse(stream).await;
    };
    net::serve(Box::pin(stream), node).await;
}

/// One of the connections that may be open; counted until dropped.
struct Open<'a>(&'a Node);

impl<'a> Open<'a> {
    /// `None` when there are too many, which is counted too.
    fn new(node: &'a Node) -> Option<Self> {
        let mut open = None;
        node.count(|served| {
            if served.open < MOST_CONNECTIONS {
                served.open += 1;
                open = Some(Self(node));
            } else {
                served.refused += 1;
            }
        });
        open
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.count(|served| served.open -= 1);
    }
}

/// Says that there are too many connections, without waiting for what the client wants.
async fn refuse(mut stream: TcpStream) {
    let response = Response::error(503, "too many connections");
    let mut out = http::head(&response, false, None).into_bytes();
    out.extend_from_slice(response.body.bytes());
    // The client may not take it; there is nobody else to tell.
    let _ = timeout(BREATH, stream.write_all(&out)).await;
}

async fn pause(what: &str, error: &io::Error) {
    log::warn!("{what} cannot accept: {error}");
    sleep(BREATH).await;
}
