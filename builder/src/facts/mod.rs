//! What OpenWrt's build system knows of every device with a MIPS or ARM CPU: names, sizes, and the steps by which its images
//! are put together.
//!
//! The data (`builder/facts/devices.jsonl.zst`, one JSON object for each device) was taken from OpenWrt 25.12.5.

mod coverage;

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::OnceLock;

use serde::Deserialize;

pub use coverage::{Coverage, Step, step};

static PACKED: &[u8] = include_bytes!("../../facts/devices.jsonl.zst");
/// More than the data has, so that reading it ends in any case. Bytes.
const MAX_LEN: u64 = 16 << 20;

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Device {
    /// OpenWrt's name of it, `tplink_archer-c7-v2`.
    #[serde(rename = "device")]
    pub id: String,
    /// Its target, `ath79`.
    pub target: String,
    /// Its subtarget, `generic`.
    pub subtarget: String,
    /// The kind of CPU, `mips`.
    pub arch: String,
    /// Its package architecture, `mips_24kc`.
    pub arch_packages: String,
    /// Who makes it.
    #[serde(default)]
    vendor: String,
    /// What it is called.
    #[serde(default)]
    model: String,
    /// Its version, `v2`.
    #[serde(default)]
    variant: String,
    /// The names by which sysupgrade knows it.
    #[serde(default)]
    pub supported_devices: Vec<String>,
    /// What its sysupgrade tarballs are for, when that is not its name.
    #[serde(default)]
    pub board_name: Option<String>,
    /// Room for an image, as the build system writes it: `16192k`.
    #[serde(default)]
    image_size: Option<String>,
    /// Whether releases have images for it.
    pub in_release: bool,
    /// Its images by the end of their names: `sysupgrade.bin`.
    #[serde(default)]
    pub images: BTreeMap<String, Image>,
}

/// One image of a device.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Image {
    /// The steps that make it, each a verb with its arguments.
    #[serde(default)]
    pub recipe: Vec<String>,
}

impl Device {
    /// Maker, model and version as people say it.
    pub fn title(&self) -> String {
        let words = [&self.vendor, &self.model, &self.variant];
        let words: Vec<&str> = words.into_iter().map(|word| word.trim()).collect();
        words.join(" ").trim().to_owned()
    }

    /// What the agent is compiled for; `None` for CPUs that it does not support (older than ARMv7, 64-bit MIPS).
    pub fn cpu(&self) -> Option<&'static str> {
        let has = |part| self.arch_packages.contains(part);
        match self.arch.as_str() {
            "mips" => Some("mips"),
            "mipsel" => Some("mipsel"),
            "aarch64" => Some("aarch64"),
            "arm" if has("cortex-a") && (has("vfp") || has("neon")) => Some("armv7hf"),
            "arm" if has("cortex-a") => Some("armv7sf"),
            _ => None,
        }
    }

    /// The largest image that fits, bytes: what the recipe of the image whose file name ends like `file` checks.
    /// `None` when it checks nothing.
    pub fn size_limit(&self, file: &str) -> Option<u64> {
        let (_, image) = self
            .images
            .iter()
            .filter(|(name, _)| file.ends_with(name.as_str()))
            .max_by_key(|(name, _)| name.len())?;
        let checks = image.recipe.iter().filter_map(|step| {
            let mut words = step.split_whitespace();
            (words.next()? == "check-size").then(|| words.next())
        });
        let sizes = checks.filter_map(|own| size(own.or(self.image_size.as_deref())?));
        sizes.min()
    }
}

/// `16192k`, `16m`, a number of bytes, or a hexadecimal number.
fn size(text: &str) -> Option<u64> {
    let (digits, unit) = match text.strip_suffix(['k', 'm']) {
        Some(digits) if text.ends_with('k') => (digits, 1 << 10),
        Some(digits) => (digits, 1 << 20),
        None => (text, 1),
    };
    let number = match digits.strip_prefix("0x") {
        Some(hexadecimal) => u64::from_str_radix(hexadecimal, 16).ok()?,
        None => digits.parse().ok()?,
    };
    number.checked_mul(unit)
}

/// One JSON object to a line.
fn lines() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let mut text = String::new();
        // The data is part of the program; a test reads all of it.
        if let Ok(decoder) = zstd::Decoder::new(PACKED) {
            let _ = decoder.take(MAX_LEN).read_to_string(&mut text);
        }
        text
    })
}

/// The device that OpenWrt calls `id`, if it is known. Names that several targets use, such as `generic`, are not.
pub fn device(id: &str) -> Option<Device> {
    let start = format!("{{\"device\":{},", serde_json::Value::from(id));
    let mut found = lines().lines().filter(|line| line.starts_with(&start));
    let line = found.next().filter(|_| found.next().is_none())?;
    serde_json::from_str(line).ok()
}

/// All devices, in the order of the data.
pub fn devices() -> impl Iterator<Item = Device> {
    lines()
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        assert_eq!(devices().count(), lines().lines().count());
        assert_eq!(devices().count(), 2207);
        assert_eq!(devices().filter(|device| device.in_release).count(), 1891);
    }

    #[test]
    fn a_device_is_found_with_its_limit() {
        let device = device("tplink_archer-c7-v2").unwrap();
        assert_eq!(
            (device.target.as_str(), device.subtarget.as_str()),
            ("ath79", "generic")
        );
        assert!(
            device
                .supported_devices
                .contains(&"tplink,archer-c7-v2".to_owned())
        );
        assert_eq!(device.title(), "TP-Link Archer C7 v2");
        let cpu = |id: &str| super::device(id).unwrap().cpu();
        assert_eq!(cpu("tplink_archer-c7-v2"), Some("mips"));
        assert_eq!(cpu("ubnt_edgerouter-x"), Some("mipsel"));
        assert_eq!(cpu("avm_fritzbox-4040"), Some("armv7hf"));
        assert_eq!(cpu("netgear_r7000"), Some("armv7sf"));
        assert_eq!(cpu("glinet_gl-mt3000"), Some("aarch64"));
        let limit = |file: &str| super::device("devolo_dvl1750c").unwrap().size_limit(file);
        assert_eq!(
            limit("openwrt-25.12.5-ath79-generic-devolo_dvl1750c-squashfs-sysupgrade.bin"),
            Some(15936 << 10)
        );
        assert_eq!(limit("kernel.bin"), None);
        assert!(super::device("generic").is_none());
        assert!(super::device("no such").is_none());
    }

    #[test]
    fn sizes_of_all_kinds() {
        assert_eq!(size("16192k"), Some(16192 << 10));
        assert_eq!(size("16m"), Some(16 << 20));
        assert_eq!(size("0x1000"), Some(4096));
        assert_eq!(size("77"), Some(77));
        assert_eq!(size(""), None);
        assert_eq!(size("99999999999999999999m"), None);
    }
}
