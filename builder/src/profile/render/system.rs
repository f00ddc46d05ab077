//! `/etc/config/system` and `/etc/config/dropbear`.

use openwrt_formats::uci::Config;

use super::draft::{Draft, Part};
use super::error::RenderError;
use crate::profile::resolve::Profile;

pub(super) fn system(profile: &Profile) -> Result<Config, RenderError> {
    let (identity, system) = (&profile.identity, &profile.system);
    let mut draft = Draft::default();
    // A node known by its number alone has no name worth telling.
    let number = identity.number.map(|number| number.to_string());
    let name = identity
        .name
        .as_ref()
        .filter(|name| Some(*name) != number.as_ref());
    let compat = Some(&profile.device.compat_version).filter(|version| *version != "1.0");
    draft.push(
        Part::new("system")
            .set("hostname", identity.hostname.provisional().as_str())
            .maybe("description", name)
            .maybe("notes", identity.location.as_ref())
            .set("timezone", system.timezone.posix.as_str())
            .set("zonename", system.timezone.name.as_str())
            .set("ttylogin", false)
            .set("log_size", system.log.size_kib.unwrap_or(128).to_string())
            .maybe("log_ip", system.log.remote.map(|remote| remote.ip()))
            .maybe("log_port", system.log.remote.map(|remote| remote.port()))
            .maybe("conloglevel", system.log.console_level)
            .set("urandom_seed", false)
            .maybe("compat_version", compat),
    )?;
    draft.push(
        Part::named("timeserver", "ntp")
            .set("enabled", system.ntp.enabled)
            .set("enable_server", system.ntp.serve)
            .list("server", &system.ntp.servers),
    )?;
    Ok(draft.finish())
}

pub(super) fn dropbear(profile: &Profile) -> Result<Config, RenderError> {
    let ssh = &profile.system.ssh;
    let word = |flag: bool| if flag { "on" } else { "off" };
    let mut draft = Draft::default();
    draft.push(
        Part::new("dropbear")
            .set("enable", ssh.enabled)
            .set("PasswordAuth", word(ssh.password_login))
            .set("RootPasswordAuth", word(ssh.password_login))
            .set("Port", ssh.port.to_string())
            .maybe("Interface", ssh.network.as_ref()),
    )?;
    Ok(draft.finish())
}

/// `/etc/dropbear/authorized_keys`; empty without keys.
pub(super) fn authorized_keys(profile: &Profile) -> String {
    profile
        .system
        .ssh
        .keys
        .iter()
        .map(|key| format!("{key}\n"))
        .collect()
}
