//! Networks and their addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::device::{self, Device};
use super::fault::{Fault, Problems};
use super::pool::{self, Pool};
use super::words;
use crate::profile::path::KeyPath;
use crate::profile::raw::{RawDhcp, RawNetwork, RawProto, RawRa};

/// How a network gets its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proto {
    /// From the profile.
    Static,
    /// IPv4 from a DHCP server.
    Dhcp,
    /// IPv6 from router advertisements and DHCPv6.
    Dhcpv6,
    /// None.
    None,
}

/// What odhcpd does in a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ra {
    /// Answers itself.
    Server,
    /// Passes on what the uplink says.
    Relay,
    /// Whichever fits.
    Hybrid,
    /// Nothing.
    Disabled,
}

/// Leases served in a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dhcp {
    /// First lease, counted from the network's address.
    pub start: u32,
    /// Number of leases.
    pub limit: u32,
    /// How long one holds, as dnsmasq writes it.
    pub lease_time: String,
    /// IPv6 router advertisements.
    pub router_advertisements: Ra,
    /// DHCPv6.
    pub dhcpv6: Ra,
    /// dnsmasq's `dhcp-option` lines.
    pub options: Vec<String>,
}

/// One network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// How it gets addresses.
    pub proto: Proto,
    /// Linux interfaces, VLAN tags put on.
    pub ports: Vec<String>,
    /// The network whose device it uses.
    pub on: Option<String>,
    /// Whether to bridge; `None` leaves it to what attaches.
    pub bridge: Option<bool>,
    /// Its addresses.
    pub addresses: Vec<IpNet>,
    /// Its pools, IPv4 and IPv6.
    pub pools: Vec<Pool>,
    /// Default gateways.
    pub gateways: Vec<IpAddr>,
    /// DNS servers.
    pub dns: Vec<IpAddr>,
    /// Largest packet, bytes.
    pub mtu: Option<u16>,
    /// Metric of its default route.
    pub metric: Option<u32>,
    /// Length of the delegated IPv6 prefix it takes.
    pub ipv6_assign: Option<u8>,
    /// Leases served.
    pub dhcp: Option<Dhcp>,
}

/// The networks that are there, and the names of those that a layer switched off.
#[derive(Debug)]
pub(super) struct Networks {
    pub(super) on: Vec<Network>,
    off: BTreeSet<String>,
}

impl Networks {
    /// The network of this name. `None` when it is switched off, which takes all that belongs to it along; a problem
    /// when there is none.
    pub(super) fn find(
        &self,
        name: &str,
        key: KeyPath,
        problems: &mut Problems,
    ) -> Option<&Network> {
        let found = self.on.iter().find(|network| network.name == name);
        if found.is_none() && !self.off.contains(name) {
            problems.add(key, missing_network(name, &self.on));
        }
        found
    }
}

pub(super) fn resolve(
    raw: &BTreeMap<String, RawNetwork>,
    device: &Device,
    number: Option<u32>,
    problems: &mut Problems,
) -> Networks {
    let key = KeyPath::root().key("networks");
    let networks: Vec<Network> = raw
        .iter()
        .filter(|(_, raw)| raw.enabled != Some(false))
        .map(|(name, raw)| network(name, raw, &key.key(name), device, number, problems))
        .collect();
    check_shared_devices(&networks, &key, problems);
    check_ports(&networks, &key, problems);
    check_overlaps(&networks, &key, problems);
    let off = raw.iter().filter(|(_, raw)| raw.enabled == Some(false));
    Networks {
        on: networks,
        off: off.map(|(name, _)| name.clone()).collect(),
    }
}

