//! The edge to the network: listeners, connections, and the client behind `clomd status`.

mod client;
mod connection;
mod listen;

pub use client::{AskError, ask};
pub use connection::{Service, serve};
pub use listen::{SocketFile, tcp, unix};
