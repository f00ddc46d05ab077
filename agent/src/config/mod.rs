//! The agent's configuration: UCI `clommunity` and the facts baked into the image.
//!
//! # UCI `/etc/config/clommunity`
//!
//! Every key has a default; a missing file means all defaults. A wrong value is an error that names
//! its line: at start the agent refuses to run, on SIGHUP it keeps the configuration it has. An unknown section or
//! option is only a warning, because configurations survive upgrades and downgrades of the agent.
//!
//! ```text
//! config node 'node'
//!         option enabled '1'        # 0: the agent does not run
//!         option site 'chapel'      # where the node stands [the site of image.json]
//!         option zone 'hill'        # what fails together: one roof, one power line [none]
//!         option number '17'        # the node's number in its site [the node of image.json]
//!
//! config agent 'agent'
//!         list http_listen '::'         # addresses to serve status on
//!         list http_listen '0.0.0.0'    # [both: every address, IPv4 and IPv6]
//!         option http_port '8100'       # 0: no TCP at all
//!         option log_level 'info'       # error, warn, info, debug
//!         option socket '/var/run/clomd/clomd.sock'
//!         option statedir '/etc/clommunity'         # holds node.key
//!         option uplink_url 'https://example.org/'  # tier full: what to check the uplink with [none]
//!         option uplink_interval '300'              # seconds between checks, 30 to 86400
//!         option uplink_roots '/etc/ssl/certs/ca-certificates.crt'
//! ```
//!
//! `socket` and `statedir` are read at start only.
//!
//! # Baked facts
//!
//! `clom build` writes `/etc/clommunity/community.json` ([`Community`]) and `image.json` ([`Image`]). Both are required.

mod baked;
mod field;
mod problem;
mod settings;

pub use baked::{Community, Image};
pub use problem::{Problem, Problems};
pub use settings::{Read, Settings, UplinkSettings, read};

/// The name of the UCI file.
pub const UCI: &str = "clommunity";
/// Where the community's facts are baked in.
pub const COMMUNITY: &str = "/etc/clommunity/community.json";
/// Where the image's facts are baked in.
pub const IMAGE: &str = "/etc/clommunity/image.json";
/// The default socket.
pub const SOCKET: &str = "/var/run/clomd/clomd.sock";
