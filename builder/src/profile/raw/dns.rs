use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// DNS and static leases (dnsmasq).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawDns {
    /// Render `/etc/config/dhcp`? Default: true.
    pub enabled: Option<bool>,
    /// Domain of the node's own clients. Default: `"lan"`.
    pub domain: Option<String>,
    /// DNS servers to ask: an address, `address#port`, or `/domain/address` for one domain. Default: what the uplinks say.
    pub servers: Option<Vec<String>>,
    /// Refuse answers from outside with private addresses? Default: true.
    pub rebind_protection: Option<bool>,
    /// Domains whose answers may hold private addresses all the same. The community's domain is always among them.
    pub rebind_domains: Option<Vec<String>>,
    /// Answers kept in memory. Default: dnsmasq's own.
    pub cache_size: Option<u32>,
    /// Names with fixed addresses: `{ "printer.lan" = "192.168.7.9" }`.
    pub records: BTreeMap<String, String>,
    /// Machines with fixed leases, by host name.
    pub hosts: BTreeMap<String, RawHost>,
}

/// A machine with a fixed lease.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawHost {
    /// Its MAC address.
    pub mac: Option<String>,
    /// The address it gets.
    pub address: Option<String>,
    /// How long its lease holds, as `dhcp.lease_time`, or `"infinite"`.
    pub lease_time: Option<String>,
}
