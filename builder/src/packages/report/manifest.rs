//! The list of packages as OpenWrt prints it.

use super::Component;

/// `name - version`, one package a line, in the order of `LC_ALL=C sort`. What is no package is not in it.
pub fn manifest(components: &[Component]) -> String {
    let packages = components.iter().filter(|one| one.manager.is_some());
    let mut lines: Vec<_> = packages
        .map(|one| format!("{} - {}\n", one.name, one.version))
        .collect();
    lines.sort();
    lines.concat()
}
