//! The Clommunity cloud agent, `clomd`.
//!
//! Pure cores ([`config`], [`key`], [`clock`], [`status`], [`metrics`], [`http`]) turn values into
//! values; the edges ([`disk`], [`host`], [`net`], [`log`]) touch the machine; [`run`] ties them together in
//! one thread.

pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod disk;
pub mod exit;
pub mod host;
pub mod http;
pub mod key;
pub mod logging;
pub mod metrics;
pub mod net;
pub mod root;
pub mod run;
pub mod status;
#[cfg(feature = "full")]
pub mod uplink;

/// The agent's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Which tier this binary was built as: `lite` or `full`.
pub const TIER: &str = if cfg!(feature = "full") {
    "full"
} else {
    "lite"
};
