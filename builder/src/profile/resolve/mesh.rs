//! The mesh protocol, its links and what it announces.

use ipnet::IpNet;

use super::Names;
use super::fault::{Fault, Problems};
use super::network::{Network, Networks, Proto};
use super::wifi::{MeshMode, Radio, Wifi};
use super::words;
use crate::profile::path::KeyPath;
use crate::profile::raw::{
    RawBabel, RawBatman, RawBatmanAlgorithm, RawBatmanGateway, RawBmx7, RawMesh, RawMeshProtocol,
    RawOlsr,
};

/// A link that carries the mesh: a radio's or a cable's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeshLink {
    /// The UCI interface: the network's name and the band or port.
    pub interface: String,
    /// The Linux interface.
    pub device: String,
    /// The network it belongs to.
    pub network: String,
    /// The radio's section, for a radio link.
    pub radio: Option<String>,
}

/// Settings of batman-adv.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batman {
    /// `BATMAN_IV` or `BATMAN_V`.
    pub algorithm: &'static str,
    /// The network whose bridge joins the mesh.
    pub bridge: String,
    /// `server`, `client` or `off`.
    pub gateway_mode: &'static str,
    /// `10mbit/2mbit`
    pub gateway_bandwidth: Option<String>,
    /// ms.
    pub originator_interval: Option<u32>,
    /// Per hop.
    pub hop_penalty: Option<u8>,
    /// Whether loops over bridges are avoided.
    pub bridge_loop_avoidance: bool,
    /// Whether ARP is answered from the mesh's table.
    pub distributed_arp_table: bool,
}

/// Settings of Babel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Babel {
    /// UDP port.
    pub port: Option<u16>,
    /// Seconds.
    pub hello_interval: Option<u16>,
    /// Seconds.
    pub update_interval: Option<u16>,
    /// Cost of a perfect link.
    pub rx_cost: Option<u16>,
}

/// Settings of OLSR.
#[derive(Debug, Clone, PartialEq)]
pub enum Olsr {
    /// olsrd.
    V1 {
        /// Seconds.
        hello_interval: Option<f64>,
        /// Seconds.
        tc_interval: Option<f64>,
        /// Libraries.
        plugins: Vec<String>,
    },
    /// oonf-olsrd2.
    V2,
}

/// Settings of BMX7.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bmx7 {
    /// Libraries.
    pub plugins: Vec<String>,
    /// Name of the tunnel network.
    pub tunnel: String,
}

/// The protocol with its settings.
#[derive(Debug, Clone, PartialEq)]
pub enum Protocol {
    /// batman-adv.
    BatmanAdv(Batman),
    /// Babel.
    Babel(Babel),
    /// OLSR.
    Olsr(Olsr),
    /// BMX7.
    Bmx7(Bmx7),
}

impl Protocol {
    /// As profiles write it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::BatmanAdv(_) => "batman-adv",
            Self::Babel(_) => "babel",
            Self::Olsr(_) => "olsr",
            Self::Bmx7(_) => "bmx7",
        }
    }
}

/// The mesh.
#[derive(Debug, Clone, PartialEq)]
pub struct Mesh {
    /// The protocol.
    pub protocol: Protocol,
    /// The links that carry it.
    pub links: Vec<MeshLink>,
    /// Subnets of this node that the mesh learns (routed protocols).
    pub announce: Vec<IpNet>,
    /// Whether this node offers its way to the Internet.
    pub gateway: bool,
}

