//! Firewall zones, rules and port forwards.

use std::net::IpAddr;

use super::fault::{Fault, Problems};
use super::network::Networks;
use super::pool;
use super::words::{self, Ports};
use crate::profile::path::KeyPath;
use crate::profile::raw::{RawFirewall, RawRedirect, RawRule, RawVerdict, RawZone};

/// What happens to a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It passes.
    Accept,
    /// It is refused, and the sender told.
    Reject,
    /// It is dropped in silence.
    Drop,
}

impl Verdict {
    /// As UCI writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accept => "ACCEPT",
            Self::Reject => "REJECT",
            Self::Drop => "DROP",
        }
    }
}

impl From<RawVerdict> for Verdict {
    fn from(raw: RawVerdict) -> Self {
        match raw {
            RawVerdict::Accept => Self::Accept,
            RawVerdict::Reject => Self::Reject,
            RawVerdict::Drop => Self::Drop,
        }
    }
}

/// A zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// Its networks.
    pub networks: Vec<String>,
    /// From the zone to the node.
    pub input: Verdict,
    /// From the node to the zone.
    pub output: Verdict,
    /// Between the zone's networks.
    pub forward: Verdict,
    /// Whether packets that leave here hide behind the node's address.
    pub masquerade: bool,
    /// Whether TCP segments are fitted to the MTU.
    pub mss_clamping: bool,
    /// Zones that its packets may go on to.
    pub forward_to: Vec<String>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Its place.
    pub order: u8,
    /// Zone packets come from.
    pub from: Option<String>,
    /// Zone packets go to.
    pub to: Option<String>,
    /// Protocols.
    pub protocols: Vec<String>,
    /// `ipv4` or `ipv6`.
    pub family: Option<String>,
    /// Sources.
    pub from_addresses: Vec<String>,
    /// Destinations.
    pub to_addresses: Vec<String>,
    /// Source ports.
    pub from_port: Option<Ports>,
    /// Destination ports.
    pub to_ports: Vec<Ports>,
    /// ICMP types.
    pub icmp_types: Vec<String>,
    /// `1000/sec`
    pub limit: Option<String>,
    /// What happens.
    pub verdict: Verdict,
}

/// A port forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// Its name.
    pub name: String,
    /// Zone packets come from.
    pub from: String,
    /// Zone of the machine that gets them.
    pub to: String,
    /// Protocols.
    pub protocols: Vec<String>,
    /// Ports on the node.
    pub port: Ports,
    /// The machine that gets them.
    pub to_address: IpAddr,
    /// Ports there.
    pub to_port: Option<Ports>,
}

/// The firewall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firewall {
    /// From no zone to the node.
    pub input: Verdict,
    /// From the node to no zone.
    pub output: Verdict,
    /// Between no zones.
    pub forward: Verdict,
    /// Whether floods of connection attempts are slowed down.
    pub syn_flood: bool,
    /// Whether known connections go past the firewall.
    pub flow_offloading: bool,
    /// Zones, by name.
    pub zones: Vec<Zone>,
    /// Rules, by order and name.
    pub rules: Vec<Rule>,
    /// Port forwards, by name.
    pub redirects: Vec<Redirect>,
}

