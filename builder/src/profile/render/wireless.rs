//! `/etc/config/wireless`, or the script that writes it at first boot where it is not known where the radios sit.

use openwrt_formats::uci::{Config, Value};

use super::draft::{Draft, Part};
use super::error::RenderError;
use super::script;
use super::secrets::Secrets;
use crate::profile::resolve::{
    AccessPoint, Band, BandPlan, Encryption, MeshMode, MeshPoint, NetworkStyle, Profile, Radio,
    radio_device, radio_interface,
};

/// Whether all radios' places are known, so that the file can be written now.
pub(super) fn is_known(profile: &Profile) -> bool {
    profile.wifi.radios.iter().all(|radio| radio.path.is_some())
}

/// The whole file.
pub(super) fn wireless(profile: &Profile, secrets: &Secrets<'_>) -> Result<Config, RenderError> {
    let mut draft = Draft::default();
    for radio in &profile.wifi.radios {
        let part = Part::named("wifi-device", &radio.name)
            .set("type", "mac80211")
            .maybe("path", radio.path.as_ref());
        draft.push(radio_options(part, radio, profile))?;
        for part in interfaces(radio, profile, secrets)? {
            draft.push(part)?;
        }
    }
    Ok(draft.finish())
}

fn radio_options(part: Part, radio: &Radio, profile: &Profile) -> Part {
    let part = match profile.device.network_style {
        NetworkStyle::Device => part.set("band", radio.band.word()),
        NetworkStyle::Ifname => {
            part.set("hwmode", if radio.band == Band::G2 { "11g" } else { "11a" })
        }
    };
    let Some(plan) = &radio.plan else {
        return part.set("channel", "auto").set("disabled", true);
    };
    let part = part
        .set("channel", plan.channel.to_string())
        .set("htmode", radio.htmode.to_string())
        .maybe("country", profile.wifi.country.as_ref())
        .maybe("txpower", plan.txpower)
        .maybe("distance", plan.distance);
    let part = match (profile.device.network_style, plan.band) {
        (NetworkStyle::Device, Band::G2) => part.set("legacy_rates", plan.legacy_rates),
        (NetworkStyle::Ifname, Band::G2) => part.set("legacy_rates", plan.legacy_rates),
        _ => part,
    };
    part.set("disabled", false)
}

/// The mesh link and the access points of a radio.
fn interfaces(
    radio: &Radio,
    profile: &Profile,
    secrets: &Secrets<'_>,
) -> Result<Vec<Part>, RenderError> {
    let Some(plan) = &radio.plan else {
        return Ok(Vec::new());
    };
    let mut parts = Vec::new();
    if let Some(mesh) = &plan.mesh {
        parts.push(mesh_point(mesh, radio, profile, secrets)?);
    }
    for ap in &plan.access_points {
        parts.push(access_point(ap, plan, radio, secrets)?);
    }
    Ok(parts)
}

/// The UCI network of a mesh link: its own interface where a protocol runs, else the network itself.
fn mesh_network(point: &MeshPoint, radio: &Radio, profile: &Profile) -> String {
    let own = radio_interface(&point.network, radio);
    let links = profile.mesh.iter().flat_map(|mesh| &mesh.links);
    match links.into_iter().any(|link| link.interface == own) {
        true => own,
        false => point.network.clone(),
    }
}

fn mesh_point(
    point: &MeshPoint,
    radio: &Radio,
    profile: &Profile,
    secrets: &Secrets<'_>,
) -> Result<Part, RenderError> {
    let part = Part::named("wifi-iface", radio_interface("mesh", radio))
        .set("device", radio.name.as_str())
        .set("network", mesh_network(point, radio, profile))
        .set("ifname", radio_device(radio));
    let part = match &point.mode {
        MeshMode::Ieee80211s {
            forwarding,
            rssi_threshold,
        } => part
            .set("mode", "mesh")
            .set("mesh_id", point.id.as_str())
            .set("mesh_fwding", *forwarding)
            .maybe("mesh_rssi_threshold", *rssi_threshold),
        MeshMode::AdHoc { bssid } => part
            .set("mode", "adhoc")
            .set("ssid", point.id.as_str())
            .maybe("bssid", bssid.as_ref()),
    };
    encrypted(
        part.maybe("mcast_rate", point.multicast_rate),
        &point.encryption,
        &point.key.key("key"),
        secrets,
    )
}

