//! Listening on TCP and on a unix socket.

use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UnixListener};

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 32;

/// Listens on a TCP address. An IPv6 one takes IPv6 only, so that `::` and `0.0.0.0` go together.
///
/// # Errors
/// The system's; also when called outside a tokio runtime.
pub fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM.nonblocking(),
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // So that a restart need not wait for old connections to be forgotten.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The file of a unix socket, removed when dropped.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

/// Listens on a unix socket at `path`, for the owner and group. A socket that lies there is replaced: the
/// caller holds the agent's lock, so it was left behind by one that is gone.
///
/// # Errors
/// The system's; `AlreadyExists` when something other than a socket lies there.
pub fn unix(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    match path.symlink_metadata() {
        Ok(meta) if meta.file_type().is_socket() => fs::remove_file(path)?,
        Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    let file = SocketFile(path.to_owned());
    fs::set_permissions(path, Permissions::from_mode(0o660))?;
    Ok((listener, file))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            log::warn!("{}: cannot remove the socket: {error}", self.0.display());
        }
    }
}
