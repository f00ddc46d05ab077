//! `/etc/config/clommunity` and `/etc/clommunity/community.json`: what the agent reads.

use openwrt_formats::uci::Config;
use serde::Serialize;

use super::draft::{Draft, Part};
use super::error::RenderError;
use crate::profile::path::KeyPath;
use crate::profile::resolve::{Fault, Profile};

/// The version of the format of `community.json`.
const VERSION: u32 = 1;

pub(super) fn clommunity(profile: &Profile) -> Result<Config, RenderError> {
    let (identity, agent) = (&profile.identity, &profile.agent);
    let mut draft = Draft::default();
    draft.push(
        Part::named("node", "node")
            .set("enabled", agent.enabled)
            .maybe("site", profile.names.site.as_ref())
            .maybe("zone", identity.zone.as_ref())
            .maybe("number", identity.number),
    )?;
    draft.push(
        Part::named("agent", "agent")
            .list("http_listen", &agent.http_listen)
            .set("http_port", agent.http_port.to_string())
            .set("log_level", agent.log_level.as_str()),
    )?;
    Ok(draft.finish())
}

/// Facts of the community that are baked into the image.
#[derive(Serialize)]
struct Community<'a> {
    version: u32,
    id: Option<&'a str>,
    name: &'a str,
    domain: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'a str>,
    site: Site<'a>,
}

#[derive(Serialize)]
struct Site<'a> {
    id: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longitude: Option<f64>,
}

/// The text of `community.json`.
pub(super) fn community(profile: &Profile) -> Result<String, RenderError> {
    let identity = &profile.identity;
    let facts = Community {
        version: VERSION,
        id: profile.names.community.as_deref(),
        name: &identity.community,
        domain: identity.domain.as_str(),
        url: identity.url.as_deref(),
        contact: identity.contact.as_deref(),
        site: Site {
            id: profile.names.site.as_deref(),
            name: &identity.site,
            location: identity.location.as_deref(),
            latitude: identity.position.map(|(north, _)| north),
            longitude: identity.position.map(|(_, east)| east),
        },
    };
    let text = serde_json::to_string_pretty(&facts).map_err(|error| {
        RenderError::at(
            KeyPath::root().key("identity"),
            Fault::new(error.to_string()),
        )
    })?;
    Ok(text + "\n")
}
