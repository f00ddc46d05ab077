use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// The shape of `/etc/config/network` that the device's OpenWrt understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawNetworkStyle {
    /// OpenWrt 21.02 and later: `config device`, `option device`.
    Device,
    /// OpenWrt 19.07 and before: `option ifname`, `option type 'bridge'` in the interface.
    Ifname,
}

/// Facts of the device.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawDevice {
    /// OpenWrt's name of the device, e.g. `"tplink_archer-c7-v2"`. Default: the id of the device's profile.
    pub id: Option<String>,
    /// Maker and model as people say it.
    pub title: Option<String>,
    /// What the agent is compiled for: `mips`, `mipsel`, `armv7hf`, `armv7sf` or `aarch64`.
    pub cpu: Option<String>,
    /// OpenWrt's target, e.g. `"ath79/generic"`.
    pub target: Option<String>,
    /// OpenWrt's package architecture, e.g. `"mips_24kc"`.
    pub arch_packages: Option<String>,
    /// Size of the flash: `"16M"`.
    pub flash: Option<String>,
    /// Size of the RAM: `"128M"`.
    pub ram: Option<String>,
    /// Names the device's sysupgrade knows it by, e.g. `["tplink,archer-c7-v2"]`.
    pub supported_devices: Option<Vec<String>>,
    /// OpenWrt's compatibility version of the device's configuration, e.g. `"1.1"`. Default: `"1.0"`.
    pub compat_version: Option<String>,
    /// Largest image: `"16192K"`.
    pub image_limit: Option<String>,
    /// Default: `device`.
    pub network_style: Option<RawNetworkStyle>,
    /// Its cable ports.
    pub ports: RawPorts,
    /// A switch set up by swconfig, where the device has one. Devices with DSA have none.
    pub switch: Option<RawSwitch>,
    /// Its radios by a name of your choice (usually `radio0`, `radio1` as `wifi config` would call them).
    pub radios: BTreeMap<String, RawRadioFact>,
}

/// Linux names of the cable ports.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawPorts {
    /// Ports for the home network: `["lan1", "lan2"]`; with a swconfig switch `["eth0.1"]`.
    pub lan: Option<Vec<String>>,
    /// Ports for the uplink: `["wan"]`.
    pub wan: Option<Vec<String>>,
}

/// A switch set up by swconfig.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawSwitch {
    /// Its name. Default: `"switch0"`.
    pub name: Option<String>,
    /// VLANs by number, each with its switch ports as UCI has them: `{ 1 = "1 2 3 4 6t", 2 = "0 6t" }`.
    pub vlans: BTreeMap<String, String>,
}

/// One radio.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawRadioFact {
    /// Where it sits, as `wifi config` writes it: `"platform/ahb/18100000.wmac"`. Unknown: settings are applied at first boot
    /// to the radios the node finds.
    pub path: Option<String>,
    /// Bands it can use: `["2g"]`. The first is what it is used for, unless that band is off.
    pub bands: Option<Vec<String>>,
    /// Best standard it knows: `ht`, `vht`, `he`, `eht`. Default: `ht` at 2.4 GHz, `vht` at 5 GHz, `he` at 6 GHz.
    pub standard: Option<String>,
}
