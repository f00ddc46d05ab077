use schemars::JsonSchema;
use serde::Deserialize;

/// A feed of packages.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawFeed {
    /// Where it is: an https address, a folder relative to this file, or a whole line of opkg (`src/gz NAME ADDRESS`) or apk (the address of a
    /// `packages.adb`). `{release}`, `{target}` and `{arch}` stand for the build's own.
    pub url: Option<String>,
    /// Names in `[keys]` that may sign it. Default: every trusted key.
    pub keys: Option<Vec<String>>,
    /// Take it without a signature. Only for a folder on this machine.
    pub unsigned: Option<bool>,
    /// `false` leaves it out.
    pub enabled: Option<bool>,
}

/// A public key, of usign or signify (`RWS...`) or of apk (PEM). Say it in one of two ways.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawKey {
    /// The key itself: the text of its file, or the line of it that begins with `RW`.
    pub public: Option<String>,
    /// Its file, relative to this file.
    pub file: Option<String>,
    /// The last day on which it is trusted: `"2027-12-31"`. Default: no end.
    pub not_after: Option<String>,
}
