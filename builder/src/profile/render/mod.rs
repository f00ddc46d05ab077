//! From a checked profile to the files of the node's configuration.
//!
//! Pure: the same profile and secrets give the same text.

mod agent;
mod dhcp;
mod draft;
mod error;
mod firewall;
mod mesh;
mod network;
mod script;
mod secrets;
mod system;
#[cfg(test)]
mod tests;
mod wireless;

use std::collections::{BTreeMap, BTreeSet};

use openwrt_formats::uci::Config;

pub use error::RenderError;
pub use secrets::{Resolver, Secrets};

use super::path::KeyPath;
use super::resolve::{Profile, RootPassword, UciEdits, merge_raw};

/// Permissions of the files in `/etc/config`, which may hold keys: OpenWrt's own.
pub const CONFIG_MODE: u32 = 0o600;

/// A file made from the profile; its owner is root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedFile {
    /// Absolute path on the node.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Permissions.
    pub mode: u32,
}

/// Root's line in `/etc/shadow`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShadowPassword {
    /// Stays as it is.
    Unchanged,
    /// Empty: no password is asked for.
    Empty,
    /// This hash.
    Hash(String),
}

/// What a profile makes of a node's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Whole files of `/etc/config` by name, raw UCI laid over them; [`CONFIG_MODE`], owner root. They replace the source image's.
    pub uci: BTreeMap<String, Config>,
    /// Raw UCI for files that are not in `uci`: to be laid over the source image's with [`merge_raw`].
    pub uci_edits: UciEdits,
    /// Other files, first-boot scripts made by us among them.
    pub files: Vec<RenderedFile>,
    /// Root's password.
    pub root_password: ShadowPassword,
    /// Services that must be started at boot beyond those the profile names.
    pub services: Vec<String>,
    /// Paths of files that hold secrets: an image with one of these must not be published.
    pub secret_paths: BTreeSet<String>,
}

/// Renders a profile.
///
/// # Errors
/// When a secret is missing or unfit, or raw UCI does not fit the typed sections.
pub fn render(profile: &Profile, secrets: &Secrets<'_>) -> Result<Rendered, RenderError> {
    let mut uci: BTreeMap<String, Config> = BTreeMap::new();
    let mut files = Vec::new();
    let mut secret_paths = BTreeSet::new();
    let mut file = |path: &str, text: String, mode| {
        files.push(RenderedFile {
            path: path.to_owned(),
            text,
            mode,
        });
    };
    uci.insert("system".into(), system::system(profile)?);
    uci.insert("dropbear".into(), system::dropbear(profile)?);
    if !profile.networks.is_empty() {
        uci.insert("network".into(), network::network(profile)?);
    }
    let air_secrets = profile
        .wifi
        .radios
        .iter()
        .filter_map(|radio| radio.plan.as_ref())
        .any(|plan| {
            let mesh = plan.mesh.iter().map(|mesh| &mesh.encryption);
            mesh.chain(plan.access_points.iter().map(|ap| &ap.encryption))
                .any(|encryption| encryption.key().is_some())
        });
    if !profile.wifi.radios.is_empty() {
        let path = if wireless::is_known(profile) {
            uci.insert("wireless".into(), wireless::wireless(profile, secrets)?);
            "/etc/config/wireless"
        } else {
            let path = "/etc/uci-defaults/15-clom-wifi";
            file(path, wireless::first_boot(profile, secrets)?, 0o700);
            path
        };
        if air_secrets {
            secret_paths.insert(path.to_owned());
        }
    }
    if let Some(dns) = &profile.dns {
        uci.insert("dhcp".into(), dhcp::dhcp(dns, profile)?);
    }
    if let Some(firewall) = &profile.firewall {
        uci.insert("firewall".into(), firewall::firewall(firewall, profile)?);
    }
    if let Some((name, config)) = mesh::daemon(profile)? {
        uci.insert(name.into(), config);
    }
    if profile.agent.enabled {
        uci.insert("clommunity".into(), agent::clommunity(profile)?);
        file(
            "/etc/clommunity/community.json",
            agent::community(profile)?,
            0o644,
        );
    }
    let keys = system::authorized_keys(profile);
    if !keys.is_empty() {
        file("/etc/dropbear/authorized_keys", keys, 0o600);
    }
    if let Some(script) = script::hostname(profile) {
        file("/etc/uci-defaults/05-clom-hostname", script, 0o755);
    }
    if profile.device.target.is_some() {
        file(
            "/etc/uci-defaults/20-clom-board",
            script::BOARD.to_owned(),
            0o755,
        );
    }
    let root_password = match &profile.system.root_password {
        RootPassword::Unchanged => ShadowPassword::Unchanged,
        RootPassword::None => ShadowPassword::Empty,
        RootPassword::Hash(hash) => {
            secret_paths.insert("/etc/shadow".into());
            let key = KeyPath::from("system.root_password_hash");
            ShadowPassword::Hash(secrets.password_hash(hash, &key)?)
        }
    };
    let uci_edits = lay_edits(&mut uci, &profile.uci)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let services = profile
        .mesh
        .iter()
        .filter_map(|mesh| mesh::service(&mesh.protocol));
    Ok(Rendered {
        uci,
        uci_edits,
        files,
        root_password,
        services: services.map(str::to_owned).collect(),
        secret_paths,
    })
}

/// Lays raw UCI over the typed files and gives back what is for others.
fn lay_edits(
    uci: &mut BTreeMap<String, Config>,
    edits: &UciEdits,
) -> Result<UciEdits, RenderError> {
    let mut others = UciEdits::new();
    let mut problems = Vec::new();
    for (package, edits) in edits {
        match uci.get_mut(package) {
            None => {
                others.insert(package.clone(), edits.clone());
            }
            Some(config) => match merge_raw(Some(std::mem::take(config)), edits) {
                Ok(merged) => *config = merged,
                Err(found) => problems.extend(found),
            },
        }
    }
    match problems.is_empty() {
        true => Ok(others),
        false => Err(RenderError::Problems(problems)),
    }
}
