use schemars::JsonSchema;
use serde::Deserialize;

/// Packages the image gains or loses.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawPackages {
    /// Packages the image must have.
    pub install: Option<Vec<String>>,
    /// Packages the source image has and this one must not.
    pub uninstall: Option<Vec<String>>,
    /// Package files of your own (`.ipk`, `.apk`) to install, relative to this file.
    pub files: Option<Vec<String>>,
}

/// Services started at boot, or not: names in `/etc/init.d`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawServices {
    /// Started at boot.
    pub enable: Option<Vec<String>>,
    /// Not started at boot.
    pub disable: Option<Vec<String>>,
}
