//! What a profile may say: one file per section, as written in TOML.
//!
//! These types refuse keys they do not know; every key is optional here, since a layer sets what it knows and leaves
//! the rest to others. They are the reference of the profile language: its JSON Schema is made from them. They check
//! the shape only; what the values mean is checked when they become a [`Profile`](super::Profile).

mod agent;
mod device;
mod dns;
mod feed;
mod firewall;
mod identity;
mod image;
mod mesh;
mod network;
mod packages;
mod source;
mod system;
mod tree;
mod uci;
mod wifi;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use agent::{RawAgent, RawTier};
pub use device::{RawDevice, RawNetworkStyle, RawPorts, RawRadioFact, RawSwitch};
pub use dns::{RawDns, RawHost};
pub use feed::{RawFeed, RawKey};
pub use firewall::{RawFirewall, RawRedirect, RawRule, RawVerdict, RawZone};
pub use identity::{RawIdentity, RawNodeFacts};
pub use image::{RawCompression, RawEffort, RawImage};
pub use mesh::{
    RawBabel, RawBatman, RawBatmanAlgorithm, RawBatmanGateway, RawBmx7, RawMesh, RawMeshProtocol,
    RawOlsr,
};
pub use network::{RawDhcp, RawNetwork, RawPool, RawProto, RawRa};
pub use packages::{RawPackages, RawServices};
pub use source::{RawOpenWrt, RawSource};
pub use system::{RawLog, RawNtp, RawSsh, RawSystem};
pub use tree::{RawFile, RawFirstBoot, RawOverlay};
pub use uci::{RawUciSection, RawUciValue};
pub use wifi::{
    RawAccessPoint, RawBand, RawChannel, RawEncryption, RawMeshMode, RawMeshPoint, RawWifi,
};

/// Everything a profile can say, after its layers are merged.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawProfile {
    /// Names: of the node, the community, the site.
    pub identity: RawIdentity,
    /// Time, log, root password, SSH.
    pub system: RawSystem,
    /// The networks a node has, by name (`lan`, `wan`, `mesh`, `guest`, ...). The name is the UCI interface.
    pub networks: BTreeMap<String, RawNetwork>,
    /// Radios by band: channels, mesh links, access points.
    pub wifi: RawWifi,
    /// The mesh routing protocol and its settings.
    pub mesh: RawMesh,
    /// Firewall zones, rules and port forwards.
    pub firewall: RawFirewall,
    /// DNS and static leases (dnsmasq).
    pub dns: RawDns,
    /// The cloud agent, `clomd`.
    pub agent: RawAgent,
    /// Packages the image gains or loses.
    pub packages: RawPackages,
    /// Feeds that packages come from, besides those that the source's system lists, by a name of your choice.
    pub feeds: BTreeMap<String, RawFeed>,
    /// Keys that may sign feeds and releases, besides OpenWrt's own, by a name of your choice.
    pub keys: BTreeMap<String, RawKey>,
    /// Services started at boot, or not.
    pub services: RawServices,
    /// Single files laid over the root file system, by absolute path on the node.
    pub files: BTreeMap<String, RawFile>,
    /// Folders laid over the root file system, by a name of your choice.
    pub overlays: BTreeMap<String, RawOverlay>,
    /// Scripts that run once, at the first boot after flashing, by a name of your choice.
    pub first_boot: BTreeMap<String, RawFirstBoot>,
    /// UCI for whatever has no typed section: `[uci.PACKAGE.SECTION]`. It is laid over what the typed sections make.
    pub uci: BTreeMap<String, BTreeMap<String, RawUciSection>>,
    /// Where the kernel and the root file system come from.
    pub source: RawSource,
    /// How the image is made: epoch, size limit, compression.
    pub image: RawImage,
    /// Facts of the device; set in device entries.
    pub device: RawDevice,
    /// Facts of one node; set in node entries.
    pub node: RawNodeFacts,
}
