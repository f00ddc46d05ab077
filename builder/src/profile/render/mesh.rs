//! The mesh daemons' files: `babeld`, `olsrd`, `olsrd2`, `bmx7`. (batman-adv is configured in `network`.)

use ipnet::IpNet;
use openwrt_formats::uci::Config;

use super::draft::{Draft, Part};
use super::error::RenderError;
use super::network::netmask;
use crate::profile::resolve::{Babel, Bmx7, Mesh, Network, Olsr, Profile, Protocol};

/// The name and content of the daemon's file, if the protocol has one.
pub(super) fn daemon(profile: &Profile) -> Result<Option<(&'static str, Config)>, RenderError> {
    let Some(mesh) = &profile.mesh else {
        return Ok(None);
    };
    Ok(match &mesh.protocol {
        Protocol::BatmanAdv(_) => None,
        Protocol::Babel(settings) => Some(("babeld", babel(settings, mesh, profile)?)),
        Protocol::Olsr(settings @ Olsr::V1 { .. }) => Some(("olsrd", olsr1(settings, mesh)?)),
        Protocol::Olsr(Olsr::V2) => Some(("olsrd2", olsr2(mesh, profile)?)),
        Protocol::Bmx7(settings) => Some(("bmx7", bmx7(settings, mesh, profile)?)),
    })
}

/// Services the protocol needs, and others that would get in their way.
pub(super) fn service(protocol: &Protocol) -> Option<&'static str> {
    match protocol {
        Protocol::BatmanAdv(_) => None,
        Protocol::Babel(_) => Some("babeld"),
        Protocol::Olsr(Olsr::V1 { .. }) => Some("olsrd"),
        Protocol::Olsr(Olsr::V2) => Some("olsrd2"),
        Protocol::Bmx7(_) => Some("bmx7"),
    }
}

/// The node's own addresses on its mesh links.
fn own_addresses<'a>(mesh: &'a Mesh, profile: &'a Profile) -> Vec<&'a IpNet> {
    let meshed = |network: &&Network| mesh.links.iter().any(|link| link.network == network.name);
    profile
        .networks
        .iter()
        .filter(meshed)
        .flat_map(|network| &network.addresses)
        .collect()
}

fn babel(settings: &Babel, mesh: &Mesh, profile: &Profile) -> Result<Config, RenderError> {
    let mut draft = Draft::default();
    if settings.port.is_some() {
        draft.push(Part::new("general").maybe("protocol_port", settings.port))?;
    }
    for link in &mesh.links {
        draft.push(
            // The Linux interface, not the UCI one: babeld then takes it even when it comes up late.
            Part::new("interface")
                .set("ifname", link.device.as_str())
                .set(
                    "type",
                    if link.radio.is_some() {
                        "wireless"
                    } else {
                        "wired"
                    },
                )
                .maybe("hello_interval", settings.hello_interval)
                .maybe("update_interval", settings.update_interval)
                .maybe("rxcost", settings.rx_cost),
        )?;
    }
    // The first filter that fits decides. Subnets of this node, its own addresses in the mesh, then the way out.
    let allow = |net: &IpNet| {
        Part::new("filter")
            .set("type", "redistribute")
            .set("ip", net.to_string())
            .set("eq", net.prefix_len().to_string())
    };
    for net in &mesh.announce {
        draft.push(allow(net).set("action", "allow"))?;
    }
    for net in own_addresses(mesh, profile) {
        let single = IpNet::new(net.addr(), net.max_prefix_len());
        if let Ok(single) = single {
            draft.push(allow(&single).set("local", true).set("action", "allow"))?;
        }
    }
    if mesh.gateway {
        for any in ["0.0.0.0/0", "::/0"] {
            draft.push(
                Part::new("filter")
                    .set("type", "redistribute")
                    .set("ip", any)
                    .set("eq", "0")
                    .set("action", "metric 128"),
            )?;
        }
    }
    draft.push(
        Part::new("filter")
            .set("type", "redistribute")
            .set("local", true)
            .set("action", "deny"),
    )?;
    Ok(draft.finish())
}