pub(super) fn resolve(
    raw: &RawMesh,
    names: &Names,
    networks: &Networks,
    wifi: &Wifi,
    problems: &mut Problems,
) -> Option<Mesh> {
    let key = KeyPath::root().key("mesh");
    let default = ["mesh".to_owned()];
    let (listed, written) = match &raw.networks {
        Some(list) => (list.as_slice(), true),
        None => (default.as_slice(), false),
    };
    let protocol = raw
        .protocol
        .filter(|protocol| *protocol != RawMeshProtocol::None)?;
    let mut members = Vec::new();
    for (at, name) in listed.iter().enumerate() {
        let key = match written {
            true => key.key("networks").index(at),
            false => key.key("networks"),
        };
        members.extend(networks.find(name, key, problems));
    }
    let links = links(&members, &wifi.radios, problems);
    if links.is_empty() && !members.is_empty() {
        problems.add(
            key.key("protocol"),
            Fault::new("the mesh has no link: none of the device's radios has a mesh link and no port is in its networks").help(
                "set `[wifi.2g.mesh]` or `[wifi.5g.mesh]` for a band the device has, give a mesh network `ports`, or set `mesh.protocol = \"none\"` for this device",
            ),
        );
    }
    let announced = announced(raw, &members, networks, &key, problems);
    let gateway = raw.gateway.unwrap_or(true);
    let protocol = match protocol {
        RawMeshProtocol::None => return None,
        RawMeshProtocol::BatmanAdv => Protocol::BatmanAdv(batman(
            &raw.batman_adv,
            gateway,
            networks,
            &members,
            &key,
            problems,
        )),
        RawMeshProtocol::Babel => Protocol::Babel(babel(&raw.babel, &key.key("babel"), problems)),
        RawMeshProtocol::Olsr => Protocol::Olsr(olsr(&raw.olsr, &key.key("olsr"), problems)),
        RawMeshProtocol::Bmx7 => Protocol::Bmx7(bmx7(&raw.bmx7, names, &key.key("bmx7"), problems)),
    };
    check_members(&protocol, &members, &links, problems);
    Some(Mesh {
        protocol,
        links,
        announce: announced,
        gateway,
    })
}

/// Every radio with a mesh link and every port of the mesh's networks, each its own UCI interface.
fn links(members: &[&Network], radios: &[Radio], problems: &mut Problems) -> Vec<MeshLink> {
    let mut links = Vec::new();
    for radio in radios {
        let Some(point) = radio.plan.as_ref().and_then(|plan| plan.mesh.as_ref()) else {
            continue;
        };
        if !members.iter().any(|network| network.name == point.network) {
            if radio.nth == 0 {
                problems.add(
                    point.key.key("network"),
                    Fault::new(format!(
                        "the mesh link belongs to network `{}`, which is not in `mesh.networks`",
                        point.network
                    ))
                    .help(format!("add `{}` to `mesh.networks`", point.network)),
                );
            }
            continue;
        }
        links.push(MeshLink {
            interface: radio_interface(&point.network, radio),
            device: radio_device(radio),
            network: point.network.clone(),
            radio: Some(radio.name.clone()),
        });
    }
    for network in members {
        for port in &network.ports {
            links.push(MeshLink {
                interface: format!(
                    "{}_{}",
                    network.name,
                    port.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
                ),
                device: port.clone(),
                network: network.name.clone(),
                radio: None,
            });
        }
    }
    links
}

/// The UCI interface of a radio's mesh link: `mesh_5g`, and `mesh_5g_2` for the second radio of a band.
pub(crate) fn radio_interface(network: &str, radio: &Radio) -> String {
    match radio.nth {
        0 => format!("{network}_{}", radio.band.word()),
        nth => format!("{network}_{}_{}", radio.band.word(), nth + 1),
    }
}

/// The Linux interface of a radio's mesh link, named by us so that daemons that know no UCI find it.
pub(crate) fn radio_device(radio: &Radio) -> String {
    match radio.nth {
        0 => format!("mesh-{}", radio.band.word()),
        nth => format!("mesh-{}-{}", radio.band.word(), nth + 1),
    }
}

fn announced(
    raw: &RawMesh,
    members: &[&Network],
    networks: &Networks,
    key: &KeyPath,
    problems: &mut Problems,
) -> Vec<IpNet> {
    let nets = |network: &Network| {
        network
            .addresses
            .iter()
            .map(IpNet::trunc)
            .collect::<Vec<_>>()
    };
    let Some(names) = &raw.announce else {
        let own = networks.on.iter().filter(|network| {
            network.dhcp.is_some() && members.iter().all(|m| m.name != network.name)
        });
        return own.flat_map(nets).collect();
    };
    let mut found = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let key = key.key("announce").index(at);
        found.extend(
            networks
                .find(name, key, problems)
                .into_iter()
                .flat_map(nets),
        );
    }
    found
}

