use schemars::JsonSchema;
use serde::Deserialize;

/// How much of the agent fits the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RawTier {
    /// By the device's flash and RAM: full from 16 MB flash and 128 MB RAM.
    Auto,
    /// Membership, names, proxy, metrics: for 8 MB flash and 64 MB RAM.
    Lite,
    /// Everything.
    Full,
}

/// The cloud agent, `clomd`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawAgent {
    /// Is it in the image? Default: true.
    pub enabled: Option<bool>,
    /// Default: `auto`.
    pub tier: Option<RawTier>,
    /// TCP port of the status page, the API and the metrics. Default: 8100.
    pub http_port: Option<u16>,
    /// Addresses it listens on. Default: `["::", "0.0.0.0"]`, all.
    pub http_listen: Option<Vec<String>>,
    /// `error`, `warn`, `info` or `debug`. Default: `info`.
    pub log_level: Option<String>,
}
