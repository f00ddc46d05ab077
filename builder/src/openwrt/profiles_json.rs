//! `profiles.json`, which OpenWrt publishes beside the images of a target: its devices, their images and packages.
//!
//! Source: OpenWrt's `scripts/json_overview_image_info.py` and `scripts/json_add_image_info.py`. Fields were added over the years;
//! those that old releases lack are optional here, and those that are not read are skipped.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use anyhow::{Context, anyhow};
use serde::Deserialize;

/// The version of the file's form that is read.
const VERSION: u32 = 1;

/// The file.
#[derive(Debug, Clone, Deserialize)]
pub struct Published {
    /// The version of its form.
    #[serde(default)]
    metadata_version: u32,
    /// `ath79/generic`.
    #[serde(default)]
    pub target: String,
    /// `25.12.5`, `SNAPSHOT`.
    #[serde(default)]
    pub version_number: String,
    /// `r32933-4ccb782af7`.
    #[serde(default)]
    pub version_code: String,
    /// When it was built, seconds since 1970.
    #[serde(default)]
    pub source_date_epoch: u64,
    /// `mips_24kc`.
    #[serde(default)]
    pub arch_packages: String,
    /// The packages that every device of the target has.
    #[serde(default)]
    pub default_packages: Vec<String>,
    /// The devices by id.
    #[serde(default)]
    pub profiles: BTreeMap<String, Profile>,
}

/// A device.
#[derive(Debug, Clone, Deserialize)]
pub struct Profile {
    /// Packages that this device has besides; `-name` takes a default one out.
    #[serde(default)]
    pub device_packages: Vec<String>,
    /// The names by which sysupgrade knows it.
    #[serde(default)]
    pub supported_devices: Vec<String>,
    /// Its images.
    #[serde(default)]
    pub images: Vec<Image>,
    #[serde(default)]
    file_size_limits: Limits,
}

/// An image.
#[derive(Debug, Clone, Deserialize)]
pub struct Image {
    /// Its file name.
    pub name: String,
    /// `sysupgrade`, `factory`, `kernel`, ...
    #[serde(rename = "type", default)]
    pub kind: String,
    /// `squashfs`, `ext4`, `initramfs`; old releases do not say.
    #[serde(default)]
    pub filesystem: Option<String>,
    /// Hex SHA-256 of the file.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Its length, bytes; old releases do not say.
    #[serde(default)]
    pub size: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Limits {
    image: Option<u64>,
}

impl Published {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is no JSON, not of this shape, or of a later version.
    pub fn parse(text: &[u8]) -> anyhow::Result<Self> {
        let published: Self =
            serde_json::from_slice(text).context("it is not as OpenWrt writes it")?;
        if published.metadata_version > VERSION {
            return Err(anyhow!(
                "its form has version {}, and this clom reads version {VERSION}: update clom",
                published.metadata_version
            ));
        }
        Ok(published)
    }

    /// The device of this id, also when its id is written with the comma that sysupgrade uses.
    pub fn device(&self, id: &str) -> Option<&Profile> {
        let wanted = id.replace(',', "_");
        self.profiles.get(id).or_else(|| self.profiles.get(&wanted))
    }
}

impl Profile {
    /// The image of this kind, with squashfs where that is said.
    pub fn image(&self, kind: &str) -> Option<&Image> {
        let suits = |image: &&Image| {
            image.kind == kind
                && image
                    .filesystem
                    .as_deref()
                    .is_none_or(|fs| fs == "squashfs")
        };
        // Before `filesystem` was there, the name told it.
        let named = |image: &&Image| image.filesystem.is_some() || image.name.contains("squashfs");
        let suiting = || self.images.iter().filter(suits);
        suiting().find(named).or_else(|| suiting().next())
    }

    /// The kinds of images there are, each once.
    pub fn kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> = self
            .images
            .iter()
            .map(|image| image.kind.as_str())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// The largest image that fits, bytes; `None` when it is not said.
    pub fn size_limit(&self) -> Option<u64> {
        self.file_size_limits.image
    }
}

/// The largest image of `device` by the `profiles.json` in the folder of `image`; `None` when there is no such file, or it says nothing of it. Bytes.
///
/// # Errors
/// When the file is there but cannot be read.
pub fn size_limit(image: &Path, device: &str) -> anyhow::Result<Option<u64>> {
    let path = image.with_file_name("profiles.json");
    let text = match std::fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let published = Published::parse(&text).with_context(|| {
        format!(
            "{} is damaged; download it again, or remove it",
            path.display()
        )
    })?;
    Ok(published.device(device).and_then(Profile::size_limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("image.bin");
        assert_eq!(size_limit(&image, "acme_r1").unwrap(), None);
        let json = dir.path().join("profiles.json");
        let text = r#"{"metadata_version":1,"profiles":{"acme_r1":{"file_size_limits":{"image":7929856,"kernel":null}},"other":{"titles":[]}}}"#;
        std::fs::write(&json, text).unwrap();
        assert_eq!(size_limit(&image, "acme_r1").unwrap(), Some(7_929_856));
        assert_eq!(size_limit(&image, "other").unwrap(), None);
        assert_eq!(size_limit(&image, "absent").unwrap(), None);
        std::fs::write(&json, "{").unwrap();
        let error = size_limit(&image, "acme_r1").unwrap_err().to_string();
        assert!(error.contains("profiles.json is damaged"), "{error}");
    }

    #[test]
    fn finds_the_image_of_a_device() {
        let text = br#"{"metadata_version":1,"target":"ath79/generic","arch_packages":"mips_24kc","profiles":{"acme_r1":{
            "device_packages":["kmod-usb2","-kmod-ath9k"],"images":[
            {"type":"kernel","filesystem":"initramfs","name":"k","sha256":"00"},
            {"type":"sysupgrade","filesystem":"ext4","name":"e"},
            {"type":"sysupgrade","filesystem":"squashfs","name":"s","size":5}]},
            "old":{"images":[{"type":"sysupgrade","name":"o-squashfs-sysupgrade.bin"},{"type":"factory","name":"f"}]}}}"#;
        let published = Published::parse(text).unwrap();
        let device = published.device("acme,r1").unwrap();
        assert_eq!(device.image("sysupgrade").unwrap().name, "s");
        assert!(device.image("factory").is_none());
        assert_eq!(device.kinds(), ["kernel", "sysupgrade"]);
        let old = published.device("old").unwrap();
        assert_eq!(old.image("factory").unwrap().name, "f");
        let error = Published::parse(br#"{"metadata_version":7}"#).unwrap_err();
        assert!(error.to_string().contains("update clom"), "{error}");
    }
}
