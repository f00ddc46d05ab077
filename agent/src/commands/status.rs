//! `clomd status`.

use std::path::PathBuf;

use super::print;
use crate::config;
use crate::exit::{Code, Failure};
use crate::net;
use crate::root::Root;

/// Prints what the running agent says. The agent itself writes both forms, so this needs no JSON reader.
pub(super) fn show(socket: Option<PathBuf>, json: bool, root: &Root) -> Result<(), Failure> {
    let socket = socket.unwrap_or_else(|| root.at(config::SOCKET));
    let page = if json {
        "/api/v1/status"
    } else {
        "/status.txt"
    };
    let text = net::ask(&socket, page).map_err(|error| Failure::new(Code::Other, error))?;
    print(&text)
}
