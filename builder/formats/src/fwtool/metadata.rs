//! The JSON of a metadata chunk.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

/// What sysupgrade knows about an image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Metadata {
    /// Version of the metadata format: `1.0` or `1.1`.
    #[serde(default)]
    pub metadata_version: String,
    /// The configuration's compatibility, `major.minor`: sysupgrade refuses another major version and asks for a
    /// fresh configuration on another minor one. Images before 21.02 have none, which means 1.0.
    #[serde(default = "first_compat")]
    pub compat_version: String,
    /// What to tell the user when the compatibility differs.
    #[serde(default)]
    pub compat_message: Option<String>,
    /// Device ids, when `compat_version` is not 1.0; else empty.
    #[serde(default)]
    pub new_supported_devices: Vec<String>,
    /// Device ids, or a sentence for old sysupgrades when `compat_version` is not 1.0.
    #[serde(default)]
    pub supported_devices: Vec<String>,
    /// What the image was built from.
    #[serde(default)]
    pub version: Version,
    /// Anything else in the object, which is kept in the text but means nothing here.
    #[serde(flatten)]
    pub more: BTreeMap<String, serde_json::Value>,
}

/// The `version` object of the metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Version {
    /// Distribution, `OpenWrt`.
    pub dist: String,
    /// Release, `25.12.5` or `SNAPSHOT`.
    pub version: String,
    /// Source revision, `r33051-f5dae5ece4`.
    pub revision: String,
    /// `target/subtarget`, `ath79/generic`.
    pub target: String,
    /// Board name that the image was built for, `tplink_archer-c7-v2`.
    pub board: String,
}

/// Why metadata could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the image's metadata is not the JSON that sysupgrade reads: {0}")]
pub struct MetadataError(String);

fn first_compat() -> String {
    "1.0".into()
}

impl Metadata {
    /// Parses the text of a metadata chunk.
    ///
    /// # Errors
    /// When it is not one JSON object with fields of the right types.
    pub fn parse(text: &str) -> Result<Self, MetadataError> {
        serde_json::from_str(text).map_err(|error| MetadataError(error.to_string()))
    }

    /// The ids of the devices this image is for.
    pub fn device_ids(&self) -> &[String] {
        if self.new_supported_devices.is_empty() {
            &self.supported_devices
        } else {
            &self.new_supported_devices
        }
    }
}

/// The facts for metadata made from nothing, as OpenWrt's `append-metadata` has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMetadata {
    /// Device ids, the first one being the board's own.
    pub devices: Vec<String>,
    /// `major.minor`, `1.0` unless the device's configuration changed incompatibly.
    pub compat_version: String,
    /// What to tell the user of an older configuration.
    pub compat_message: Option<String>,
    /// What the image is built from.
    pub version: Version,
}

impl NewMetadata {
    /// The JSON text byte for byte as OpenWrt writes it (its blanks come from empty make conditionals),
    /// with the final newline.
    pub fn to_text(&self) -> String {
        let quote = |text: &str| serde_json::Value::from(text).to_string();
        let list = |items: &[String]| {
            let quoted: Vec<_> = items.iter().map(|item| quote(item)).collect();
            format!("[{}]", quoted.join(","))
        };
        let compat = &self.compat_version;
        let message = match &self.compat_message {
            Some(message) => format!("\"compat_message\": {},", quote(message)),
            None => String::new(),
        };
        let (changed, plain) = if compat == "1.0" {
            let devices = list(&self.devices);
            (String::new(), format!("\"supported_devices\":{devices},"))
        } else {
            let reason = self
                .compat_message
                .as_deref()
                .unwrap_or("Please check documentation ...");
            let legacy = format!(
                "{} - Image version mismatch: image {compat}, device 1.0. Please wipe config during upgrade \
                 (force required) or reinstall. Reason: {reason}",
                self.devices.join(" "),
            );
            let changed = format!(
                "\"new_supported_devices\": {}, \"supported_devices\": [{}],",
                list(&self.devices),
                quote(&legacy),
            );
            (changed, String::new())
        };
        let Version {
            dist,
            version,
            revision,
            target,
            board,
        } = &self.version;
        format!(
            "{{  \"metadata_version\": \"1.1\", \"compat_version\": {}, {message} {changed} {plain} \"version\": {{ \
             \"dist\": {}, \"version\": {}, \"revision\": {}, \"target\": {}, \"board\": {} }} }}\n",
            quote(compat),
            quote(dist),
            quote(version),
            quote(revision),
            quote(target),
            quote(board),
        )
    }
}