fn check_members(
    protocol: &Protocol,
    members: &[&Network],
    links: &[MeshLink],
    problems: &mut Problems,
) {
    for network in members {
        let key = KeyPath::root().key("networks").key(&network.name);
        if network.dhcp.is_some() {
            problems.add(
                key.key("dhcp").key("enabled"),
                Fault::new(format!(
                    "network `{}` carries the mesh: there are other nodes in it, not clients that want leases",
                    network.name
                ))
                .help("serve leases in `lan` or another network"),
            );
        }
        if network.bridge == Some(true) || network.on.is_some() {
            let part = if network.on.is_some() { "on" } else { "bridge" };
            problems.add(
                key.key(part),
                Fault::new(format!(
                    "network `{}` carries the mesh: each of its links stands alone, or the protocol could not tell them apart",
                    network.name
                )),
            );
        }
        if matches!(network.proto, Proto::Dhcp | Proto::Dhcpv6) {
            problems.add(
                key.key("proto"),
                Fault::new("a network that carries the mesh is `static` or `none`"),
            );
        }
        let part = if network.pools.is_empty() {
            "addresses"
        } else {
            "pool"
        };
        let count = links
            .iter()
            .filter(|link| link.network == network.name)
            .count();
        match protocol {
            Protocol::BatmanAdv(_) if !network.addresses.is_empty() => problems.add(
                key.key(part),
                Fault::new("links of batman-adv have no addresses")
                    .help("give them to the network it is bridged with (`mesh.batman_adv.bridge`)"),
            ),
            Protocol::Olsr(Olsr::V1 { .. })
                if !network.addresses.iter().any(|net| net.addr().is_ipv4()) =>
            {
                problems.add(
                    key.key("pool"),
                    Fault::new("OLSR needs an IPv4 address on its links").help(format!(
                        "set `networks.{}.pool` or `addresses`",
                        network.name
                    )),
                );
            }
            Protocol::BatmanAdv(_) => {}
            _ if count > 1 => {
                if let Some(wide) = network
                    .addresses
                    .iter()
                    .find(|net| net.prefix_len() != net.max_prefix_len())
                {
                    problems.add(
                        key.key(part),
                        Fault::new(format!(
                            "network `{}` has {count} links, and all would be in the subnet `{wide}`",
                            network.name
                        ))
                        .help("give each node a single address: `ipv4_prefix = 32`, `ipv6_prefix = 128`"),
                    );
                }
            }
            _ => {}
        }
    }
}

fn batman(
    raw: &RawBatman,
    gateway: bool,
    networks: &Networks,
    members: &[&Network],
    key: &KeyPath,
    problems: &mut Problems,
) -> Batman {
    let key = key.key("batman_adv");
    let bridge = raw.bridge.clone().unwrap_or_else(|| "lan".into());
    match networks.find(&bridge, key.key("bridge"), problems) {
        None => {}
        Some(network) if network.bridge == Some(false) || network.on.is_some() => problems.add(
            KeyPath::root().key("networks").key(&bridge).key("bridge"),
            Fault::new(format!(
                "network `{bridge}` joins the mesh, so it has to be a bridge"
            )),
        ),
        Some(network) if members.iter().any(|member| member.name == network.name) => problems.add(
            key.key("bridge"),
            Fault::new(format!(
                "network `{bridge}` carries the mesh, and cannot be bridged with it"
            )),
        ),
        Some(_) => {}
    }
    let bandwidth =
        |text: &str| {
            let speed = |word: &str| {
                let number = word
                    .strip_suffix("mbit")
                    .or_else(|| word.strip_suffix("kbit"))
                    .unwrap_or(word);
                number.parse::<u32>().is_ok()
            };
            let (down, up) = text.split_once('/').unwrap_or((text, "0"));
            match speed(down) && speed(up) {
                true => Ok(text.to_owned()),
                false => Err(Fault::new(format!("`{text}` is no bandwidth"))
                    .help("write it as `10mbit/2mbit`")),
            }
        };
    Batman {
        algorithm: match raw.algorithm {
            Some(RawBatmanAlgorithm::BatmanV) => "BATMAN_V",
            _ => "BATMAN_IV",
        },
        gateway_mode: match raw.gateway_mode {
            Some(RawBatmanGateway::Server) => "server",
            Some(RawBatmanGateway::Client) => "client",
            Some(RawBatmanGateway::Off) => "off",
            None if gateway => "server",
            None => "client",
        },
        gateway_bandwidth: problems.read(
            key.key("gateway_bandwidth"),
            raw.gateway_bandwidth.as_deref(),
            bandwidth,
        ),
        originator_interval: problems.range(
            key.key("originator_interval"),
            raw.originator_interval,
            40..=3_600_000,
            " ms",
        ),
        hop_penalty: raw.hop_penalty,
        bridge_loop_avoidance: raw.bridge_loop_avoidance.unwrap_or(true),
        distributed_arp_table: raw.distributed_arp_table.unwrap_or(true),
        bridge,
    }
}