fn olsr1(settings: &Olsr, mesh: &Mesh) -> Result<Config, RenderError> {
    let Olsr::V1 {
        hello_interval,
        tc_interval,
        plugins,
    } = settings
    else {
        return Ok(Config::new());
    };
    let mut draft = Draft::default();
    draft.push(Part::new("olsrd").set("IpVersion", "4"))?;
    if mesh.gateway {
        // Announces the default route while there is one.
        draft.push(Part::new("LoadPlugin").set("library", "olsrd_dyn_gw.so.0.5"))?;
    }
    for plugin in plugins {
        draft.push(Part::new("LoadPlugin").set("library", plugin.as_str()))?;
    }
    draft.push(
        Part::new("Interface")
            .list("interface", mesh.links.iter().map(|link| &link.interface))
            .maybe("HelloInterval", hello_interval.map(|s| format!("{s:.1}")))
            .maybe("TcInterval", tc_interval.map(|s| format!("{s:.1}"))),
    )?;
    for net in mesh.announce.iter().filter(|net| net.addr().is_ipv4()) {
        draft.push(
            Part::new("Hna4")
                .set("netaddr", net.network().to_string())
                .set("netmask", netmask(net)),
        )?;
    }
    Ok(draft.finish())
}

fn olsr2(mesh: &Mesh, profile: &Profile) -> Result<Config, RenderError> {
    let mut draft = Draft::default();
    draft.push(
        Part::new("global")
            .set("failfast", "no")
            .set("pidfile", "/var/run/olsrd2.pid")
            .set("lockfile", "/var/lock/olsrd2"),
    )?;
    draft.push(Part::new("log").set("syslog", "true").set("stderr", "true"))?;
    let mut nets: Vec<String> = mesh.announce.iter().map(IpNet::to_string).collect();
    if mesh.gateway
        && profile
            .networks
            .iter()
            .any(|network| !network.gateways.is_empty())
    {
        // olsrd2 announces what is written here whether it works or not: only for ways out that are fixed.
        nets.extend(["0.0.0.0/0".to_owned(), "::/0".to_owned()]);
    }
    draft.push(Part::new("olsrv2").list("lan", nets))?;
    draft.push(Part::new("interface").list("ifname", ["loopback"]))?;
    draft.push(
        Part::new("interface").list("ifname", mesh.links.iter().map(|link| &link.interface)),
    )?;
    Ok(draft.finish())
}

fn bmx7(settings: &Bmx7, mesh: &Mesh, profile: &Profile) -> Result<Config, RenderError> {
    let mut draft = Draft::default();
    draft.push(Part::named("bmx7", "general"))?;
    let mut plugins = vec!["bmx7_config.so", "bmx7_json.so", "bmx7_tun.so"];
    for plugin in settings.plugins.iter().map(String::as_str) {
        if !plugins.contains(&plugin) {
            plugins.push(plugin);
        }
    }
    for plugin in plugins {
        draft.push(Part::new("plugin").set("plugin", plugin))?;
    }
    for link in &mesh.links {
        draft.push(Part::named("dev", &link.interface).set("dev", link.device.as_str()))?;
    }
    // One tunnel end, with an address of this node in a subnet it announces (or, without, its mesh address).
    let own: Vec<&IpNet> = profile
        .networks
        .iter()
        .flat_map(|network| &network.addresses)
        .filter(|net| mesh.announce.contains(&net.trunc()))
        .chain(own_addresses(mesh, profile))
        .collect();
    let first = |v4: bool| own.iter().find(|net| net.addr().is_ipv4() == v4);
    draft.push(
        Part::named("tunDev", "default")
            .set("tunDev", "default")
            .maybe("tun4Address", first(true))
            .maybe("tun6Address", first(false)),
    )?;
    // Take tunnels to what others announce: nodes' subnets by the pools they come from, and ways to the Internet.
    let pools = profile.networks.iter().flat_map(|network| &network.pools);
    for (at, pool) in pools.enumerate() {
        draft.push(
            Part::named("tunOut", format!("{}_{}", settings.tunnel, at + 1))
                .set("tunOut", format!("{}_{}", settings.tunnel, at + 1))
                .set("network", pool.net().to_string()),
        )?;
    }
    for (name, any) in [("inet4", "0.0.0.0/0"), ("inet6", "::/0")] {
        draft.push(
            Part::named("tunOut", name)
                .set("tunOut", name)
                .set("network", any)
                .set("maxPrefixLen", "0"),
        )?;
    }
    if mesh.gateway
        && profile
            .networks
            .iter()
            .any(|network| !network.gateways.is_empty())
    {
        draft.push(
            Part::named("tunIn", "inet4_in")
                .set("tunIn", "inet4_in")
                .set("network", "0.0.0.0/0"),
        )?;
    }
    Ok(draft.finish())
}
