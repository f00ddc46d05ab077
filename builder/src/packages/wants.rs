//! What a profile asks of packages, as the solver is asked.

use super::solve::{Unwanted, Want};
use crate::profile::merged::Merged;
use crate::profile::path::KeyPath;
use crate::profile::resolve::{Package, PackageOrigin, Packages};

/// What a profile wants and does not want. Each says who asks for it, as the subject of a sentence.
pub fn of_profile(packages: &Packages, merged: &Merged) -> (Vec<Want>, Vec<Unwanted>) {
    let want = packages.install.iter().map(|package| Want {
        name: package.name.clone(),
        constraint: None,
        why: who(package, merged),
        default: false,
    });
    let unwanted = packages.uninstall.iter().map(|package| Unwanted {
        name: package.name.clone(),
        why: who(package, merged),
    });
    (want.collect(), unwanted.collect())
}

/// `site valley (profiles/sites/valley.toml:14:3)`, `the mesh protocol babel`.
fn who(package: &Package, merged: &Merged) -> String {
    match &package.origin {
        PackageOrigin::Profile(key) => at(key, merged),
        PackageOrigin::Mesh(protocol) => match merged.origin(KeyPath::from("mesh.protocol")) {
            Some(origin) => format!(
                "the mesh protocol {protocol} of {} ({origin})",
                origin.layer
            ),
            None => format!("the mesh protocol {protocol}"),
        },
        PackageOrigin::EncryptedMesh => "the encrypted 802.11s mesh".to_owned(),
    }
}

/// The layer that set a key, and where.
pub fn at(key: &KeyPath, merged: &Merged) -> String {
    match merged.origin(key.clone()) {
        Some(origin) => format!("{} ({origin})", origin.layer),
        None => format!("`{key}`"),
    }
}
