//! Puts the node's root tree together: the source's tree with everything the Plan lays over it.

use anyhow::Context;
use openwrt_formats::tree::{Meta, Tree};
use openwrt_formats::uci;

use super::upper::{IMAGE_FACTS, Upper};
use super::{lay, services, shadow};
use crate::failure::{Class, Failure, OrFail};
use crate::profile::diagnostics::Diagnostics;
use crate::profile::merged::Merged;
use crate::profile::render::{CONFIG_MODE, Rendered, ShadowPassword};
use crate::profile::resolve::{Profile, merge_raw};

/// Lays `upper` over `base`, merges UCI into the source's own files, sets the root password and links the services.
/// `facts` is the text of `image.json`.
///
/// # Errors
/// When the base lacks a service or a UCI section that the profile names, or holds something in the way of a file.
pub fn assemble(
    mut base: Tree,
    upper: &Upper,
    profile: &Profile,
    rendered: &Rendered,
    merged: &Merged,
    facts: Option<&str>,
    epoch: u32,
) -> Result<Tree, Failure> {
    lay::lay(&mut base, &upper.tree, |path| upper.owns(path)).or_fail(Class::Source)?;
    if let Some(facts) = facts {
        let meta = Meta::file(0o644).at(epoch);
        base.put_file(IMAGE_FACTS, facts, meta)
            .or_fail(Class::Source)?;
    }
    merge_uci(&mut base, rendered, merged, epoch)?;
    match &rendered.root_password {
        ShadowPassword::Unchanged => {}
        ShadowPassword::Empty => set_password(&mut base, "", epoch)?,
        ShadowPassword::Hash(hash) => set_password(&mut base, hash, epoch)?,
    }
    link_services(&mut base, upper, profile, rendered, epoch)?;
    Ok(base)
}

fn merge_uci(
    base: &mut Tree,
    rendered: &Rendered,
    merged: &Merged,
    epoch: u32,
) -> Result<(), Failure> {
    for (package, edits) in &rendered.uci_edits {
        let path = format!("etc/config/{package}");
        let own = match base.read(&path) {
            None => None,
            Some(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let config = uci::parse(&text)
                    .with_context(|| format!("/{path} of the source's root file system"))
                    .or_fail(Class::Source)?;
                Some(config)
            }
        };
        let mode = base
            .get(&path)
            .map_or(CONFIG_MODE as u16, |inode| inode.meta.mode);
        let config = merge_raw(own, edits).map_err(|problems| {
            problems
                .iter()
                .map(|problem| problem.diagnose(merged))
                .collect::<Diagnostics>()
        })?;
        base.put_file(&path, config.to_string(), Meta::file(mode).at(epoch))
            .or_fail(Class::Source)?;
    }
    Ok(())
}

fn set_password(base: &mut Tree, hash: &str, epoch: u32) -> Result<(), Failure> {
    let old = base.read("etc/shadow").unwrap_or_default();
    let new = shadow::with_root_hash(&String::from_utf8_lossy(&old), hash);
    let mode = base
        .get("etc/shadow")
        .map_or(0o600, |inode| inode.meta.mode);
    base.put_file("etc/shadow", new, Meta::file(mode).at(epoch))
        .or_fail(Class::Source)?;
    Ok(())
}

/// Every init script that the build brings is enabled, as OpenWrt's own image build does; then what the profile says.
fn link_services(
    base: &mut Tree,
    upper: &Upper,
    profile: &Profile,
    rendered: &Rendered,
    epoch: u32,
) -> Result<(), Failure> {
    let disabled = &profile.services.disable;
    let brought = services::scripts(&upper.tree);
    let asked = profile
        .services
        .enable
        .iter()
        .chain(&rendered.services)
        .cloned();
    for name in brought.into_iter().chain(asked) {
        if disabled.contains(&name) {
            continue;
        }
        services::enable(base, &name, epoch).map_err(|error| explain(error, base))?;
    }
    for name in disabled {
        services::disable(base, name).map_err(|error| explain(error, base))?;
    }
    Ok(())
}

fn explain(error: services::ServiceError, base: &Tree) -> Failure {
    let known = services::scripts(base).join(", ");
    Failure::new(Class::Profile, error).help(format!(
        "services of this root file system: {known}; or bring the script in an overlay"
    ))
}
