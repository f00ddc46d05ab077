//! `/etc/config/network`, in the form of OpenWrt 21.02 and later or that of 19.07 and before.

use std::net::IpAddr;

use ipnet::IpNet;
use openwrt_formats::uci::Config;

use super::draft::{Draft, Part};
use super::error::RenderError;
use crate::profile::resolve::{
    Batman, Mesh, MeshLink, Network, NetworkStyle, Profile, Proto, Protocol,
};

/// The batman-adv interface.
pub(super) const BATMAN: &str = "bat0";

/// What batman-adv puts in front of a packet, so that whole Ethernet frames fit through its links.
const BATMAN_MTU: u16 = 1536;

pub(super) fn network(profile: &Profile) -> Result<Config, RenderError> {
    let mut draft = Draft::default();
    let style = profile.device.network_style;
    draft.push(
        with_device(Part::named("interface", "loopback"), style, "lo")
            .set("proto", "static")
            .set("ipaddr", "127.0.0.1")
            .set("netmask", "255.0.0.0"),
    )?;
    // `auto` is replaced by a random prefix at first boot, by OpenWrt itself. Nodes with IPv6 of their own need none.
    let own_v6 = profile
        .networks
        .iter()
        .flat_map(|n| &n.addresses)
        .any(|net| net.addr().is_ipv6());
    if !own_v6 {
        draft.push(Part::named("globals", "globals").set("ula_prefix", "auto"))?;
    }
    if let Some(switch) = &profile.device.switch {
        draft.push(
            Part::new("switch")
                .set("name", switch.name.as_str())
                .set("reset", true)
                .set("enable_vlan", true),
        )?;
        for (number, ports) in &switch.vlans {
            draft.push(
                Part::new("switch_vlan")
                    .set("device", switch.name.as_str())
                    .set("vlan", number.to_string())
                    .set("ports", ports.as_str()),
            )?;
        }
    }
    for network in &profile.networks {
        if !carries_mesh(profile, &network.name) {
            plain(&mut draft, network, profile)?;
        }
    }
    if let Some(mesh) = &profile.mesh {
        if let Protocol::BatmanAdv(settings) = &mesh.protocol {
            draft.push(batman(settings))?;
        }
        for link in &mesh.links {
            draft.push(mesh_link(link, mesh, profile))?;
        }
    }
    Ok(draft.finish())
}

/// Whether the network is made of mesh links, each an interface of its own.
pub(super) fn carries_mesh(profile: &Profile, network: &str) -> bool {
    let links = profile.mesh.iter().flat_map(|mesh| &mesh.links);
    links.into_iter().any(|link| link.network == network)
}

/// The UCI interfaces of a network: itself, or its mesh links.
pub(super) fn interfaces<'a>(profile: &'a Profile, network: &'a str) -> Vec<&'a str> {
    if !carries_mesh(profile, network) {
        return vec![network];
    }
    let links = profile.mesh.iter().flat_map(|mesh| &mesh.links);
    links
        .filter(|link| link.network == network)
        .map(|link| link.interface.as_str())
        .collect()
}

fn with_device(part: Part, style: NetworkStyle, device: &str) -> Part {
    match style {
        NetworkStyle::Device => part.set("device", device),
        NetworkStyle::Ifname => part.set("ifname", device),
    }
}

/// How many access points (and meshes without a protocol) attach to a network.
fn air_links(profile: &Profile, name: &str) -> usize {
    let plans = profile
        .wifi
        .radios
        .iter()
        .filter_map(|radio| radio.plan.as_ref());
    plans
        .map(|plan| {
            let points = plan
                .access_points
                .iter()
                .filter(|ap| ap.network == name)
                .count();
            let mesh = plan.mesh.iter().filter(|mesh| mesh.network == name).count();
            points + mesh
        })
        .sum()
}

/// Cable ports of a network, batman-adv's interface among them where the two are bridged.
fn ports(network: &Network, profile: &Profile) -> (Vec<String>, bool) {
    let mut ports = network.ports.clone();
    let meshed = profile.mesh.as_ref().is_some_and(|mesh| {
        matches!(&mesh.protocol, Protocol::BatmanAdv(settings) if settings.bridge == network.name)
    });
    if meshed {
        ports.push(BATMAN.to_owned());
    }
    (ports, meshed)
}

fn is_bridge(network: &Network, profile: &Profile) -> bool {
    let (ports, meshed) = ports(network, profile);
    let air = air_links(profile, &network.name);
    network
        .bridge
        .unwrap_or(meshed || ports.len() > 1 || (ports.len() + air > 1))
}

/// The Linux interface of a network; `None` where only a radio makes one.
fn device_of(network: &Network, profile: &Profile) -> Option<String> {
    if let Some(on) = &network.on {
        let host = profile.networks.iter().find(|other| other.name == *on)?;
        return device_of(host, profile);
    }
    if is_bridge(network, profile) {
        return Some(format!("br-{}", network.name));
    }
    network.ports.first().cloned()
}

