//! Facts of the device.

use std::collections::BTreeMap;
use std::fmt;

use super::fault::{Fault, Problems};
use super::words;
use crate::profile::path::KeyPath;
use crate::profile::raw::{RawDevice, RawNetworkStyle, RawRadioFact, RawSwitch};

/// What programs for the device are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CpuKind {
    /// MIPS32, big endian, soft float.
    Mips,
    /// MIPS32, little endian, soft float.
    Mipsel,
    /// ARMv7 with VFP.
    Armv7Hf,
    /// ARMv7 without VFP.
    Armv7Sf,
    /// AArch64.
    Aarch64,
}

impl CpuKind {
    /// Each of them.
    pub const ALL: [Self; 5] = [
        Self::Mips,
        Self::Mipsel,
        Self::Armv7Hf,
        Self::Armv7Sf,
        Self::Aarch64,
    ];

    /// As profiles write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mips => "mips",
            Self::Mipsel => "mipsel",
            Self::Armv7Hf => "armv7hf",
            Self::Armv7Sf => "armv7sf",
            Self::Aarch64 => "aarch64",
        }
    }
}

impl fmt::Display for CpuKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The shape of `/etc/config/network` and `/etc/config/wireless` that the device's OpenWrt understands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NetworkStyle {
    /// OpenWrt 21.02 and later.
    #[default]
    Device,
    /// OpenWrt 19.07 and before.
    Ifname,
}

/// A radio band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// 2.4 GHz.
    G2,
    /// 5 GHz.
    G5,
    /// 6 GHz.
    G6,
}

impl Band {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::G2, Self::G5, Self::G6];

    /// As profiles and UCI write it: `2g`.
    pub fn word(self) -> &'static str {
        match self {
            Self::G2 => "2g",
            Self::G5 => "5g",
            Self::G6 => "6g",
        }
    }
}

/// What a radio can do, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standard {
    /// 802.11n.
    Ht,
    /// 802.11ac.
    Vht,
    /// 802.11ax.
    He,
    /// 802.11be.
    Eht,
}

/// One radio of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RadioFact {
    /// Name of its section in `/etc/config/wireless`.
    pub name: String,
    /// Where it sits in the device tree or on a bus, if known.
    pub path: Option<String>,
    /// Bands it can use.
    pub bands: Vec<Band>,
    /// The best standard it knows, if the device entry says.
    pub standard: Option<Standard>,
}

/// A switch set up by swconfig.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// `switch0`
    pub name: String,
    /// Ports by VLAN number, as UCI has them.
    pub vlans: BTreeMap<u16, String>,
}

/// Facts of the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// OpenWrt's name of the device.
    pub id: String,
    /// Maker and model.
    pub title: String,
    /// What programs for it are compiled for.
    pub cpu: CpuKind,
    /// OpenWrt's target, `ath79/generic`; `None` for lab machines.
    pub target: Option<String>,
    /// OpenWrt's package architecture.
    pub arch_packages: Option<String>,
    /// Flash, bytes.
    pub flash: Option<u64>,
    /// RAM, bytes.
    pub ram: Option<u64>,
    /// Names its sysupgrade knows it by.
    pub supported_devices: Vec<String>,
    /// OpenWrt's compatibility version of its configuration.
    pub compat_version: String,
    /// Largest image, bytes.
    pub image_limit: Option<u64>,
    /// Shape of its network configuration.
    pub network_style: NetworkStyle,
    /// Linux interfaces of the LAN ports.
    pub lan_ports: Vec<String>,
    /// Linux interfaces of the WAN ports.
    pub wan_ports: Vec<String>,
    /// Its swconfig switch.
    pub switch: Option<Switch>,
    /// Its radios, by name.
    pub radios: Vec<RadioFact>,
}

