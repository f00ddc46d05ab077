//! Runs the built agent in a root of its own and looks at it from outside, with curl.

// A test may panic; clippy only knows this of functions marked #[test].
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod http;
mod key;
mod life;
mod machine;
mod prometheus;
mod refusals;
mod status;
#[cfg(feature = "full")]
mod uplink;
