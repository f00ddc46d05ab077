use schemars::JsonSchema;
use serde::Deserialize;

/// Names: of the node, the community, the site.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawIdentity {
    /// Template of the host name. Filled when the image is built: `{site}`, `{community}`, `{device}` (ids),
    /// `{name}` (of the node), `{node}` (its number; `{node:03}` pads with zeros). Filled at first boot, since only the
    /// node knows it: `{mac}` (12 hex digits) and `{mac6}` (the last 6). `{node:03|mac6}` takes the first that is known.
    /// Example: `"{site}-{node:03|mac6}"`.
    pub hostname: Option<String>,
    /// The community's name as people write it. Default: its id.
    pub community: Option<String>,
    /// The DNS domain of the community's own cloud, e.g. `"clom.example"`.
    pub domain: Option<String>,
    /// The site's name as people write it. Default: its id.
    pub site: Option<String>,
    /// A part of the site with its own power or uplink (a street, a hill): copies of data are spread over zones.
    pub zone: Option<String>,
    /// Whom to ask about this node: an e-mail address, a chat room, a phone number. Shown on the status page.
    pub contact: Option<String>,
    /// A web page about the community.
    pub url: Option<String>,
    /// Where the node stands, in words.
    pub location: Option<String>,
    /// Degrees north, -90 to 90.
    pub latitude: Option<f64>,
    /// Degrees east, -180 to 180.
    pub longitude: Option<f64>,
}

/// Facts of one node.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawNodeFacts {
    /// The node's number in its site, from 1. Addresses from pools and `{node}` in the host name follow from it.
    pub number: Option<u32>,
    /// The node's name, e.g. `"chapel-roof"`. Default: the id of the node's profile.
    pub name: Option<String>,
    /// The MAC address on the label, when known: `{mac}` in the host name is then filled at build time.
    pub mac: Option<String>,
}
