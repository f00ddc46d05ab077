//! The agent as a package.

use openwrt_formats::opkg::Dependency;
use openwrt_formats::tree::{Meta, Tree, TreeError};

use super::Source;
use super::spec::Spec;
use crate::build::upper;
use crate::crossbuild::Tier;

/// What an image gets rendered from its profile. A key that is missing has a default.
const CONFIG: &str = "config node 'node'\n\toption enabled '1'\n\nconfig agent 'agent'\n";

/// The agent for routers of this package architecture: the files that images have, and a configuration to begin with. `more` is laid
/// over them, and may bring the facts of a community, without which the agent does not start.
///
/// # Errors
/// When `more` does not fit over the agent's files.
pub fn agent(
    binary: &[u8],
    architecture: &str,
    tier: Tier,
    more: &Tree,
    epoch: u32,
) -> Result<Source, TreeError> {
    let mut files = Tree::default();
    for (path, mode, content) in upper::agent_files(binary) {
        files.put_file(path, content, Meta::file(mode as u16))?;
    }
    files.put_file("etc/config/clommunity", CONFIG, Meta::file(0o644))?;
    files.layer(more)?;
    let other = match tier {
        Tier::Lite => Tier::Full,
        Tier::Full => Tier::Lite,
    };
    // The full tier checks its uplink over TLS.
    let depends = match tier {
        Tier::Lite => "",
        Tier::Full => "ca-bundle",
    };
    let list = |text: &str| Dependency::list(text).unwrap_or_default();
    let spec = Spec {
        name: format!("clomd-{tier}"),
        version: format!("{}-r1", env!("CARGO_PKG_VERSION")),
        architecture: architecture.to_owned(),
        description: format!("The agent of Clommunity nodes, tier {tier}"),
        license: Some("MIT OR Apache-2.0".to_owned()),
        section: Some("net".to_owned()),
        source_name: Some("clomd".to_owned()),
        depends: list(depends),
        conflicts: list(&format!("clomd-{other}")),
        provides: vec!["clomd".to_owned()],
        conffiles: vec!["/etc/config/clommunity".to_owned()],
        ..Spec::default()
    };
    Ok(Source { spec, files, epoch })
}