fn network(
    name: &str,
    raw: &RawNetwork,
    key: &KeyPath,
    device: &Device,
    number: Option<u32>,
    problems: &mut Problems,
) -> Network {
    problems.take(key.clone(), network_name(name));
    let ports = ports(raw, key, device, problems);
    let pools = pools(raw, key, problems);
    let explicit = problems.read_list(
        &key.key("addresses"),
        raw.addresses.as_ref(),
        pool::interface_address,
    );
    // A node with a number takes its addresses from the pool; one without keeps those written down.
    let addresses = match number {
        Some(number) if !pools.is_empty() => pools
            .iter()
            .filter_map(|pool| {
                let family = if pool.net().addr().is_ipv4() {
                    "ipv4"
                } else {
                    "ipv6"
                };
                problems.take(key.key("pool").key(family), pool.address(number))
            })
            .collect(),
        _ => explicit,
    };
    let has_none = raw.addresses.as_ref().is_none_or(Vec::is_empty);
    if number.is_none() && !pools.is_empty() && has_none {
        problems.add(
            key.key("pool"),
            Fault::new(format!(
                "network `{name}` takes its addresses from a pool by node number, and this build has no node number"
            ))
            .help("build for a node (`--node NAME`), set `node.number`, or give `addresses` for nodes without a number"),
        );
    }
    let sourced = !pools.is_empty() || !has_none;
    let proto = match raw.proto {
        Some(RawProto::Static) => Proto::Static,
        Some(RawProto::Dhcp) => Proto::Dhcp,
        Some(RawProto::Dhcpv6) => Proto::Dhcpv6,
        Some(RawProto::None) => Proto::None,
        None if sourced => Proto::Static,
        None => Proto::None,
    };
    if sourced && proto != Proto::Static {
        problems.add(
            key.key("proto"),
            Fault::new("a network with `addresses` or a `pool` is static")
                .help("take one of the two out, or set `proto = \"static\"`"),
        );
    }
    if !sourced && proto == Proto::Static && raw.ipv6_assign.is_none() {
        problems.add(
            key.key("proto"),
            Fault::new("a static network needs addresses").help("set `addresses` or `pool`"),
        );
    }
    let gateways = problems.read_list(&key.key("gateways"), raw.gateways.as_ref(), pool::address);
    for (at, gateway) in gateways.iter().enumerate() {
        let direct = addresses.iter().any(|net: &IpNet| net.contains(gateway));
        if !direct && !addresses.is_empty() {
            problems.add(
                key.key("gateways").index(at),
                Fault::new(format!("`{gateway}` is in no subnet of network `{name}`")),
            );
        }
        let twin = gateways
            .iter()
            .take(at)
            .any(|g| g.is_ipv4() == gateway.is_ipv4());
        if twin {
            problems.add(
                key.key("gateways").index(at),
                Fault::new("a network has at most one IPv4 and one IPv6 gateway"),
            );
        }
    }
    Network {
        name: name.to_owned(),
        proto,
        ports,
        on: raw.on.clone(),
        bridge: raw.bridge,
        gateways,
        dns: problems.read_list(&key.key("dns"), raw.dns.as_ref(), pool::address),
        mtu: problems.range(key.key("mtu"), raw.mtu, 576..=9200, " bytes"),
        metric: raw.metric,
        ipv6_assign: problems.range(key.key("ipv6_assign"), raw.ipv6_assign, 48..=64, ""),
        dhcp: dhcp(raw, &addresses, &key.key("dhcp"), problems),
        addresses,
        pools,
    }
}

/// A UCI interface's name: short enough for the Linux devices made from it (`br-NAME`).
fn network_name(name: &str) -> Result<String, Fault> {
    if name == "loopback" || name == "bat0" {
        return Err(Fault::new(format!(
            "`{name}` is made by itself and cannot be a network's name"
        )));
    }
    if name.len() > 12 {
        return Err(Fault::new(format!(
            "`{name}` is too long for a network: 12 characters are allowed"
        )));
    }
    words::uci_name(name)
}