pub(super) fn resolve(raw: &RawDevice, profile: Option<&str>, problems: &mut Problems) -> Device {
    let key = KeyPath::root().key("device");
    let id = raw.id.as_deref().or(profile).unwrap_or_default().to_owned();
    if raw.cpu.is_none() {
        problems.add(
            key.key("cpu"),
            Fault::new("the build has no device, or the device entry does not say its CPU").help(
                "build for a device (`--device NAME`), and set `device.cpu` in its entry to mips, mipsel, armv7hf, armv7sf or aarch64",
            ),
        );
    }
    let cpu = problems.read(key.key("cpu"), raw.cpu.as_deref(), |text| {
        CpuKind::ALL
            .into_iter()
            .find(|kind| kind.word() == text)
            .ok_or_else(|| {
                Fault::new(format!("`{text}` is no CPU I can build for"))
                    .help("known are mips, mipsel, armv7hf, armv7sf and aarch64")
            })
    });
    let mut size = |name: &str, text: &Option<String>| {
        problems.read(key.key(name), text.as_deref(), words::size)
    };
    let (flash, ram) = (size("flash", &raw.flash), size("ram", &raw.ram));
    let image_limit = size("image_limit", &raw.image_limit);
    let ports = key.key("ports");
    let lan_ports = problems.read_list(&ports.key("lan"), raw.ports.lan.as_ref(), interface);
    let wan_ports = problems.read_list(&ports.key("wan"), raw.ports.wan.as_ref(), interface);
    if let Some(at) = wan_ports.iter().position(|port| lan_ports.contains(port)) {
        problems.add(
            ports.key("wan").index(at),
            Fault::new("the same port is a LAN port and a WAN port"),
        );
    }
    Device {
        title: raw.title.clone().unwrap_or_else(|| id.clone()),
        id,
        cpu: cpu.unwrap_or(CpuKind::Mips),
        target: raw.target.clone(),
        arch_packages: raw.arch_packages.clone(),
        flash,
        ram,
        supported_devices: raw.supported_devices.clone().unwrap_or_default(),
        compat_version: raw.compat_version.clone().unwrap_or_else(|| "1.0".into()),
        image_limit,
        network_style: match raw.network_style {
            Some(RawNetworkStyle::Ifname) => NetworkStyle::Ifname,
            _ => NetworkStyle::Device,
        },
        lan_ports,
        wan_ports,
        switch: raw
            .switch
            .as_ref()
            .map(|raw| switch(raw, &key.key("switch"), problems)),
        radios: raw
            .radios
            .iter()
            .filter_map(|(name, raw)| radio(name, raw, &key.key("radios").key(name), problems))
            .collect(),
    }
}

/// Checks the name of a Linux network interface.
pub(super) fn interface(text: &str) -> Result<String, Fault> {
    let good = (1..=15).contains(&text.len())
        && text != "."
        && text != ".."
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'));
    if good {
        Ok(text.to_owned())
    } else {
        Err(
            Fault::new(format!("`{text}` is no name of a network interface"))
                .help("at most 15 letters, digits and `.-_`, as `ip link` shows it"),
        )
    }
}

fn switch(raw: &RawSwitch, key: &KeyPath, problems: &mut Problems) -> Switch {
    let mut vlans = BTreeMap::new();
    for (number, ports) in &raw.vlans {
        let key = key.key("vlans").key(number);
        let number = number.parse().ok().filter(|n| (1..=4094).contains(n));
        let good_port = |word: &str| {
            let digits = word.trim_end_matches(['t', 'u', '*']);
            !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
        };
        match number {
            None => problems.add(key, Fault::new("a VLAN's number is 1 to 4094")),
            Some(_) if !ports.split_whitespace().all(good_port) => problems.add(
                key,
                Fault::new(format!("`{ports}` are no switch ports"))
                    .help("write numbers with blanks between them, `t` after those that carry tags: `0 1 2 6t`"),
            ),
            Some(number) => {
                vlans.insert(number, ports.clone());
            }
        }
    }
    Switch {
        name: raw.name.clone().unwrap_or_else(|| "switch0".into()),
        vlans,
    }
}

fn radio(
    name: &str,
    raw: &RawRadioFact,
    key: &KeyPath,
    problems: &mut Problems,
) -> Option<RadioFact> {
    problems.take(key.clone(), words::uci_name(name));
    let bands = problems.read_list(&key.key("bands"), raw.bands.as_ref(), |text| {
        Band::ALL
            .into_iter()
            .find(|band| band.word() == text)
            .ok_or_else(|| {
                Fault::new(format!("`{text}` is no band")).help("known are 2g, 5g and 6g")
            })
    });
    if raw.bands.as_ref().is_none_or(Vec::is_empty) {
        problems.add(
            key.key("bands"),
            Fault::new("the radio has no band")
                .help("say which bands it can use: `bands = [\"2g\"]`"),
        );
        return None;
    }
    let standard = problems.read(
        key.key("standard"),
        raw.standard.as_deref(),
        |text| match text {
            "ht" => Ok(Standard::Ht),
            "vht" => Ok(Standard::Vht),
            "he" => Ok(Standard::He),
            "eht" => Ok(Standard::Eht),
            _ => Err(Fault::new(format!("`{text}` is no standard"))
                .help("known are ht, vht, he and eht")),
        },
    );
    Some(RadioFact {
        name: name.to_owned(),
        path: raw.path.clone(),
        bands,
        standard,
    })
}
