//! DNS and static leases.

use std::net::IpAddr;

use ipnet::IpNet;

use super::fault::{Fault, Problems};
use super::network::Network;
use super::pool;
use super::words::{self, DomainName, HostName, Mac};
use crate::profile::path::KeyPath;
use crate::profile::raw::RawDns;

/// A machine with a fixed lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name.
    pub name: HostName,
    /// Its MAC address.
    pub mac: Mac,
    /// The address it gets.
    pub address: IpAddr,
    /// How long its lease holds.
    pub lease_time: Option<String>,
}

/// DNS and static leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dns {
    /// Domain of the node's clients.
    pub domain: DomainName,
    /// Servers to ask, as dnsmasq writes them.
    pub servers: Vec<String>,
    /// Whether private addresses from outside are refused.
    pub rebind_protection: bool,
    /// Domains that may have them all the same.
    pub rebind_domains: Vec<DomainName>,
    /// Answers kept.
    pub cache_size: Option<u32>,
    /// Names with fixed addresses.
    pub records: Vec<(DomainName, IpAddr)>,
    /// Machines with fixed leases.
    pub hosts: Vec<Host>,
}

pub(super) fn resolve(
    raw: &RawDns,
    community: &DomainName,
    networks: &[Network],
    problems: &mut Problems,
) -> Option<Dns> {
    if raw.enabled == Some(false) {
        return None;
    }
    let key = KeyPath::root().key("dns");
    let domain = raw.domain.as_deref().unwrap_or("lan");
    let domain = problems.take(key.key("domain"), DomainName::new(domain));
    let mut rebind_domains = vec![community.clone()];
    for domain in problems.read_list(
        &key.key("rebind_domains"),
        raw.rebind_domains.as_ref(),
        DomainName::new,
    ) {
        if !rebind_domains.contains(&domain) {
            rebind_domains.push(domain);
        }
    }
    let mut records = Vec::new();
    for (name, address) in &raw.records {
        let key = key.key("records").key(name);
        let name = problems.take(key.clone(), DomainName::new(name));
        let address = problems.take(key, pool::address(address));
        records.extend(name.zip(address));
    }
    let mut hosts: Vec<Host> = Vec::new();
    for (name, raw) in &raw.hosts {
        let key = key.key("hosts").key(name);
        for (part, set) in [
            ("mac", raw.mac.is_some()),
            ("address", raw.address.is_some()),
        ] {
            if !set {
                problems.add(
                    key.key(part),
                    Fault::new(format!("host `{name}` needs a `{part}`")),
                );
            }
        }
        let checked = problems.take(key.clone(), HostName::new(name));
        let mac = problems.read(key.key("mac"), raw.mac.as_deref(), Mac::new);
        let address = problems.read(key.key("address"), raw.address.as_deref(), |text| {
            let address = pool::address(text)?;
            let near = networks
                .iter()
                .filter(|network| network.dhcp.is_some())
                .flat_map(|network| &network.addresses)
                .any(|net: &IpNet| net.contains(&address));
            match near {
                true => Ok(address),
                false => Err(Fault::new(format!(
                    "`{address}` is in no network that serves leases"
                ))),
            }
        });
        let lease_time = problems.read(
            key.key("lease_time"),
            raw.lease_time.as_deref(),
            words::lease_time,
        );
        let (Some(name), Some(mac), Some(address)) = (checked, mac, address) else {
            continue;
        };
        if let Some(other) = hosts
            .iter()
            .find(|host| host.mac == mac || host.address == address)
        {
            problems.add(
                key,
                Fault::new(format!(
                    "host `{}` has the same MAC or IP address",
                    other.name
                )),
            );
            continue;
        }
        hosts.push(Host {
            name,
            mac,
            address,
            lease_time,
        });
    }
    Some(Dns {
        domain: domain?,
        servers: problems.read_list(&key.key("servers"), raw.servers.as_ref(), server),
        rebind_protection: raw.rebind_protection.unwrap_or(true),
        rebind_domains,
        cache_size: problems.range(
            key.key("cache_size"),
            raw.cache_size,
            0..=10_000,
            " answers",
        ),
        records,
        hosts,
    })
}

/// `192.0.2.53`, `192.0.2.53#5353`, `/clom.example/192.0.2.53`
fn server(text: &str) -> Result<String, Fault> {
    let bad = || {
        Fault::new(format!("`{text}` is no DNS server"))
            .help("write an address, `address#port`, or `/domain/address`")
    };
    let address = match text.strip_prefix('/') {
        None => text,
        Some(rest) => {
            let (domain, address) = rest.rsplit_once('/').ok_or_else(bad)?;
            for domain in domain.split('/') {
                DomainName::new(domain)?;
            }
            address
        }
    };
    let (address, port) = match address.split_once('#') {
        Some((address, port)) => (address, port.parse::<u16>().is_ok()),
        None => (address, true),
    };
    match port && address.parse::<IpAddr>().is_ok() {
        true => Ok(text.to_owned()),
        false => Err(bad()),
    }
}