/// The Linux interfaces behind `ports`, with the VLAN tag.
fn ports(raw: &RawNetwork, key: &KeyPath, device: &Device, problems: &mut Problems) -> Vec<String> {
    let key_ports = key.key("ports");
    let vlan = problems.range(key.key("vlan"), raw.vlan, 1..=4094, "");
    let mut ports: Vec<String> = Vec::new();
    for (at, word) in raw.ports.iter().flatten().enumerate() {
        let named = match word.as_str() {
            "lan" => device.lan_ports.clone(),
            "wan" => device.wan_ports.clone(),
            other => problems
                .take(key_ports.index(at), device::interface(other))
                .into_iter()
                .collect(),
        };
        for port in named {
            let tagged = match vlan {
                None => Ok(port),
                Some(_) if port.contains('.') => Err(Fault::new(format!(
                    "port `{port}` has a VLAN tag already, and cannot have another"
                ))
                .help("the device's switch makes VLANs: add one to `device.switch.vlans` and name its interface here")),
                Some(vlan) => device::interface(&format!("{port}.{vlan}")),
            };
            if let Some(port) = problems.take(key_ports.index(at), tagged)
                && !ports.contains(&port)
            {
                ports.push(port);
            }
        }
    }
    ports
}

fn pools(raw: &RawNetwork, key: &KeyPath, problems: &mut Problems) -> Vec<Pool> {
    let key = key.key("pool");
    let mut found = Vec::new();
    for (family, text, prefix) in [
        ("ipv4", &raw.pool.ipv4, raw.pool.ipv4_prefix),
        ("ipv6", &raw.pool.ipv6, raw.pool.ipv6_prefix),
    ] {
        let Some(text) = text else {
            if prefix.is_some() {
                problems.add(
                    key.key(format!("{family}_prefix")),
                    Fault::new(format!("there is no `{family}` pool to take subnets from")),
                );
            }
            continue;
        };
        let pool = pool::subnet(text).and_then(|net| {
            if net.addr().is_ipv4() != (family == "ipv4") {
                return Err(Fault::new(format!("`{text}` is not {family}")));
            }
            Pool::new(net, prefix)
        });
        found.extend(problems.take(key.key(family), pool));
    }
    found
}

fn dhcp(
    network: &RawNetwork,
    addresses: &[IpNet],
    key: &KeyPath,
    problems: &mut Problems,
) -> Option<Dhcp> {
    let raw: &RawDhcp = &network.dhcp;
    if raw.enabled != Some(true) {
        return None;
    }
    let v4 = addresses.iter().find_map(|net| match net {
        IpNet::V4(net) => Some(*net),
        IpNet::V6(_) => None,
    });
    let Some(v4) = v4 else {
        problems.add(
            key.key("enabled"),
            Fault::new("leases are served from the network's IPv4 subnet, and it has none")
                .help("give the network an IPv4 address or pool, or set `dhcp.enabled = false`"),
        );
        return None;
    };
    // Addresses a client can have: without the network's own and the broadcast address.
    let room = (1u64 << (32 - u32::from(v4.prefix_len()))).saturating_sub(2);
    let room = u32::try_from(room).unwrap_or(u32::MAX);
    let start = raw
        .start
        .unwrap_or(if room >= 250 { 100 } else { (room / 8).max(2) });
    let fits = room.saturating_add(1).saturating_sub(start);
    let limit = raw.limit.unwrap_or(fits.min(150));
    if start == 0 || limit == 0 || limit > fits {
        let at = if raw.limit.is_some() {
            "limit"
        } else {
            "start"
        };
        problems.add(
            key.key(at),
            Fault::new(format!(
                "{limit} leases from number {start} on do not fit into `{}`, which has {room} addresses",
                v4.trunc()
            ))
            .help("lower `start` or `limit`, or leave both out"),
        );
    }
    let lease_time = problems.read(
        key.key("lease_time"),
        raw.lease_time.as_deref(),
        words::lease_time,
    );
    let ra = |raw: Option<RawRa>, default| match raw {
        Some(RawRa::Server) => Ra::Server,
        Some(RawRa::Relay) => Ra::Relay,
        Some(RawRa::Hybrid) => Ra::Hybrid,
        Some(RawRa::Disabled) => Ra::Disabled,
        None => default,
    };
    let v6 = network.ipv6_assign.is_some() || addresses.iter().any(|net| net.addr().is_ipv6());
    Some(Dhcp {
        start,
        limit,
        lease_time: lease_time.unwrap_or_else(|| "12h".into()),
        router_advertisements: ra(
            raw.router_advertisements,
            if v6 { Ra::Server } else { Ra::Disabled },
        ),
        dhcpv6: ra(raw.dhcpv6, Ra::Disabled),
        options: problems.read_list(&key.key("options"), raw.options.as_ref(), words::line),
    })
}

