use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// One file laid over the root file system.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawFile {
    /// Is it there? Set false to drop a file that an earlier layer laid.
    pub enabled: Option<bool>,
    /// Its text. Either this or `source`.
    pub content: Option<String>,
    /// A file on this machine with its content; relative to the profile file that says so.
    pub source: Option<String>,
    /// Permissions in octal. Default: `"0644"`.
    pub mode: Option<String>,
    /// Numeric owner and group, `"0:0"`, or a name among root, daemon, network, nobody. Default: `"0:0"`.
    pub owner: Option<String>,
}

/// A folder laid over the root file system.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawOverlay {
    /// Is it laid? Set false to drop an overlay of an earlier layer.
    pub enabled: Option<bool>,
    /// The folder: a bare name is one in `overlays/`, anything with a slash is relative to the profile file that says so.
    /// Default: the overlay's name.
    pub path: Option<String>,
    /// Its place among the overlays (0-99): later ones win. Default: 50.
    pub order: Option<u8>,
    /// Permissions that differ from those on this machine, by path on the node: `{ "/usr/bin/where" = "0755" }`. Without an
    /// entry a file is 0755 when it may be executed here and 0644 otherwise, a folder 0755.
    pub modes: BTreeMap<String, String>,
    /// Owners other than root, by path on the node: `{ "/etc/secret" = "0:65534" }`.
    pub owners: BTreeMap<String, String>,
}

/// A script that runs once, at the first boot after flashing (`/etc/uci-defaults`).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawFirstBoot {
    /// Is it there? Set false to drop a script of an earlier layer.
    pub enabled: Option<bool>,
    /// Its place among the scripts (0-99). Default: 50.
    pub order: Option<u8>,
    /// Its text, for BusyBox ash. Either this or `source`.
    pub script: Option<String>,
    /// A file on this machine; relative to the profile file that says so.
    pub source: Option<String>,
}
