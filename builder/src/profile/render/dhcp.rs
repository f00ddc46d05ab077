//! `/etc/config/dhcp`, for dnsmasq and odhcpd.

use openwrt_formats::uci::Config;

use super::draft::{Draft, Part};
use super::error::RenderError;
use super::network::interfaces;
use crate::profile::resolve::{Dns, Network, NetworkStyle, Profile, Protocol, Ra};

pub(super) fn dhcp(dns: &Dns, profile: &Profile) -> Result<Config, RenderError> {
    let mut draft = Draft::default();
    let resolv = match profile.device.network_style {
        NetworkStyle::Device => "/tmp/resolv.conf.d/resolv.conf.auto",
        NetworkStyle::Ifname => "/tmp/resolv.conf.auto",
    };
    // "Local" means the subnets of this node: in a routed mesh other nodes ask from outside them. The firewall decides then.
    let routed = profile
        .mesh
        .as_ref()
        .is_some_and(|mesh| !matches!(mesh.protocol, Protocol::BatmanAdv(_)));
    let domains = dns.rebind_domains.iter().map(|domain| domain.as_str());
    draft.push(
        Part::new("dnsmasq")
            .set("domainneeded", true)
            .set("boguspriv", true)
            .set("localise_queries", true)
            .set("rebind_protection", dns.rebind_protection)
            .set("rebind_localhost", true)
            .list("rebind_domain", domains)
            .set("local", format!("/{}/", dns.domain.as_str()))
            .set("domain", dns.domain.as_str())
            .set("expandhosts", true)
            .set("authoritative", true)
            .set("readethers", true)
            .set("leasefile", "/tmp/dhcp.leases")
            .set("resolvfile", resolv)
            .set("localservice", !routed)
            .maybe("cachesize", dns.cache_size)
            .list("server", &dns.servers),
    )?;
    for network in &profile.networks {
        for interface in interfaces(profile, &network.name) {
            draft.push(pool(interface, network))?;
        }
    }
    draft.push(
        Part::named("odhcpd", "odhcpd")
            .set("maindhcp", false)
            .set("leasefile", "/tmp/hosts/odhcpd")
            .set("leasetrigger", "/usr/sbin/odhcpd-update")
            .set("loglevel", "4"),
    )?;
    for (name, address) in &dns.records {
        draft.push(
            Part::new("domain")
                .set("name", name.as_str())
                .set("ip", address.to_string()),
        )?;
    }
    for host in &dns.hosts {
        draft.push(
            Part::new("host")
                .set("name", host.name.as_str())
                .set("mac", host.mac.to_string())
                .set("ip", host.address.to_string())
                .maybe("leasetime", host.lease_time.as_ref()),
        )?;
    }
    Ok(draft.finish())
}

fn pool(interface: &str, network: &Network) -> Part {
    let part = Part::named("dhcp", interface).set("interface", interface);
    let Some(dhcp) = &network.dhcp else {
        return part.set("ignore", true);
    };
    part.set("start", dhcp.start.to_string())
        .set("limit", dhcp.limit.to_string())
        .set("leasetime", dhcp.lease_time.as_str())
        .set("dhcpv4", "server")
        .maybe("ra", ra(dhcp.router_advertisements))
        .maybe("dhcpv6", ra(dhcp.dhcpv6))
        .list("dhcp_option", &dhcp.options)
}

fn ra(mode: Ra) -> Option<&'static str> {
    match mode {
        Ra::Server => Some("server"),
        Ra::Relay => Some("relay"),
        Ra::Hybrid => Some("hybrid"),
        Ra::Disabled => None,
    }
}
