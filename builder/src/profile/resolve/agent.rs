//! The cloud agent.

use std::net::IpAddr;

use super::device::Device;
use super::fault::{Fault, Problems};
use super::pool;
use crate::profile::path::KeyPath;
use crate::profile::raw::{RawAgent, RawTier};

/// Flash and RAM from which a device runs the full agent, bytes.
const FULL_FLASH: u64 = 16 << 20;
const FULL_RAM: u64 = 128 << 20;

/// How much of the agent fits the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentTier {
    /// Membership, names, proxy, metrics.
    Lite,
    /// Everything.
    Full,
}

impl AgentTier {
    /// As profiles write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lite => "lite",
            Self::Full => "full",
        }
    }
}

/// The cloud agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Whether it is in the image.
    pub enabled: bool,
    /// Which form of it.
    pub tier: AgentTier,
    /// TCP port of page, API and metrics.
    pub http_port: u16,
    /// Addresses it listens on; none: all.
    pub http_listen: Vec<IpAddr>,
    /// `error` to `debug`.
    pub log_level: String,
}

pub(super) fn resolve(raw: &RawAgent, device: &Device, problems: &mut Problems) -> Agent {
    let key = KeyPath::root().key("agent");
    let fits = device.flash.is_none_or(|flash| flash >= FULL_FLASH)
        && device.ram.is_none_or(|ram| ram >= FULL_RAM);
    let tier = match raw.tier {
        Some(RawTier::Lite) => AgentTier::Lite,
        Some(RawTier::Full) => AgentTier::Full,
        _ if fits => AgentTier::Full,
        _ => AgentTier::Lite,
    };
    let level = raw.log_level.as_deref().unwrap_or("info");
    if !["error", "warn", "info", "debug"].contains(&level) {
        problems.add(
            key.key("log_level"),
            Fault::new(format!("`{level}` is no log level"))
                .help("known are error, warn, info and debug"),
        );
    }
    Agent {
        enabled: raw.enabled.unwrap_or(true),
        tier,
        http_port: problems
            .range(key.key("http_port"), raw.http_port, 1..=65535, "")
            .unwrap_or(8100),
        http_listen: problems.read_list(
            &key.key("http_listen"),
            raw.http_listen.as_ref(),
            pool::address,
        ),
        log_level: level.to_owned(),
    }
}
