use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// What happens to a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawVerdict {
    /// It passes.
    Accept,
    /// It is refused, and the sender told.
    Reject,
    /// It is dropped in silence.
    Drop,
}

/// Firewall zones, rules and port forwards.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawFirewall {
    /// Render `/etc/config/firewall`? Default: true when there are zones.
    pub enabled: Option<bool>,
    /// Packets to the node from no zone. Default: `reject`.
    pub input: Option<RawVerdict>,
    /// Packets from the node to no zone. Default: `accept`.
    pub output: Option<RawVerdict>,
    /// Packets through the node between no zones. Default: `reject`.
    pub forward: Option<RawVerdict>,
    /// Slow down floods of connection attempts? Default: true.
    pub syn_flood: Option<bool>,
    /// Let the kernel carry known connections past the firewall? Default: false.
    pub flow_offloading: Option<bool>,
    /// Zones by name (at most 11 characters).
    pub zones: BTreeMap<String, RawZone>,
    /// Rules by name. Earlier `order` first, then by name.
    pub rules: BTreeMap<String, RawRule>,
    /// Port forwards by name.
    pub redirects: BTreeMap<String, RawRedirect>,
}

/// A zone: networks that are treated alike.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawZone {
    /// Is it there? Default: true.
    pub enabled: Option<bool>,
    /// Its networks.
    pub networks: Option<Vec<String>>,
    /// Packets from the zone to the node. Default: as `firewall.input`.
    pub input: Option<RawVerdict>,
    /// Packets from the node to the zone. Default: `accept`.
    pub output: Option<RawVerdict>,
    /// Packets between the zone's networks. Default: as `firewall.forward`.
    pub forward: Option<RawVerdict>,
    /// Hide what leaves through this zone behind the node's address? Default: false.
    pub masquerade: Option<bool>,
    /// Fit TCP segments to the link's MTU? Default: as `masquerade`.
    pub mss_clamping: Option<bool>,
    /// Zones that packets from this zone may go on to.
    pub forward_to: Option<Vec<String>>,
}

/// A rule.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawRule {
    /// Is it there? Default: true.
    pub enabled: Option<bool>,
    /// Its place among the rules (0-99). Default: 50.
    pub order: Option<u8>,
    /// Zone that packets come from, or `"*"` for any. Unset: from the node itself.
    pub from: Option<String>,
    /// Zone that packets go to, or `"*"` for any. Unset: to the node itself.
    pub to: Option<String>,
    /// Protocols: `tcp`, `udp`, `icmp`, `igmp`, `esp`, ..., `any`. Default: `["tcp", "udp"]`.
    pub protocols: Option<Vec<String>>,
    /// `"ipv4"` or `"ipv6"`. Default: both.
    pub family: Option<String>,
    /// Source addresses or subnets.
    pub from_addresses: Option<Vec<String>>,
    /// Destination addresses or subnets.
    pub to_addresses: Option<Vec<String>>,
    /// Source port or range: `"67"`, `"1024-65535"`.
    pub from_port: Option<String>,
    /// Destination ports or ranges: `["22", "8100-8110"]`.
    pub to_ports: Option<Vec<String>>,
    /// ICMP types, e.g. `["echo-request"]`.
    pub icmp_types: Option<Vec<String>>,
    /// At most so often: `"1000/sec"`.
    pub limit: Option<String>,
    /// Default: `accept`.
    pub verdict: Option<RawVerdict>,
}

/// A port forward.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawRedirect {
    /// Is it there? Default: true.
    pub enabled: Option<bool>,
    /// Zone that packets come from. Default: `"wan"`.
    pub from: Option<String>,
    /// Zone of the machine that gets them. Default: `"lan"`.
    pub to: Option<String>,
    /// Default: `["tcp", "udp"]`.
    pub protocols: Option<Vec<String>>,
    /// Port or range on the node.
    pub port: Option<String>,
    /// The machine that gets them.
    pub to_address: Option<String>,
    /// Port or range there. Default: the same.
    pub to_port: Option<String>,
}
