use schemars::JsonSchema;
use serde::Deserialize;

/// The mesh routing protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawMeshProtocol {
    /// batman-adv: the whole mesh is one big switch.
    BatmanAdv,
    /// Babel: routed, IPv4 and IPv6.
    Babel,
    /// OLSR: routed.
    Olsr,
    /// BMX7: routed, IPv6 with IPv4 tunnels.
    Bmx7,
    /// No mesh.
    None,
}

/// The mesh routing protocol and its settings. A community chooses one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawMesh {
    /// The protocol. Its packages come into the image by themselves.
    pub protocol: Option<RawMeshProtocol>,
    /// The networks whose links carry the mesh. Default: `["mesh"]`.
    pub networks: Option<Vec<String>>,
    /// Routed protocols: networks of this node that the mesh learns a route to. Default: those with a pool or addresses
    /// that serve leases.
    pub announce: Option<Vec<String>>,
    /// Offer this node's way to the Internet to the mesh? Default: true. It takes effect only while there is one. BMX7 and
    /// OLSR version 2 cannot tell and offer only a way that is fixed by `gateways` of a network.
    pub gateway: Option<bool>,
    /// Settings of batman-adv.
    pub batman_adv: RawBatman,
    /// Settings of Babel.
    pub babel: RawBabel,
    /// Settings of OLSR.
    pub olsr: RawOlsr,
    /// Settings of BMX7.
    pub bmx7: RawBmx7,
}

/// batman-adv's way to choose routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum RawBatmanAlgorithm {
    /// By packet loss.
    #[serde(rename = "BATMAN_IV")]
    BatmanIv,
    /// By throughput.
    #[serde(rename = "BATMAN_V")]
    BatmanV,
}

/// What a batman-adv node does about the way to the Internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawBatmanGateway {
    /// Offers its own.
    Server,
    /// Sends DHCP requests to the best gateway only.
    Client,
    /// Nothing.
    Off,
}

/// Settings of batman-adv.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawBatman {
    /// Default: `BATMAN_IV`. All nodes of a mesh must agree.
    pub algorithm: Option<RawBatmanAlgorithm>,
    /// The network whose bridge joins the mesh. Default: `"lan"`.
    pub bridge: Option<String>,
    /// Default: `server` when `mesh.gateway` is true, else `client`.
    pub gateway_mode: Option<RawBatmanGateway>,
    /// Bandwidth a gateway tells: `"10mbit/2mbit"` (down/up).
    pub gateway_bandwidth: Option<String>,
    /// Interval of originator messages, ms (40 or more).
    pub originator_interval: Option<u32>,
    /// Penalty per hop (0-255).
    pub hop_penalty: Option<u8>,
    /// Keep bridges that meet in two places from looping? Default: true.
    pub bridge_loop_avoidance: Option<bool>,
    /// Answer ARP from the mesh's table? Default: true.
    pub distributed_arp_table: Option<bool>,
}

/// Settings of Babel.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawBabel {
    /// UDP port. Default: 6696.
    pub port: Option<u16>,
    /// Seconds between hellos (1-600).
    pub hello_interval: Option<u16>,
    /// Seconds between updates (1-600).
    pub update_interval: Option<u16>,
    /// Cost of receiving on a perfect link (1-65535).
    pub rx_cost: Option<u16>,
}

/// Settings of OLSR.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawOlsr {
    /// 1 (olsrd, IPv4; the default) or 2 (oonf-olsrd2, IPv4 and IPv6).
    pub version: Option<u8>,
    /// Version 1: seconds between hellos.
    pub hello_interval: Option<f64>,
    /// Version 1: seconds between topology messages.
    pub tc_interval: Option<f64>,
    /// Version 1: libraries to load besides the usual, e.g. `["olsrd_txtinfo.so.1.1"]`.
    pub plugins: Option<Vec<String>>,
}

/// Settings of BMX7.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawBmx7 {
    /// Plugins to load besides `bmx7_config.so`, `bmx7_json.so` and `bmx7_tun.so`.
    pub plugins: Option<Vec<String>>,
    /// Name of the tunnel network in `tunIn`/`tunOut`. Default: the community's id.
    pub tunnel: Option<String>,
}
