//! `/etc/config/firewall`, for fw3 and fw4.

use openwrt_formats::uci::Config;

use super::draft::{Draft, Part};
use super::error::RenderError;
use super::network::interfaces;
use crate::profile::resolve::{Firewall, NetworkStyle, Profile, Redirect, Rule};

pub(super) fn firewall(firewall: &Firewall, profile: &Profile) -> Result<Config, RenderError> {
    let mut draft = Draft::default();
    let flood = match profile.device.network_style {
        NetworkStyle::Device => "synflood_protect",
        NetworkStyle::Ifname => "syn_flood",
    };
    draft.push(
        Part::new("defaults")
            .set("input", firewall.input.word())
            .set("output", firewall.output.word())
            .set("forward", firewall.forward.word())
            .set(flood, firewall.syn_flood)
            .flag("flow_offloading", firewall.flow_offloading),
    )?;
    for zone in &firewall.zones {
        let networks = zone
            .networks
            .iter()
            .flat_map(|network| interfaces(profile, network));
        draft.push(
            Part::new("zone")
                .set("name", zone.name.as_str())
                .list("network", networks)
                .set("input", zone.input.word())
                .set("output", zone.output.word())
                .set("forward", zone.forward.word())
                .flag("masq", zone.masquerade)
                .flag("mtu_fix", zone.mss_clamping),
        )?;
    }
    for zone in &firewall.zones {
        for target in &zone.forward_to {
            draft.push(
                Part::new("forwarding")
                    .set("src", zone.name.as_str())
                    .set("dest", target.as_str()),
            )?;
        }
    }
    for rule in &firewall.rules {
        draft.push(rule_part(rule))?;
    }
    for redirect in &firewall.redirects {
        draft.push(redirect_part(redirect))?;
    }
    Ok(draft.finish())
}

fn rule_part(rule: &Rule) -> Part {
    Part::new("rule")
        .set("name", rule.name.as_str())
        .maybe("src", rule.from.as_ref())
        .maybe("dest", rule.to.as_ref())
        .maybe("family", rule.family.as_ref())
        .set("proto", rule.protocols.join(" "))
        .list("src_ip", &rule.from_addresses)
        .list("dest_ip", &rule.to_addresses)
        .maybe("src_port", rule.from_port)
        .set(
            "dest_port",
            rule.to_ports
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" "),
        )
        .list("icmp_type", &rule.icmp_types)
        .maybe("limit", rule.limit.as_ref())
        .set("target", rule.verdict.word())
}

fn redirect_part(redirect: &Redirect) -> Part {
    Part::new("redirect")
        .set("name", redirect.name.as_str())
        .set("target", "DNAT")
        .set("src", redirect.from.as_str())
        .set("dest", redirect.to.as_str())
        .set("proto", redirect.protocols.join(" "))
        .set("src_dport", redirect.port.to_string())
        .set("dest_ip", redirect.to_address.to_string())
        .maybe("dest_port", redirect.to_port)
}
