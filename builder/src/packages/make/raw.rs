//! `package.toml` as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

pub(super) type Text = Spanned<String>;

/// The keys of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub name: Text,
    pub version: Text,
    pub release: Option<u32>,
    pub architecture: Option<Text>,
    pub description: Text,
    pub license: Option<Text>,
    #[serde(default)]
    pub license_files: Vec<Text>,
    pub maintainer: Option<Text>,
    pub url: Option<Text>,
    pub section: Option<Text>,
    pub source: Option<Text>,
    pub source_name: Option<Text>,
    pub cpe_id: Option<Text>,
    pub abi_version: Option<Text>,
    pub epoch: Option<u32>,
    #[serde(default)]
    pub essential: bool,
    pub provider_priority: Option<u32>,
    #[serde(default)]
    pub depends: Vec<Text>,
    #[serde(default)]
    pub conflicts: Vec<Text>,
    #[serde(default)]
    pub provides: Vec<Text>,
    #[serde(default)]
    pub replaces: Vec<Text>,
    #[serde(default)]
    pub conffiles: Vec<Text>,
    #[serde(default)]
    pub alternatives: Vec<Text>,
    #[serde(default)]
    pub users: Vec<Text>,
    #[serde(default)]
    pub scripts: RawScripts,
    /// Octal, by path.
    #[serde(default)]
    pub modes: BTreeMap<Text, Text>,
    /// `user:group`, by path.
    #[serde(default)]
    pub owners: BTreeMap<Text, Text>,
}

/// Files with the package's own scripts.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScripts {
    pub preinst: Option<Text>,
    pub postinst: Option<Text>,
    pub prerm: Option<Text>,
    pub postrm: Option<Text>,
}
