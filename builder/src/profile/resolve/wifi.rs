//! Radios: what each of the device's radios does.

use super::channel::{self, Channel, HtMode};
use super::device::{Band, Device};
use super::fault::{Fault, Problems};
use super::hostname::{self, Facts};
use super::network::Networks;
use super::words::{self, Mac};
use crate::profile::path::KeyPath;
use crate::profile::raw::{
    RawAccessPoint, RawBand, RawChannel, RawEncryption, RawMeshMode, RawMeshPoint, RawWifi,
};
use crate::profile::secrets::SecretRef;

/// How mesh neighbours talk on the air.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeshMode {
    /// 802.11s mesh points.
    Ieee80211s {
        /// Whether the driver forwards frames.
        forwarding: bool,
        /// Neighbours weaker than this are ignored, dBm.
        rssi_threshold: Option<i16>,
    },
    /// IBSS.
    AdHoc {
        /// The cell.
        bssid: Option<Mac>,
    },
}

/// How the air is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// Not at all.
    None,
    /// Opportunistic, without a key.
    Owe,
    /// WPA2.
    Psk2(SecretRef),
    /// WPA3.
    Sae(SecretRef),
    /// WPA2 or WPA3.
    SaeMixed(SecretRef),
}

impl Encryption {
    /// As UCI writes it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Owe => "owe",
            Self::Psk2(_) => "psk2",
            Self::Sae(_) => "sae",
            Self::SaeMixed(_) => "sae-mixed",
        }
    }

    /// The reference to its key.
    pub fn key(&self) -> Option<&SecretRef> {
        match self {
            Self::None | Self::Owe => None,
            Self::Psk2(key) | Self::Sae(key) | Self::SaeMixed(key) => Some(key),
        }
    }
}

/// A mesh link of one radio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeshPoint {
    /// 802.11s or ad-hoc.
    pub mode: MeshMode,
    /// Mesh id or network name.
    pub id: String,
    /// The network it belongs to.
    pub network: String,
    /// Encryption and key.
    pub encryption: Encryption,
    /// Rate of broadcasts, kbit/s.
    pub multicast_rate: Option<u32>,
    /// The key of the profile that describes it.
    pub key: KeyPath,
}

/// An access point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessPoint {
    /// Its name in the profile.
    pub name: String,
    /// Network name on the air.
    pub ssid: String,
    /// The network it belongs to.
    pub network: String,
    /// Encryption and key.
    pub encryption: Encryption,
    /// Whether clients are kept from each other.
    pub isolate: bool,
    /// Whether beacons leave the name out.
    pub hidden: bool,
    /// Most clients at once.
    pub max_clients: Option<u16>,
    /// 802.11r.
    pub roaming: bool,
    /// The key of the profile that describes it.
    pub key: KeyPath,
}

/// What a band's radios do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BandPlan {
    /// The band.
    pub band: Band,
    /// Channel.
    pub channel: Channel,
    /// Standard and width wished for; a radio may know less.
    pub htmode: Option<HtMode>,
    /// dBm.
    pub txpower: Option<u8>,
    /// Metres to the farthest peer.
    pub distance: Option<u32>,
    /// 802.11b rates.
    pub legacy_rates: bool,
    /// The mesh link.
    pub mesh: Option<MeshPoint>,
    /// Access points, by name.
    pub access_points: Vec<AccessPoint>,
}

/// One radio of the device and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Radio {
    /// Its section's name.
    pub name: String,
    /// Where it sits, if known.
    pub path: Option<String>,
    /// Standard and width, as this radio can.
    pub htmode: HtMode,
    /// The band it works in (also when switched off).
    pub band: Band,
    /// How many radios of the same band come before it.
    pub nth: usize,
    /// What it does; `None`: switched off.
    pub plan: Option<BandPlan>,
}

/// All radios.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wifi {
    /// Country code.
    pub country: Option<String>,
    /// The radios in the device's order.
    pub radios: Vec<Radio>,
}

