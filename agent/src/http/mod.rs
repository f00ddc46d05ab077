//! The little of HTTP/1.1 a status server needs, as pure functions over bytes.
//!
//! httparse reads request heads (it is what hyper reads them with); the rest is here, because hyper would
//! add 182 KB to a 1.3 MB agent for bodies, upgrades and trailers that nobody sends it.

mod request;
mod response;
mod route;

pub use request::{MOST_HEAD, Method, Parsed, Rejected, Request, parse};
pub use response::{Body, Response, head};
pub use route::{Route, route};