fn plain(draft: &mut Draft, network: &Network, profile: &Profile) -> Result<(), RenderError> {
    let style = profile.device.network_style;
    let device = device_of(network, profile);
    let bridge = network.on.is_none() && is_bridge(network, profile);
    let (ports, _) = ports(network, profile);
    if style == NetworkStyle::Device
        && network.on.is_none()
        && let Some(device) = &device
    {
        if bridge {
            draft.push(
                Part::new("device")
                    .set("name", device.as_str())
                    .set("type", "bridge")
                    .flag("bridge_empty", ports.is_empty())
                    .maybe("mtu", network.mtu)
                    .list("ports", &ports),
            )?;
        } else if network.mtu.is_some() {
            draft.push(
                Part::new("device")
                    .set("name", device.as_str())
                    .maybe("mtu", network.mtu),
            )?;
        }
    }
    let part = Part::named("interface", &network.name);
    let part = match (style, device) {
        (NetworkStyle::Device, Some(device)) => part.set("device", device),
        (NetworkStyle::Device, None) => part,
        // A bridge is named by its network here, and other networks use that name.
        (NetworkStyle::Ifname, _) if bridge => {
            part.set("type", "bridge").set("ifname", ports.join(" "))
        }
        (NetworkStyle::Ifname, Some(device)) => part.set("ifname", device),
        (NetworkStyle::Ifname, None) => part,
    };
    let part = match style {
        NetworkStyle::Ifname => part.maybe("mtu", network.mtu),
        NetworkStyle::Device => part,
    };
    let part = match network.proto {
        Proto::Static => addresses(part.set("proto", "static"), &network.addresses),
        Proto::Dhcp => part.set("proto", "dhcp"),
        Proto::Dhcpv6 => part
            .set("proto", "dhcpv6")
            .set("reqaddress", "try")
            .set("reqprefix", "auto"),
        Proto::None => part.set("proto", "none"),
    };
    let gateway = |v4: bool| {
        network
            .gateways
            .iter()
            .find(|gateway| gateway.is_ipv4() == v4)
    };
    let own_dns = matches!(network.proto, Proto::Dhcp | Proto::Dhcpv6) && !network.dns.is_empty();
    let part = part
        .maybe("gateway", gateway(true))
        .maybe("ip6gw", gateway(false))
        .maybe("ip6assign", network.ipv6_assign)
        .maybe("metric", network.metric);
    let part = if own_dns {
        part.set("peerdns", false)
    } else {
        part
    };
    draft.push(part.list("dns", &network.dns))?;
    Ok(())
}

/// One IPv4 address as `ipaddr` and `netmask`, which scripts and people expect; several as a list.
fn addresses(part: Part, addresses: &[IpNet]) -> Part {
    let v4: Vec<&IpNet> = addresses
        .iter()
        .filter(|net| net.addr().is_ipv4())
        .collect();
    let v6 = addresses.iter().filter(|net| net.addr().is_ipv6());
    let part = match v4.as_slice() {
        [net] => part
            .set("ipaddr", net.addr().to_string())
            .set("netmask", netmask(net)),
        nets => part.list("ipaddr", nets),
    };
    part.list("ip6addr", v6)
}

pub(super) fn netmask(net: &IpNet) -> String {
    match net.netmask() {
        IpAddr::V4(mask) => mask.to_string(),
        IpAddr::V6(_) => net.prefix_len().to_string(),
    }
}

fn batman(settings: &Batman) -> Part {
    Part::named("interface", BATMAN)
        .set("proto", "batadv")
        .set("routing_algo", settings.algorithm)
        .set("gw_mode", settings.gateway_mode)
        .maybe("gw_bandwidth", settings.gateway_bandwidth.as_ref())
        .maybe("orig_interval", settings.originator_interval)
        .maybe("hop_penalty", settings.hop_penalty)
        .set("bridge_loop_avoidance", settings.bridge_loop_avoidance)
        .set("distributed_arp_table", settings.distributed_arp_table)
}

fn mesh_link(link: &MeshLink, mesh: &Mesh, profile: &Profile) -> Part {
    let part = Part::named("interface", &link.interface);
    // A radio's interface is tied to its network in /etc/config/wireless.
    let part = match link.radio {
        Some(_) => part,
        None => with_device(part, profile.device.network_style, &link.device),
    };
    let network = profile
        .networks
        .iter()
        .find(|network| network.name == link.network);
    let mtu = network.and_then(|network| network.mtu);
    match &mesh.protocol {
        Protocol::BatmanAdv(_) => part
            .set("proto", "batadv_hardif")
            .set("master", BATMAN)
            .set("mtu", mtu.unwrap_or(BATMAN_MTU).to_string()),
        _ => {
            let own = network
                .map(|network| network.addresses.as_slice())
                .unwrap_or_default();
            let part = match own {
                [] => part.set("proto", "none"),
                own => addresses(part.set("proto", "static"), own),
            };
            part.maybe("mtu", mtu)
        }
    }
}