fn babel(raw: &RawBabel, key: &KeyPath, problems: &mut Problems) -> Babel {
    Babel {
        port: problems.range(key.key("port"), raw.port, 1..=65535, ""),
        hello_interval: problems.range(
            key.key("hello_interval"),
            raw.hello_interval,
            1..=600,
            " seconds",
        ),
        update_interval: problems.range(
            key.key("update_interval"),
            raw.update_interval,
            1..=600,
            " seconds",
        ),
        rx_cost: problems.range(key.key("rx_cost"), raw.rx_cost, 1..=65534, ""),
    }
}

fn olsr(raw: &RawOlsr, key: &KeyPath, problems: &mut Problems) -> Olsr {
    if raw.version == Some(2) {
        for (name, set) in [
            ("hello_interval", raw.hello_interval.is_some()),
            ("tc_interval", raw.tc_interval.is_some()),
            ("plugins", raw.plugins.is_some()),
        ] {
            if set {
                problems.add(
                    key.key(name),
                    Fault::new("OLSR version 2 does not know this setting"),
                );
            }
        }
        return Olsr::V2;
    }
    problems.range(key.key("version"), raw.version, 1..=2, "");
    let seconds = 0.1..=600.0;
    Olsr::V1 {
        hello_interval: problems.range(
            key.key("hello_interval"),
            raw.hello_interval,
            seconds.clone(),
            " seconds",
        ),
        tc_interval: problems.range(key.key("tc_interval"), raw.tc_interval, seconds, " seconds"),
        plugins: problems.read_list(&key.key("plugins"), raw.plugins.as_ref(), |text| {
            match text.starts_with("olsrd_") && text.contains(".so") {
                true => words::package_name(text),
                false => Err(Fault::new(format!("`{text}` is no plugin of olsrd"))
                    .help("write the library's name: `olsrd_txtinfo.so.1.1`")),
            }
        }),
    }
}

fn bmx7(raw: &RawBmx7, names: &Names, key: &KeyPath, problems: &mut Problems) -> Bmx7 {
    let tunnel = raw.tunnel.clone().or_else(|| names.community.clone());
    Bmx7 {
        plugins: problems.read_list(&key.key("plugins"), raw.plugins.as_ref(), |text| {
            match text.starts_with("bmx7_") && text.ends_with(".so") {
                true => words::package_name(text),
                false => Err(Fault::new(format!("`{text}` is no plugin of bmx7"))
                    .help("write the library's name: `bmx7_iwinfo.so`")),
            }
        }),
        tunnel: tunnel.map_or_else(
            || "clom".into(),
            |name| name.replace(|c: char| !c.is_ascii_alphanumeric(), "_"),
        ),
    }
}

/// Whether any link wants 802.11s encryption, which OpenWrt's smallest wpad cannot do.
pub(super) fn wants_encrypted_80211s(wifi: &Wifi) -> bool {
    let points = wifi
        .radios
        .iter()
        .filter_map(|radio| radio.plan.as_ref()?.mesh.as_ref());
    points
        .filter(|point| matches!(point.mode, MeshMode::Ieee80211s { .. }))
        .any(|point| point.encryption.key().is_some())
}
