use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// One UCI section: `[uci.PACKAGE.SECTION]`. `"@kind[0]"` as the section's name means the first nameless section of that
/// kind, `"@kind[-1]"` the last.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawUciSection {
    /// The section's type (`interface`, `rule`, ...). May be left out when the section is there already.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Options to set. A TOML list is a UCI list.
    pub options: BTreeMap<String, RawUciValue>,
    /// Options to take away.
    pub unset: Option<Vec<String>>,
    /// Take the whole section away.
    pub absent: Option<bool>,
}

/// A value in UCI: all of them are text there; booleans become `1` and `0`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RawUciValue {
    /// `option name '1'` or `'0'`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(String),
    /// `list name '...'`, once per element.
    List(Vec<String>),
}