pub(super) fn resolve(
    raw: &RawWifi,
    device: &Device,
    networks: &Networks,
    facts: &Facts,
    problems: &mut Problems,
) -> Wifi {
    let key = KeyPath::root().key("wifi");
    let country = problems.read(key.key("country"), raw.country.as_deref(), channel::country);
    let plans: Vec<BandPlan> = [
        (Band::G2, &raw.band_2g),
        (Band::G5, &raw.band_5g),
        (Band::G6, &raw.band_6g),
    ]
    .into_iter()
    .filter_map(|(band, raw)| {
        plan(
            band,
            raw,
            &key.key(band.word()),
            country.as_deref(),
            networks,
            facts,
            problems,
        )
    })
    .collect();
    if !device.radios.is_empty() && !plans.is_empty() && raw.country.is_none() {
        problems.add(
            key.key("country"),
            Fault::new(
                "radios are in use, and no country is set: channels and power follow its law",
            )
            .help("set `wifi.country` to the two letters of your country, e.g. `\"PT\"`"),
        );
    }
    let mut radios: Vec<Radio> = Vec::new();
    for fact in &device.radios {
        let plan = fact
            .bands
            .iter()
            .find_map(|band| plans.iter().find(|plan| plan.band == *band));
        let Some(band) = plan
            .map(|plan| plan.band)
            .or_else(|| fact.bands.first().copied())
        else {
            continue;
        };
        let nth = radios.iter().filter(|radio| radio.band == band).count();
        radios.push(Radio {
            name: fact.name.clone(),
            path: fact.path.clone(),
            htmode: HtMode::for_radio(band, fact.standard, plan.and_then(|plan| plan.htmode)),
            band,
            nth,
            plan: plan.cloned(),
        });
    }
    Wifi { country, radios }
}

fn plan(
    band: Band,
    raw: &RawBand,
    key: &KeyPath,
    country: Option<&str>,
    networks: &Networks,
    facts: &Facts,
    problems: &mut Problems,
) -> Option<BandPlan> {
    if raw.enabled == Some(false) {
        return None;
    }
    let mesh = raw.mesh.as_ref().filter(|mesh| mesh.enabled != Some(false));
    let mesh = mesh.and_then(|raw| mesh_point(raw, &key.key("mesh"), networks, facts, problems));
    let access_points: Vec<AccessPoint> = raw
        .ap
        .iter()
        .filter(|(_, ap)| ap.enabled != Some(false))
        .filter_map(|(name, raw)| {
            access_point(
                name,
                raw,
                &key.key("ap").key(name),
                networks,
                facts,
                problems,
            )
        })
        .collect();
    let htmode = problems.read(key.key("htmode"), raw.htmode.as_deref(), HtMode::new);
    let channel = match &raw.channel {
        None => Channel::Auto,
        Some(raw) => problems
            .take(key.key("channel"), Channel::new(raw, band, country, htmode))
            .unwrap_or(Channel::Auto),
    };
    let unsaid = match &raw.channel {
        None => true,
        Some(RawChannel::Word(word)) => word == "auto",
        Some(RawChannel::Number(_)) => false,
    };
    if mesh.is_some() && unsaid {
        problems.add(
            key.key("channel"),
            Fault::new("a mesh link needs a channel number: both ends must meet on it")
                .help(format!("set `wifi.{}.channel`", band.word())),
        );
    }
    let txpower = problems.range(key.key("txpower"), raw.txpower, 0..=40, " dBm");
    let distance = problems.range(key.key("distance"), raw.distance, 0..=100_000, " m");
    if mesh.is_none() && access_points.is_empty() {
        return None;
    }
    Some(BandPlan {
        band,
        channel,
        htmode,
        txpower,
        distance,
        legacy_rates: raw.legacy_rates.unwrap_or(false),
        mesh,
        access_points,
    })
}

fn mesh_point(
    raw: &RawMeshPoint,
    key: &KeyPath,
    networks: &Networks,
    facts: &Facts,
    problems: &mut Problems,
) -> Option<MeshPoint> {
    let ad_hoc = raw.mode == Some(RawMeshMode::AdHoc);
    let id = air_name(
        raw.id.as_deref(),
        &key.key("id"),
        "a mesh link",
        facts,
        problems,
    );
    let network = member(
        raw.network.as_deref().unwrap_or("mesh"),
        &key.key("network"),
        networks,
        problems,
    );
    match (ad_hoc, raw.encryption) {
        (true, Some(RawEncryption::Sae | RawEncryption::SaeMixed | RawEncryption::Owe)) => problems
            .add(
                key.key("encryption"),
                Fault::new("ad-hoc links know `none` and `psk2` only")
                    .help("use `mode = \"802.11s\"` for `sae`"),
            ),
        (false, Some(RawEncryption::Psk2 | RawEncryption::SaeMixed | RawEncryption::Owe)) => {
            problems.add(
                key.key("encryption"),
                Fault::new("802.11s links know `none` and `sae` only").help("use `sae`"),
            )
        }
        _ => {}
    }
    let encryption = encryption(raw.encryption, raw.key.as_ref(), key, problems);
    let bssid = problems.read(key.key("bssid"), raw.bssid.as_deref(), Mac::new);
    if !ad_hoc && raw.bssid.is_some() {
        problems.add(
            key.key("bssid"),
            Fault::new("802.11s links have no BSSID in common"),
        );
    }
    if ad_hoc && (raw.forwarding.is_some() || raw.rssi_threshold.is_some()) {
        let name = if raw.forwarding.is_some() {
            "forwarding"
        } else {
            "rssi_threshold"
        };
        problems.add(
            key.key(name),
            Fault::new("only 802.11s links know this setting"),
        );
    }
    Some(MeshPoint {
        mode: if ad_hoc {
            MeshMode::AdHoc { bssid }
        } else {
            MeshMode::Ieee80211s {
                forwarding: raw.forwarding.unwrap_or(false),
                rssi_threshold: problems.range(
                    key.key("rssi_threshold"),
                    raw.rssi_threshold,
                    -255..=1,
                    " dBm",
                ),
            }
        },
        id: id?,
        network: network?,
        encryption: encryption?,
        multicast_rate: problems.range(
            key.key("multicast_rate"),
            raw.multicast_rate,
            1000..=600_000,
            " kbit/s",
        ),
        key: key.clone(),
    })
}

