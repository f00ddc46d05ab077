//! The packages that are installed in a root file system, by the lists that OpenWrt's package managers keep in it.
//!
//! opkg (to 24.10): `/usr/lib/opkg/status`, stanzas of `Field: value`. apk (from 25.12): `/lib/apk/db/installed`, records of `X:value`.

use std::collections::BTreeMap;

use openwrt_formats::tree::Tree;

/// Where opkg and apk keep their lists.
const LISTS: [(&str, &str, &str); 3] = [
    ("usr/lib/opkg/status", "Package: ", "Version: "),
    ("lib/apk/db/installed", "P:", "V:"),
    ("usr/lib/apk/db/installed", "P:", "V:"),
];

/// Name to version of every installed package; empty when the tree has no list.
pub fn installed(tree: &Tree) -> BTreeMap<String, String> {
    let mut installed = BTreeMap::new();
    for (path, name_field, version_field) in LISTS {
        let Some(bytes) = tree.read(path) else {
            continue;
        };
        let text = String::from_utf8_lossy(&bytes);
        for stanza in text.split("\n\n") {
            let field = |field: &str| stanza.lines().find_map(|line| line.strip_prefix(field));
            // opkg keeps a stanza for packages it only knows of.
            let gone = field("Status: ").is_some_and(|status| !status.ends_with(" installed"));
            if let (Some(name), false) = (field(name_field), gone) {
                let version = field(version_field).unwrap_or_default();
                installed.insert(name.trim().to_owned(), version.trim().to_owned());
            }
        }
    }
    installed
}

#[cfg(test)]
mod tests {
    use openwrt_formats::tree::Meta;

    use super::*;

    #[test]
    fn reads_both_kinds_of_list() {
        let mut tree = Tree::default();
        let status = "Package: babeld\nVersion: 1.9.1-2\nStatus: install user installed\n\n\
                      Package: luci\nVersion: 1\nStatus: unknown ok not-installed\n\n\
                      Package: libc\nVersion: 1.1.24-2\nStatus: install hold installed\nArchitecture: mips_24kc\n";
        tree.put_file("usr/lib/opkg/status", status, Meta::file(0o644))
            .unwrap();
        let apk = "C:Q1abc\nP:busybox\nV:1.37.0-r5\nA:aarch64\nF:bin\nR:busybox\n\nP:base-files\nV:1697\n";
        tree.put_file("lib/apk/db/installed", apk, Meta::file(0o644))
            .unwrap();
        let installed: Vec<_> = installed(&tree).into_iter().collect();
        let expected = [
            ("babeld", "1.9.1-2"),
            ("base-files", "1697"),
            ("busybox", "1.37.0-r5"),
            ("libc", "1.1.24-2"),
        ];
        assert_eq!(
            installed,
            expected.map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }
}
