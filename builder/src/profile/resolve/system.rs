//! Time, log, root password, SSH.

use std::net::SocketAddr;

use super::fault::{Fault, Problems};
use super::timezone::Timezone;
use super::words::DomainName;
use crate::profile::path::KeyPath;
use crate::profile::raw::{RawLog, RawNtp, RawSsh, RawSystem};
use crate::profile::secrets::SecretRef;

/// Root's password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootPassword {
    /// As the source image has it.
    Unchanged,
    /// Nobody is asked for one on the console, and none works over the network.
    None,
    /// The hash behind this reference.
    Hash(SecretRef),
}

/// Time servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ntp {
    /// Whether to ask the servers.
    pub enabled: bool,
    /// Names or addresses.
    pub servers: Vec<String>,
    /// Whether to serve time to the node's networks.
    pub serve: bool,
}

/// The system log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// KiB kept in memory.
    pub size_kib: Option<u32>,
    /// Where else it goes.
    pub remote: Option<SocketAddr>,
    /// Kernel messages on the console, 1 to 8.
    pub console_level: Option<u8>,
}

/// The SSH server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssh {
    /// Whether it runs.
    pub enabled: bool,
    /// TCP port.
    pub port: u16,
    /// Whether passwords let people in.
    pub password_login: bool,
    /// Keys of root, each a line of `authorized_keys`.
    pub keys: Vec<String>,
    /// The only network it listens on.
    pub network: Option<String>,
}

/// Time, log, root password, SSH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// Time zone.
    pub timezone: Timezone,
    /// Time servers.
    pub ntp: Ntp,
    /// The log.
    pub log: Log,
    /// Root's password.
    pub root_password: RootPassword,
    /// The SSH server.
    pub ssh: Ssh,
}

pub(super) fn resolve(raw: &RawSystem, problems: &mut Problems) -> System {
    let key = KeyPath::root().key("system");
    let timezone = problems
        .read(key.key("timezone"), raw.timezone.as_deref(), Timezone::new)
        .unwrap_or_default();
    let root_password = match (&raw.root_password_hash, raw.root_without_password) {
        (Some(_), Some(true)) => {
            problems.add(
                key.key("root_without_password"),
                Fault::new("root cannot have a password hash and no password at once")
                    .help("set it to false, or take `system.root_password_hash` out"),
            );
            RootPassword::Unchanged
        }
        (Some(hash), _) => RootPassword::Hash(hash.clone()),
        (None, Some(true)) => RootPassword::None,
        (None, _) => RootPassword::Unchanged,
    };
    System {
        timezone,
        ntp: ntp(&raw.ntp, &key.key("ntp"), problems),
        log: log(&raw.log, &key.key("log"), problems),
        root_password,
        ssh: ssh(&raw.ssh, &key.key("ssh"), problems),
    }
}

fn ntp(raw: &RawNtp, key: &KeyPath, problems: &mut Problems) -> Ntp {
    let servers =
        problems.read_list(&key.key("servers"), raw.servers.as_ref(), |text| match text
            .parse::<std::net::IpAddr>(
        ) {
            Ok(_) => Ok(text.to_owned()),
            Err(_) => DomainName::new(text).map(|name| name.as_str().to_owned()),
        });
    let enabled = raw.enabled.unwrap_or(!servers.is_empty());
    if enabled && servers.is_empty() {
        problems.add(
            key.key("servers"),
            Fault::new("there is no time server to ask")
                .help("name some, or set `system.ntp.enabled = false`"),
        );
    }
    Ntp {
        enabled,
        servers,
        serve: raw.serve.unwrap_or(false),
    }
}

fn log(raw: &RawLog, key: &KeyPath, problems: &mut Problems) -> Log {
    Log {
        size_kib: problems.range(key.key("size_kib"), raw.size_kib, 8..=16384, " KiB"),
        remote: problems.read(key.key("remote"), raw.remote.as_deref(), |text| {
            let bare = text.parse().map(|ip| SocketAddr::new(ip, 514));
            text.parse().or(bare).map_err(|_| {
                Fault::new(format!("`{text}` is no address of a log server"))
                    .help("write `192.0.2.7` or `192.0.2.7:514`")
            })
        }),
        console_level: problems.range(key.key("console_level"), raw.console_level, 1..=8, ""),
    }
}

fn ssh(raw: &RawSsh, key: &KeyPath, problems: &mut Problems) -> Ssh {
    let keys = problems.read_list(&key.key("keys"), raw.keys.as_ref(), ssh_key);
    if raw.port == Some(0) {
        problems.add(key.key("port"), Fault::new("0 is no port"));
    }
    Ssh {
        enabled: raw.enabled.unwrap_or(true),
        port: raw.port.unwrap_or(22),
        password_login: raw.password_login.unwrap_or(keys.is_empty()),
        keys,
        network: raw.network.clone(),
    }
}

/// Checks a public key: one line, a known kind, its body whole.
fn ssh_key(text: &str) -> Result<String, Fault> {
    let text = text.trim();
    if text.contains("PRIVATE KEY") {
        return Err(Fault::new("this is a private key").help(
            "put the public one here (the file that ends in `.pub`), and make a new pair: this one has been seen",
        ));
    }
    match ssh_key::PublicKey::from_openssh(text) {
        Ok(_) if text.lines().count() == 1 => Ok(text.to_owned()),
        Ok(_) => Err(Fault::new("an SSH key must be one line")),
        Err(error) => Err(Fault::new(format!("this is no SSH public key: {error}"))
            .help("paste the line from the `.pub` file: `ssh-ed25519 AAAA... name`")),
    }
}
