//! Names.

use super::Names;
use super::fault::{Fault, Problems};
use super::hostname::{self, Facts, Hostname};
use super::words::{self, DomainName, Mac};
use crate::profile::path::KeyPath;
use crate::profile::raw::{RawIdentity, RawNodeFacts};

/// Names: of the node, the community, the site.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// The node's host name.
    pub hostname: Hostname,
    /// The node's number in its site, if it has one.
    pub number: Option<u32>,
    /// The node's name, if it has one.
    pub name: Option<String>,
    /// The node's MAC address, if known.
    pub mac: Option<Mac>,
    /// The community's name for people.
    pub community: String,
    /// The community's own DNS domain.
    pub domain: DomainName,
    /// The site's name for people.
    pub site: String,
    /// The part of the site the node is in.
    pub zone: Option<String>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// A page about the community.
    pub url: Option<String>,
    /// Where the node stands, in words.
    pub location: Option<String>,
    /// Degrees north and east.
    pub position: Option<(f64, f64)>,
}

pub(super) fn facts(names: &Names, node: &RawNodeFacts, problems: &mut Problems) -> Facts {
    let key = KeyPath::root().key("node");
    if node.number == Some(0) {
        problems.add(key.key("number"), Fault::new("node numbers start at 1"));
    }
    Facts {
        community: names.community.clone(),
        site: names.site.clone(),
        device: names.device.clone(),
        name: node.name.clone().or_else(|| names.node.clone()),
        number: node.number,
        mac: problems.read(key.key("mac"), node.mac.as_deref(), Mac::new),
    }
}

pub(super) fn resolve(raw: &RawIdentity, facts: &Facts, problems: &mut Problems) -> Identity {
    let key = KeyPath::root().key("identity");
    let template = raw.hostname.as_deref().unwrap_or("node-{mac6}");
    let hostname = problems
        .take(key.key("hostname"), hostname::hostname(template, facts))
        .unwrap_or_default();
    let domain = raw.domain.as_deref().unwrap_or("mesh.home.arpa");
    let domain = problems.take(key.key("domain"), DomainName::new(domain));
    let mut line = |name: &str, text: &Option<String>| {
        problems.read(key.key(name), text.as_deref(), words::line)
    };
    let (community, site) = (line("community", &raw.community), line("site", &raw.site));
    let (zone, contact) = (line("zone", &raw.zone), line("contact", &raw.contact));
    let (url, location) = (line("url", &raw.url), line("location", &raw.location));
    let north = problems.range(key.key("latitude"), raw.latitude, -90.0..=90.0, " degrees");
    let east = problems.range(
        key.key("longitude"),
        raw.longitude,
        -180.0..=180.0,
        " degrees",
    );
    match (raw.latitude, raw.longitude) {
        (Some(_), None) => problems.add(
            key.key("longitude"),
            Fault::new("`identity.latitude` is set, and `identity.longitude` is not"),
        ),
        (None, Some(_)) => problems.add(
            key.key("latitude"),
            Fault::new("`identity.longitude` is set, and `identity.latitude` is not"),
        ),
        _ => {}
    }
    Identity {
        hostname,
        number: facts.number,
        name: facts.name.clone(),
        mac: facts.mac,
        community: community
            .or_else(|| facts.community.clone())
            .unwrap_or_default(),
        domain: domain.unwrap_or_else(fallback_domain),
        site: site.or_else(|| facts.site.clone()).unwrap_or_default(),
        zone,
        contact,
        url,
        location,
        position: north.zip(east),
    }
}

#[allow(clippy::expect_used)]
fn fallback_domain() -> DomainName {
    DomainName::new("home.arpa").expect("a domain name")
}