pub(super) fn resolve(
    raw: &RawFirewall,
    networks: &Networks,
    problems: &mut Problems,
) -> Option<Firewall> {
    let key = KeyPath::root().key("firewall");
    let live = |(_, zone): &(&String, &RawZone)| zone.enabled != Some(false);
    let names: Vec<&str> = raw
        .zones
        .iter()
        .filter(live)
        .map(|(name, _)| name.as_str())
        .collect();
    if !raw.enabled.unwrap_or(!names.is_empty()) {
        return None;
    }
    let verdict = |raw: Option<RawVerdict>, default| raw.map_or(default, Verdict::from);
    let input = verdict(raw.input, Verdict::Reject);
    let forward = verdict(raw.forward, Verdict::Reject);
    let mut zones: Vec<Zone> = Vec::new();
    for (name, raw) in raw.zones.iter().filter(live) {
        let key = key.key("zones").key(name);
        let good = words::uci_name(name).and_then(|name| match name.len() {
            0..=11 => Ok(name),
            _ => Err(Fault::new(format!(
                "`{name}` is too long for a zone: 11 characters are allowed"
            ))),
        });
        problems.take(key.clone(), good);
        let mut members = Vec::new();
        for (at, network) in raw.networks.iter().flatten().enumerate() {
            let key = key.key("networks").index(at);
            let Some(network) = networks.find(network, key.clone(), problems) else {
                continue;
            };
            match zones
                .iter()
                .find(|zone| zone.networks.contains(&network.name))
            {
                None => members.push(network.name.clone()),
                Some(other) => problems.add(
                    key,
                    Fault::new(format!(
                        "network `{}` is in zone `{}` already",
                        network.name, other.name
                    )),
                ),
            }
        }
        for (at, target) in raw.forward_to.iter().flatten().enumerate() {
            check_zone(target, &names, &key.key("forward_to").index(at), problems);
        }
        let masquerade = raw.masquerade.unwrap_or(false);
        zones.push(Zone {
            name: name.clone(),
            networks: members,
            input: verdict(raw.input, input),
            output: verdict(raw.output, Verdict::Accept),
            forward: verdict(raw.forward, forward),
            masquerade,
            mss_clamping: raw.mss_clamping.unwrap_or(masquerade),
            forward_to: raw.forward_to.clone().unwrap_or_default(),
        });
    }
    let mut rules: Vec<Rule> = raw
        .rules
        .iter()
        .filter(|(_, rule)| rule.enabled != Some(false))
        .map(|(name, raw)| rule(name, raw, &names, &key.key("rules").key(name), problems))
        .collect();
    rules.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
    let redirects = raw
        .redirects
        .iter()
        .filter(|(_, redirect)| redirect.enabled != Some(false))
        .filter_map(|(name, raw)| {
            redirect(name, raw, &names, &key.key("redirects").key(name), problems)
        })
        .collect();
    Some(Firewall {
        input,
        output: verdict(raw.output, Verdict::Accept),
        forward,
        syn_flood: raw.syn_flood.unwrap_or(true),
        flow_offloading: raw.flow_offloading.unwrap_or(false),
        zones,
        rules,
        redirects,
    })
}

fn check_zone(name: &str, names: &[&str], key: &KeyPath, problems: &mut Problems) {
    if name != "*" && !names.contains(&name) {
        problems.add(
            key.clone(),
            Fault::new(format!("there is no zone `{name}`")).help(match names {
                [] => "there are no zones at all: write a `[firewall.zones.NAME]`".to_owned(),
                names => format!("there are {}", names.join(", ")),
            }),
        );
    }
}

fn protocols(raw: Option<&Vec<String>>, key: &KeyPath, problems: &mut Problems) -> Vec<String> {
    if raw.is_none() {
        return vec!["tcp".into(), "udp".into()];
    }
    problems.read_list(key, raw, |text| {
        let number = text.parse::<u8>().is_ok();
        let named = matches!(
            text,
            "tcp"
                | "udp"
                | "udplite"
                | "icmp"
                | "icmpv6"
                | "ipv6-icmp"
                | "igmp"
                | "esp"
                | "ah"
                | "gre"
                | "sctp"
                | "ospf"
                | "ipip"
                | "all"
                | "any"
        );
        match number || named {
            true => Ok(if text == "any" { "all" } else { text }.to_owned()),
            false => Err(Fault::new(format!("`{text}` is no protocol"))
                .help("write tcp, udp, icmp, esp, ..., any, or a number")),
        }
    })
}

fn matcher(text: &str) -> Result<String, Fault> {
    let bare = text.strip_prefix('!').unwrap_or(text);
    pool::subnet(bare)
        .map(|_| ())
        .or_else(|_| pool::address(bare).map(|_| ()))
        .map(|()| text.to_owned())
        .map_err(|_| Fault::new(format!("`{text}` is no address and no subnet")))
}