fn access_point(
    name: &str,
    raw: &RawAccessPoint,
    key: &KeyPath,
    networks: &Networks,
    facts: &Facts,
    problems: &mut Problems,
) -> Option<AccessPoint> {
    problems.take(key.clone(), words::uci_name(name));
    let ssid = air_name(
        raw.ssid.as_deref(),
        &key.key("ssid"),
        "an access point",
        facts,
        problems,
    );
    let network = member(
        raw.network.as_deref().unwrap_or("lan"),
        &key.key("network"),
        networks,
        problems,
    );
    let encryption = encryption(raw.encryption, raw.key.as_ref(), key, problems);
    Some(AccessPoint {
        name: name.to_owned(),
        ssid: ssid?,
        network: network?,
        encryption: encryption?,
        isolate: raw.isolate.unwrap_or(false),
        hidden: raw.hidden.unwrap_or(false),
        max_clients: problems.range(key.key("max_clients"), raw.max_clients, 1..=2007, ""),
        roaming: raw.roaming.unwrap_or(false),
        key: key.clone(),
    })
}

/// A name on the air: 1 to 32 bytes, no control characters.
fn air_name(
    text: Option<&str>,
    key: &KeyPath,
    what: &str,
    facts: &Facts,
    problems: &mut Problems,
) -> Option<String> {
    let Some(template) = text else {
        problems.add(key.clone(), Fault::new(format!("{what} needs a name")));
        return None;
    };
    let checked = hostname::text(template, facts)
        .and_then(|name| words::line(&name))
        .and_then(|name| match name.len() {
            1..=32 => Ok(name),
            length => Err(Fault::new(format!(
                "a name on the air has 1 to 32 bytes, and `{name}` has {length}"
            ))),
        });
    problems.take(key.clone(), checked)
}

fn member(
    name: &str,
    key: &KeyPath,
    networks: &Networks,
    problems: &mut Problems,
) -> Option<String> {
    let network = networks.find(name, key.clone(), problems)?;
    Some(network.name.clone())
}

fn encryption(
    raw: Option<RawEncryption>,
    secret: Option<&SecretRef>,
    key: &KeyPath,
    problems: &mut Problems,
) -> Option<Encryption> {
    let with_key: fn(SecretRef) -> Encryption = match raw.unwrap_or(RawEncryption::None) {
        plain @ (RawEncryption::None | RawEncryption::Owe) => {
            if secret.is_some() {
                problems.add(
                    key.key("key"),
                    Fault::new("there is a key, and the encryption uses none").help(
                        "set `encryption` to `psk2`, `sae` or `sae-mixed`, or take the key out",
                    ),
                );
            }
            return Some(match plain {
                RawEncryption::Owe => Encryption::Owe,
                _ => Encryption::None,
            });
        }
        RawEncryption::Psk2 => Encryption::Psk2,
        RawEncryption::Sae => Encryption::Sae,
        RawEncryption::SaeMixed => Encryption::SaeMixed,
    };
    let Some(secret) = secret else {
        problems.add(
            key.key("key"),
            Fault::new("this encryption needs a key")
                .help("set `key` to a reference: `env:NAME`, `file:PATH` or `age:PATH`"),
        );
        return None;
    };
    Some(with_key(secret.clone()))
}