fn check_shared_devices(networks: &[Network], key: &KeyPath, problems: &mut Problems) {
    for network in networks {
        let Some(on) = &network.on else { continue };
        let key = key.key(&network.name);
        let host = networks.iter().find(|other| other.name == *on);
        if !network.ports.is_empty() {
            problems.add(
                key.key("ports"),
                Fault::new(format!(
                    "network `{}` uses the device of `{on}`, so it has no ports of its own",
                    network.name
                )),
            );
        }
        let fault = match host {
            None => missing_network(on, networks),
            Some(host) if host.on.is_some() => Fault::new(format!(
                "network `{on}` uses the device of another network itself"
            )),
            Some(_) => continue,
        };
        problems.add(key.key("on"), fault);
    }
}

/// No port may be in two networks.
fn check_ports(networks: &[Network], key: &KeyPath, problems: &mut Problems) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for network in networks {
        for port in &network.ports {
            if let Some(other) = seen.insert(port, &network.name) {
                problems.add(
                    key.key(&network.name).key("ports"),
                    Fault::new(format!("port `{port}` is in network `{other}` already")).help(format!(
                        "take it out of one of them; to use the same cable twice, set `on = \"{other}\"` instead of `ports`, or a `vlan`"
                    )),
                );
            }
        }
    }
}

/// No two networks may share addresses, nor may their pools.
fn check_overlaps(networks: &[Network], key: &KeyPath, problems: &mut Problems) {
    let meet = |a: &IpNet, b: &IpNet| a.contains(b) || b.contains(a);
    for (at, network) in networks.iter().enumerate() {
        for other in networks.iter().take(at) {
            let pools = network
                .pools
                .iter()
                .flat_map(|a| other.pools.iter().map(move |b| (a.net(), b.net())))
                .find(|(a, b)| meet(a, b));
            if let Some((a, b)) = pools {
                problems.add(
                    key.key(&network.name).key("pool"),
                    Fault::new(format!(
                        "the pool `{a}` of network `{}` overlaps the pool `{b}` of network `{}`",
                        network.name, other.name
                    ))
                    .help("give each network its own pool"),
                );
                continue;
            }
            let addresses = network
                .addresses
                .iter()
                .flat_map(|a| other.addresses.iter().map(move |b| (a, b)))
                .find(|(a, b)| meet(a, b));
            if let Some((a, b)) = addresses {
                let part = if network.pools.is_empty() {
                    "addresses"
                } else {
                    "pool"
                };
                problems.add(
                    key.key(&network.name).key(part),
                    Fault::new(format!(
                        "`{a}` of network `{}` overlaps `{b}` of network `{}`",
                        network.name, other.name
                    ))
                    .help("give each network its own subnet"),
                );
            }
        }
    }
}

/// Says that there is no such network, and which there are.
fn missing_network(name: &str, networks: &[Network]) -> Fault {
    let known: Vec<&str> = networks
        .iter()
        .map(|network| network.name.as_str())
        .collect();
    let fault = Fault::new(format!("there is no network `{name}`"));
    match known.as_slice() {
        [] => fault.help("there are no networks at all: write a `[networks.NAME]`"),
        known => fault.help(format!("there are {}", known.join(", "))),
    }
}
