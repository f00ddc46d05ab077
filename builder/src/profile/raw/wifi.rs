use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::profile::secrets::SecretRef;

/// Radios by band. A device uses the bands it has; settings for others are left out.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawWifi {
    /// Two-letter country code: decides allowed channels and power.
    pub country: Option<String>,
    /// The 2.4 GHz band.
    #[serde(rename = "2g")]
    pub band_2g: RawBand,
    /// The 5 GHz band.
    #[serde(rename = "5g")]
    pub band_5g: RawBand,
    /// The 6 GHz band.
    #[serde(rename = "6g")]
    pub band_6g: RawBand,
}

/// One band.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawBand {
    /// Switch radios of this band on? Default: true when the band has a mesh link or an access point.
    pub enabled: Option<bool>,
    /// Channel number, or `"auto"`. Mesh links need a number: both ends must meet.
    pub channel: Option<RawChannel>,
    /// Channel width and standard: `HT20`, `HT40`, `VHT20`-`VHT160`, `HE20`-`HE160`, `EHT20`-`EHT320`, `NOHT`. A radio that
    /// cannot do the standard gets the best it can, at this width where possible.
    pub htmode: Option<String>,
    /// Transmission power, dBm (0-40). Default: what the driver and the country allow.
    pub txpower: Option<u8>,
    /// Distance to the farthest peer, metres: for long outdoor links.
    pub distance: Option<u32>,
    /// Leave 802.11b rates on? Default: false.
    pub legacy_rates: Option<bool>,
    /// The mesh link on this band.
    pub mesh: Option<RawMeshPoint>,
    /// Access points on this band, by a name of your choice.
    pub ap: BTreeMap<String, RawAccessPoint>,
}

/// A channel number or `"auto"`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RawChannel {
    /// A channel number.
    Number(u16),
    /// `"auto"`.
    Word(String),
}

/// How mesh neighbours talk on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum RawMeshMode {
    /// IEEE 802.11s mesh points.
    #[serde(rename = "802.11s")]
    Ieee80211s,
    /// IBSS ("ad-hoc"): for old drivers without 802.11s.
    #[serde(rename = "ad-hoc")]
    AdHoc,
}

/// A mesh link.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawMeshPoint {
    /// Is it there? Default: true.
    pub enabled: Option<bool>,
    /// `802.11s` (default) or `ad-hoc`.
    pub mode: Option<RawMeshMode>,
    /// Mesh id (802.11s) or network name (ad-hoc): the same on all nodes.
    pub id: Option<String>,
    /// Ad-hoc only: the cell's BSSID, the same on all nodes.
    pub bssid: Option<String>,
    /// The network it belongs to. Default: `"mesh"`.
    pub network: Option<String>,
    /// `none` (default), `sae` (802.11s) or `psk2` (ad-hoc).
    pub encryption: Option<RawEncryption>,
    /// Reference to the shared key (8-63 characters).
    pub key: Option<SecretRef>,
    /// 802.11s only: let the driver forward frames itself? Default: false, the routing protocol does.
    pub forwarding: Option<bool>,
    /// 802.11s only: ignore neighbours weaker than this, dBm (-255 to 1).
    pub rssi_threshold: Option<i16>,
    /// Rate of broadcasts, kbit/s, e.g. 12000.
    pub multicast_rate: Option<u32>,
}

/// How the air is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawEncryption {
    /// Not at all.
    None,
    /// Opportunistic: encrypted without a key (Enhanced Open).
    Owe,
    /// WPA2 with a key.
    Psk2,
    /// WPA3 with a key.
    Sae,
    /// WPA2 or WPA3 with a key.
    SaeMixed,
}

/// An access point.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawAccessPoint {
    /// Is it there? Default: true.
    pub enabled: Option<bool>,
    /// Network name, 1-32 bytes. `{site}`, `{node}` and so on are filled as in the host name (but not `{mac}`).
    pub ssid: Option<String>,
    /// The network it belongs to. Default: `"lan"`.
    pub network: Option<String>,
    /// Default: `none`.
    pub encryption: Option<RawEncryption>,
    /// Reference to the key (8-63 characters).
    pub key: Option<SecretRef>,
    /// Keep clients from talking to each other? Default: false.
    pub isolate: Option<bool>,
    /// Leave the name out of beacons? Default: false.
    pub hidden: Option<bool>,
    /// Most clients at once.
    pub max_clients: Option<u16>,
    /// Let clients move to another node with the same name quickly (802.11r)? Default: false.
    pub roaming: Option<bool>,
}
