//! Starting files for new layers: commented, valid as they are.

use std::path::{Path, PathBuf};

use super::source::Kind;
use crate::whole::{self, Ready};

/// What a new layer is to be.
#[derive(Debug, Clone)]
pub enum Starter {
    /// A community.
    Community,
    /// A site of a community.
    Site {
        /// Its community.
        community: String,
    },
    /// A device.
    Device,
    /// A node of a site.
    Node {
        /// Its site.
        site: String,
        /// Its device.
        device: Option<String>,
        /// Its number.
        number: u32,
    },
}

impl Starter {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Community => Kind::Community,
            Self::Site { .. } => Kind::Site,
            Self::Device => Kind::Device,
            Self::Node { .. } => Kind::Node,
        }
    }

    /// Its file below a library's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        let folder = Path::new(self.kind().folder());
        let folder = match self {
            Self::Node { site, .. } => folder.join(site),
            _ => folder.to_owned(),
        };
        folder.join(format!("{name}.toml"))
    }

    /// The text of its file.
    pub fn text(&self, name: &str) -> String {
        match self {
            Self::Community => COMMUNITY.replace("NAME", name),
            Self::Site { community } => SITE.replace("COMMUNITY", community).replace("NAME", name),
            Self::Device => device(name),
            Self::Node { device, number, .. } => {
                let device = match device {
                    Some(device) => format!("device = \"{device}\""),
                    None => "# device = \"lab-mips\"".to_owned(),
                };
                NODE.replace("DEVICE_LINE", &device)
                    .replace("NUMBER", &number.to_string())
                    .replace("NAME", name)
            }
        }
    }
}

/// Whether a name can be that of a layer: it becomes a file name and part of host names.
pub fn name_fits(name: &str) -> bool {
    let inner = |c: char| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '+' | ',')
    };
    let first = name.chars().next();
    first.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.len() <= 63
        && name.chars().all(inner)
}

/// Writes a new file whole or not at all; never over one that is there.
///
/// # Errors
/// When it is there already (`AlreadyExists`) or cannot be written.
pub fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(whole::folder(path))?;
    // A profile is for everybody who may read its folder.
    Ready::new(path, text.as_bytes(), 0o644)?
        .for_everybody()?
        .put_new()
}

const COMMUNITY: &str = r##"# The community NAME: what all its sites share.
#
# Sites, devices and nodes are laid over this and win. `clom profile explain SITE --device D KEY` shows who set what;
# `clom profile schema community` gives editors a JSON Schema of all keys.

[identity]
community = "NAME"
# The domain of the community's own cloud.
# domain = "NAME.example"
# hostname = "{site}-{node:03}"

[system]
timezone = "UTC"
# Root's password: a reference to its hash, made with: openssl passwd -6
# root_password_hash = "env:CLOM_ROOT_HASH"

# [system.ssh]
# keys = ["ssh-ed25519 AAAA... you@example"]

# A release of OpenWrt, whose images and packages `clom update SITE --device DEVICE` looks up and pins.
# [source]
# openwrt = { release = "24.10.2" }

[packages]
# A list here; sites and devices can edit it: install = { add = ["tcpdump"], remove = ["ppp"] }
install = []

# What counts on some devices only.
# [[when]]
# match = { flash_max = "8M" }
# packages.install = { remove = ["tcpdump"] }
"##;

const SITE: &str = r##"# The site NAME.
community = "COMMUNITY"

[identity]
site = "NAME"
# location = "The old mill, second floor"

# Networks by name; each node gets its addresses from a pool by its number.
# [networks.lan.pool]
# ipv4 = "10.130.0.0/16"
# ipv4_prefix = 26

# Lists replace those of the community, unless they are written as edits:
# [packages]
# install = { add = ["tcpdump"], remove = ["ppp"] }
"##;

/// The starting file of a device: with what OpenWrt's own facts say, when it is one of its devices.
fn device(name: &str) -> String {
    let text = DEVICE.replace("NAME", name);
    let Some(known) = crate::facts::device(name) else {
        return text;
    };
    // TOML's strings are JSON's as far as these go.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let line = |key: &str, value: String| (format!("\n{key} = "), format!("\n{key} = {value}\n"));
    let names = serde_json::Value::from(known.supported_devices.clone()).to_string();
    let mut lines = vec![
        line("title", quoted(&known.title())),
        line(
            "target",
            quoted(&format!("{}/{}", known.target, known.subtarget)),
        ),
        line("arch_packages", quoted(&known.arch_packages)),
        line("supported_devices", names.replace("\",\"", "\", \"")),
    ];
    lines.extend(known.cpu().map(|cpu| line("cpu", quoted(cpu))));
    lines.into_iter().fold(text, |text, (start, line)| {
        let Some(at) = text.find(&start) else {
            return text;
        };
        let end = text[at + 1..]
            .find('\n')
            .map_or(text.len(), |len| at + 2 + len);
        format!("{}{line}{}", &text[..at], &text[end..])
    })
}

const DEVICE: &str = r##"# The device NAME.
#
# Facts are on the device's page in OpenWrt's table of hardware, and in the metadata of its images.

[device]
title = "NAME"
# What the agent is compiled for: mips, mipsel, armv7hf, armv7sf or aarch64.
cpu = "mips"
# OpenWrt's target and package architecture.
target = "ath79/generic"
arch_packages = "mips_24kc"
flash = "16M"
ram = "128M"
# Names that its sysupgrade knows it by.
supported_devices = []

# Where its image comes from, if the community does not say: a release of OpenWrt, or a file (relative to this one).
# [source]
# openwrt = { release = "24.10.2" }
# donor = "../../donors/openwrt-NAME-squashfs-sysupgrade.bin"
"##;

const NODE: &str = r##"# The node NAME.
DEVICE_LINE

[node]
# Addresses from the site's pools follow from the number: no two nodes of a site may share it.
number = NUMBER
name = "NAME"

# [identity]
# location = "On the roof of the chapel"
"##;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_device_starts_with_its_facts() {
        let known = Starter::Device.text("ubnt_edgerouter-x");
        let table: toml::Table = toml::from_str(&known).unwrap();
        let device = table["device"].as_table().unwrap();
        let text = |key: &str| device[key].as_str().unwrap().to_owned();
        assert_eq!(text("title"), "Ubiquiti EdgeRouter X");
        assert_eq!(text("cpu"), "mipsel");
        assert_eq!(text("target"), "ramips/mt7621");
        assert_eq!(device["supported_devices"].as_array().unwrap().len(), 3);
        let unknown = Starter::Device.text("acme_r1");
        let table: toml::Table = toml::from_str(&unknown).unwrap();
        assert_eq!(table["device"]["title"].as_str(), Some("acme_r1"));
    }

    /// Whatever a device is called, the file is TOML and keeps all its keys.
    #[test]
    fn all_known_devices_give_valid_files() {
        for device in crate::facts::devices() {
            let text = Starter::Device.text(&device.id);
            let table: toml::Table = toml::from_str(&text).unwrap();
            assert_eq!(
                table["device"].as_table().unwrap().len(),
                7,
                "{}",
                device.id
            );
        }
    }
}
