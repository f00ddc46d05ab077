use schemars::JsonSchema;
use serde::Deserialize;

/// How a network gets its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawProto {
    /// From this profile: `addresses` or `pool`.
    Static,
    /// IPv4 from a DHCP server.
    Dhcp,
    /// IPv6 from router advertisements and DHCPv6.
    Dhcpv6,
    /// No addresses.
    None,
}

/// One network of the node.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawNetwork {
    /// Is it there? Set false to drop a network that an earlier layer made.
    pub enabled: Option<bool>,
    /// How it gets its addresses. Default: `static` when it has addresses or a pool, else `none`.
    pub proto: Option<RawProto>,
    /// Cable ports: `"lan"` and `"wan"` stand for the device's ports of that kind, other words are Linux interfaces
    /// (`"eth1"`, `"lan3"`). Ports the device lacks are an error, but for `"lan"` and `"wan"`, which may be none.
    pub ports: Option<Vec<String>>,
    /// Use the device of this other network instead of ports: `wan6` (IPv6) on the cable of `wan`.
    pub on: Option<String>,
    /// Tie the ports and access points into one bridge? Default: true when more than one thing may attach.
    pub bridge: Option<bool>,
    /// VLAN tag (1-4094) put on every port.
    pub vlan: Option<u16>,
    /// Addresses with prefix: `["192.168.7.1/24", "fd12:3456:7::1/64"]`.
    pub addresses: Option<Vec<String>>,
    /// Addresses by node number.
    pub pool: RawPool,
    /// Default gateways (at most one IPv4 and one IPv6).
    pub gateways: Option<Vec<String>>,
    /// DNS servers to ask through this network.
    pub dns: Option<Vec<String>>,
    /// Largest packet, bytes (576-9200).
    pub mtu: Option<u16>,
    /// Metric of its default route.
    pub metric: Option<u32>,
    /// Length of the IPv6 prefix this network takes from one delegated to the node (e.g. 64 or 60).
    pub ipv6_assign: Option<u8>,
    /// Serve addresses in this network.
    pub dhcp: RawDhcp,
}

/// Addresses by node number: each node of a site gets its own without anyone keeping a list.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawPool {
    /// IPv4 pool, e.g. `"10.130.0.0/16"`.
    pub ipv4: Option<String>,
    /// Each node gets the subnet of this length at its number, and the first address in it: pool `10.130.0.0/16`, prefix 26,
    /// node 5 gives `10.130.1.65/26`. 32 gives each node one address. Unset: all nodes share one subnet, the pool, and node 5
    /// is `10.130.0.5/16`.
    pub ipv4_prefix: Option<u8>,
    /// IPv6 pool, e.g. `"fd12:3456:7800::/48"`.
    pub ipv6: Option<String>,
    /// As `ipv4_prefix`; 64 for networks with clients, 128 for one address. Unset: all nodes share the pool.
    pub ipv6_prefix: Option<u8>,
}

/// Serve addresses in a network (dnsmasq, odhcpd).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawDhcp {
    /// Serve IPv4 leases? Default: false.
    pub enabled: Option<bool>,
    /// First lease, counted from the network's address. Default: 100, or less in small subnets.
    pub start: Option<u32>,
    /// Number of leases. Default: 150, or what fits.
    pub limit: Option<u32>,
    /// How long a lease holds: a number with `m`, `h` or `d`. Default: `"12h"`.
    pub lease_time: Option<String>,
    /// IPv6 router advertisements. Default: `server` when leases are served and the network has IPv6.
    pub router_advertisements: Option<RawRa>,
    /// DHCPv6. Default: `disabled`.
    pub dhcpv6: Option<RawRa>,
    /// Lines for dnsmasq's `dhcp-option`: `["6,192.0.2.53"]`.
    pub options: Option<Vec<String>>,
}

/// What odhcpd does in a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawRa {
    /// Answers itself.
    Server,
    /// Passes on what the uplink says.
    Relay,
    /// Whichever of the two fits.
    Hybrid,
    /// Nothing.
    Disabled,
}
