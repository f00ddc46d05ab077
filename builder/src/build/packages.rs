//! Whether the source's root file system has the packages the profile asks for.
//!
//! Installing packages is not this version's work: an image without its mesh daemon would be a dead node, so a wanted
//! package that is missing, and an unwanted one that is there, stop the build unless the user says otherwise.

use std::collections::BTreeMap;

use anyhow::anyhow;

use crate::failure::{Class, Failure};
use crate::profile::merged::Merged;
use crate::profile::resolve::{Package, PackageOrigin, Packages};

/// Checks the wanted and unwanted packages against the installed ones (name to version).
/// Gives one line for each that is not as asked.
pub fn mismatches(
    packages: &Packages,
    installed: &BTreeMap<String, String>,
    merged: &Merged,
) -> Vec<String> {
    let missing = packages
        .install
        .iter()
        .filter(|package| !installed.contains_key(&package.name));
    let missing =
        missing.map(|p| format!("{} is wanted by {} and missing", p.name, origin(p, merged)));
    let present = packages
        .uninstall
        .iter()
        .filter(|p| installed.contains_key(&p.name));
    let present = present.map(|p| {
        format!(
            "{} is unwanted by {} and installed",
            p.name,
            origin(p, merged)
        )
    });
    missing.chain(present).collect()
}

/// The error for a build that is not told to go on.
pub fn refuse(mismatches: &[String]) -> Failure {
    let list = mismatches.join("\n  ");
    Failure::new(
        Class::Source,
        anyhow!("the source's packages are not those of the profile:\n  {list}"),
    )
    .help(
        "clom does not install packages yet: take a donor image that has them (one made by OpenWrt's ImageBuilder or\n      \
         firmware selector with these packages), or pass --allow-package-mismatch to build without",
    )
}

fn origin(package: &Package, merged: &Merged) -> String {
    match &package.origin {
        PackageOrigin::Profile(key) => match merged.origin(key.clone()) {
            Some(origin) => format!("{origin}"),
            None => format!("`{key}`"),
        },
        PackageOrigin::Mesh(protocol) => format!("the mesh protocol {protocol}"),
        PackageOrigin::EncryptedMesh => "the encrypted 802.11s mesh".to_owned(),
    }
}