fn access_point(
    ap: &AccessPoint,
    plan: &BandPlan,
    radio: &Radio,
    secrets: &Secrets<'_>,
) -> Result<Part, RenderError> {
    let name = match radio.nth {
        0 => format!("{}_{}", ap.name, plan.band.word()),
        nth => format!("{}_{}_{}", ap.name, plan.band.word(), nth + 1),
    };
    let part = Part::named("wifi-iface", name)
        .set("device", radio.name.as_str())
        .set("network", ap.network.as_str())
        .set("mode", "ap")
        .set("ssid", ap.ssid.as_str())
        .flag("isolate", ap.isolate)
        .flag("hidden", ap.hidden)
        .maybe("maxassoc", ap.max_clients)
        .flag("ieee80211r", ap.roaming);
    encrypted(part, &ap.encryption, &ap.key.key("key"), secrets)
}

fn encrypted(
    part: Part,
    encryption: &Encryption,
    key: &crate::profile::path::KeyPath,
    secrets: &Secrets<'_>,
) -> Result<Part, RenderError> {
    let part = part.set("encryption", encryption.word());
    // Protected management frames: WPA3 and OWE demand them, the mixed mode offers them.
    let part = match encryption {
        Encryption::Owe | Encryption::Sae(_) => part.set("ieee80211w", "2"),
        Encryption::SaeMixed(_) => part.set("ieee80211w", "1"),
        Encryption::None | Encryption::Psk2(_) => part,
    };
    match encryption.key() {
        Some(secret) => Ok(part.set("key", secrets.air_key(secret, key)?)),
        None => Ok(part),
    }
}

/// A script that lets the node find its radios and then sets each up by its band.
pub(super) fn first_boot(profile: &Profile, secrets: &Secrets<'_>) -> Result<String, RenderError> {
    let mut cases = String::new();
    for radio in &profile.wifi.radios {
        cases.push_str(&format!("\t{}.{})\n", radio.band.word(), radio.nth));
        let mut draft = Draft::default();
        draft.push(radio_options(
            Part::named("wifi-device", "radio"),
            radio,
            profile,
        ))?;
        for section in draft.finish().sections() {
            for (option, value) in section.options() {
                cases.push_str(&format!(
                    "\t\tuci set wireless.$radio.{option}={}\n",
                    script::quote(value.as_str().unwrap_or_default())
                ));
            }
        }
        let mut draft = Draft::default();
        for part in interfaces(radio, profile, secrets)? {
            draft.push(part)?;
        }
        for section in draft.finish().sections() {
            let name = section.name().unwrap_or_default();
            cases.push_str(&format!("\t\tuci set wireless.{name}=wifi-iface\n"));
            for (option, value) in section.options() {
                let line = match (option, value) {
                    ("device", _) => format!("uci set wireless.{name}.device=\"$radio\""),
                    (_, Value::Option(text)) => {
                        format!("uci set wireless.{name}.{option}={}", script::quote(text))
                    }
                    (_, Value::List(items)) => items
                        .iter()
                        .map(|item| {
                            format!(
                                "uci add_list wireless.{name}.{option}={}",
                                script::quote(item)
                            )
                        })
                        .collect::<Vec<_>>()
                        .join("\n\t\t"),
                };
                cases.push_str(&format!("\t\t{line}\n"));
            }
        }
        cases.push_str("\t\t;;\n");
    }
    Ok(script::wifi(profile.wifi.radios.len(), &cases))
}