fn rule(name: &str, raw: &RawRule, zones: &[&str], key: &KeyPath, problems: &mut Problems) -> Rule {
    problems.take(key.clone(), words::line(name));
    for (part, zone) in [("from", &raw.from), ("to", &raw.to)] {
        if let Some(zone) = zone {
            check_zone(zone, zones, &key.key(part), problems);
        }
    }
    let family =
        problems.read(
            key.key("family"),
            raw.family.as_deref(),
            |text| match text {
                "ipv4" | "ipv6" => Ok(text.to_owned()),
                _ => Err(Fault::new(format!("`{text}` is no address family"))
                    .help("write `ipv4` or `ipv6`")),
            },
        );
    let protocols = protocols(raw.protocols.as_ref(), &key.key("protocols"), problems);
    let to_ports = problems.read_list(&key.key("to_ports"), raw.to_ports.as_ref(), Ports::new);
    let portless = !protocols
        .iter()
        .any(|p| matches!(p.as_str(), "tcp" | "udp" | "udplite" | "sctp"));
    // No protocol left: what was wrong with them is said already.
    if portless && !protocols.is_empty() && raw.to_ports.is_some() {
        problems.add(
            key.key("to_ports"),
            Fault::new(format!("{} has no ports", protocols.join(", ")))
                .help("add `tcp` or `udp` to `protocols`"),
        );
    }
    Rule {
        name: name.to_owned(),
        order: problems
            .range(key.key("order"), raw.order, 0..=99, "")
            .unwrap_or(50),
        from: raw.from.clone(),
        to: raw.to.clone(),
        protocols,
        family,
        from_addresses: problems.read_list(
            &key.key("from_addresses"),
            raw.from_addresses.as_ref(),
            matcher,
        ),
        to_addresses: problems.read_list(
            &key.key("to_addresses"),
            raw.to_addresses.as_ref(),
            matcher,
        ),
        from_port: problems.read(key.key("from_port"), raw.from_port.as_deref(), Ports::new),
        to_ports,
        icmp_types: problems.read_list(
            &key.key("icmp_types"),
            raw.icmp_types.as_ref(),
            words::line,
        ),
        limit: problems.read(key.key("limit"), raw.limit.as_deref(), |text| {
            let (count, unit) = text.split_once('/').unwrap_or((text, ""));
            let known = matches!(
                unit,
                "s" | "sec" | "second" | "m" | "min" | "minute" | "h" | "hour" | "d" | "day"
            );
            match known && count.parse::<u32>().is_ok() {
                true => Ok(text.to_owned()),
                false => {
                    Err(Fault::new(format!("`{text}` is no limit")).help("write it as `1000/sec`"))
                }
            }
        }),
        verdict: raw.verdict.map_or(Verdict::Accept, Verdict::from),
    }
}

fn redirect(
    name: &str,
    raw: &RawRedirect,
    zones: &[&str],
    key: &KeyPath,
    problems: &mut Problems,
) -> Option<Redirect> {
    problems.take(key.clone(), words::line(name));
    let zone = |part: &str, raw: &Option<String>, default: &str, problems: &mut Problems| {
        let zone = raw.clone().unwrap_or_else(|| default.to_owned());
        check_zone(&zone, zones, &key.key(part), problems);
        zone
    };
    let from = zone("from", &raw.from, "wan", problems);
    let to = zone("to", &raw.to, "lan", problems);
    if raw.port.is_none() {
        problems.add(key.key("port"), Fault::new("a port forward needs a `port`"));
    }
    if raw.to_address.is_none() {
        problems.add(
            key.key("to_address"),
            Fault::new("a port forward needs a `to_address`"),
        );
    }
    let port = problems.read(key.key("port"), raw.port.as_deref(), Ports::new);
    let to_address = problems.read(
        key.key("to_address"),
        raw.to_address.as_deref(),
        pool::address,
    );
    Some(Redirect {
        name: name.to_owned(),
        from,
        to,
        protocols: protocols(raw.protocols.as_ref(), &key.key("protocols"), problems),
        port: port?,
        to_address: to_address?,
        to_port: problems.read(key.key("to_port"), raw.to_port.as_deref(), Ports::new),
    })
}
