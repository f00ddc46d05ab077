use schemars::JsonSchema;
use serde::Deserialize;

use crate::profile::secrets::SecretRef;

/// Time, log, root password, SSH.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawSystem {
    /// IANA name of the time zone, e.g. `"Europe/Lisbon"`. Default: `"UTC"`.
    pub timezone: Option<String>,
    /// Time servers.
    pub ntp: RawNtp,
    /// The system log.
    pub log: RawLog,
    /// A reference to the *hash* of root's password (`"env:NAME"`, `"file:PATH"`, `"age:PATH"`); make one with
    /// `openssl passwd -6`. Unset: root's password is as the source image has it.
    pub root_password_hash: Option<SecretRef>,
    /// Give root no password at all? The console then asks for none.
    pub root_without_password: Option<bool>,
    /// The SSH server (dropbear).
    pub ssh: RawSsh,
}

/// Time servers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawNtp {
    /// Ask the servers? Default: true when there are any.
    pub enabled: Option<bool>,
    /// Host names or addresses.
    pub servers: Option<Vec<String>>,
    /// Serve time to the node's own networks? Default: false.
    pub serve: Option<bool>,
}

/// The system log.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawLog {
    /// Size of the log in memory, KiB.
    pub size_kib: Option<u32>,
    /// Send the log to this address too: `"192.0.2.7"` or `"192.0.2.7:514"`.
    pub remote: Option<String>,
    /// Kernel messages shown on the console: 1 (only emergencies) to 8 (all).
    pub console_level: Option<u8>,
}

/// The SSH server (dropbear).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawSsh {
    /// Run it? Default: true.
    pub enabled: Option<bool>,
    /// TCP port. Default: 22.
    pub port: Option<u16>,
    /// May people log in with the password? Default: true without keys, false with keys.
    pub password_login: Option<bool>,
    /// Public keys that may log in as root, each one line as in `authorized_keys`.
    pub keys: Option<Vec<String>>,
    /// Listen only on this network.
    pub network: Option<String>,
}
