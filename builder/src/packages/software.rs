//! What a root tree says of its own packages.

use openwrt_formats::opkg::{Stanza, Status};
use openwrt_formats::tree::Tree;
use openwrt_formats::{apk, opkg};
use thiserror::Error;

use super::solve::Installed;
use super::universe::{Description, Manager};

/// opkg's list of what is installed.
const OPKG_STATUS: &str = "usr/lib/opkg/status";
/// apk's lists of what is installed; newer apk-tools can have it below `/usr`.
const APK_INSTALLED: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];
/// What apk was asked for by name.
const APK_WORLD: &str = "etc/apk/world";
/// The architectures that apk takes, one to a line.
const APK_ARCH: &str = "etc/apk/arch";

/// The packages of a root tree, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Software {
    /// Its package manager.
    pub manager: Manager,
    /// The architectures whose packages suit it, the best first.
    pub architectures: Vec<String>,
    /// What is installed, in the order of the list.
    pub installed: Vec<Installed>,
}

/// Why a tree's list of packages cannot be used.
#[derive(Debug, Error)]
pub enum SoftwareError {
    /// opkg's list is damaged.
    #[error("/{OPKG_STATUS}: {0}")]
    Opkg(#[from] opkg::Error),
    /// apk's list is damaged.
    #[error("/lib/apk/db/installed: {0}")]
    Apk(#[from] apk::Error),
}

impl Software {
    /// Reads the lists of a root tree; `None` when it has none.
    ///
    /// # Errors
    /// [`SoftwareError`].
    pub fn of(tree: &Tree) -> Result<Option<Self>, SoftwareError> {
        if let Some(list) = APK_INSTALLED.iter().find_map(|path| tree.read(path)) {
            return Self::apk(tree, &list).map(Some);
        }
        match tree.read(OPKG_STATUS) {
            Some(list) => Self::opkg(tree, &list).map(Some),
            None => Ok(None),
        }
    }

    fn apk(tree: &Tree, list: &[u8]) -> Result<Self, SoftwareError> {
        let list = apk::Installed::read(list)?;
        let world = text(tree, APK_WORLD);
        // `name`, or with a version: `name=1-r1`.
        let world: Vec<&str> = world
            .split_whitespace()
            .filter_map(|word| word.split(['=', '<', '>', '~']).next())
            .collect();
        let mut installed = Vec::new();
        for package in &list.packages {
            let info = package.info()?;
            installed.push(Installed {
                wanted: world.contains(&info.name.as_str())
                    || info
                        .provides
                        .iter()
                        .any(|offer| world.contains(&offer.name.as_str())),
                description: Description::Apk(Box::new(info)),
            });
        }
        let mut architectures: Vec<String> = text(tree, APK_ARCH)
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        architectures.extend(distribution_arch(tree));
        Ok(Self::new(Manager::Apk, architectures, "noarch", installed))
    }

    fn opkg(tree: &Tree, list: &[u8]) -> Result<Self, SoftwareError> {
        let status = Status::parse(list)?;
        let auto = |stanza: &Stanza| {
            stanza
                .value("Auto-Installed")
                .is_some_and(|value| value == "yes")
        };
        let mut installed = Vec::new();
        for package in status.installed()? {
            installed.push(Installed {
                wanted: !auto(&package.stanza),
                description: Description::Opkg(Box::new(package)),
            });
        }
        // `arch NAME PRIORITY`; images made by OpenWrt's build have no such lines, and say their architecture elsewhere.
        let configuration = text(tree, "etc/opkg.conf");
        let mut named: Vec<(u32, &str)> = configuration
            .lines()
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                (words.next()? == "arch").then_some(())?;
                let name = words.next()?;
                Some((
                    words
                        .next()
                        .and_then(|number| number.parse().ok())
                        .unwrap_or(0),
                    name,
                ))
            })
            .collect();
        named.sort_by(|a, b| b.cmp(a));
        let mut architectures: Vec<String> =
            named.into_iter().map(|(_, name)| name.to_owned()).collect();
        architectures.extend(distribution_arch(tree));
        let own = installed
            .iter()
            .map(|present| present.description.architecture());
        architectures.extend(own.filter(|arch| *arch != "all").map(str::to_owned));
        Ok(Self::new(Manager::Opkg, architectures, "all", installed))
    }

    fn new(
        manager: Manager,
        mut architectures: Vec<String>,
        any: &str,
        installed: Vec<Installed>,
    ) -> Self {
        let mut seen = Vec::new();
        architectures.retain(|arch| {
            arch != any && !seen.contains(arch) && {
                seen.push(arch.clone());
                true
            }
        });
        architectures.push(any.to_owned());
        Self {
            manager,
            architectures,
            installed,
        }
    }

    /// The installed package of this name.
    pub fn get(&self, name: &str) -> Option<&Installed> {
        self.installed
            .iter()
            .find(|present| present.description.name() == name)
    }

    /// The architecture that is not everybody's: `mipsel_24kc`.
    pub fn architecture(&self) -> Option<&str> {
        self.architectures
            .first()
            .filter(|arch| !matches!(arch.as_str(), "all" | "noarch"))
            .map(String::as_str)
    }
}

fn text(tree: &Tree, path: &str) -> String {
    String::from_utf8_lossy(&tree.read(path).unwrap_or_default()).into_owned()
}

/// `DISTRIB_ARCH` of `/etc/openwrt_release`.
fn distribution_arch(tree: &Tree) -> Option<String> {
    let text = text(tree, "etc/openwrt_release");
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("DISTRIB_ARCH="))?;
    let value = value.trim().trim_matches(['\'', '"']);
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use openwrt_formats::tree::Meta;

    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for (path, text) in files {
            tree.put_file(path, *text, Meta::file(0o644)).unwrap();
        }
        tree
    }

    #[test]
    fn reads_opkgs_list() {
        let status = "Package: babeld\nVersion: 1.9.1-2\nDepends: libc, librt\nStatus: install user installed\nArchitecture: mips_24kc\n\n\
                      Package: librt\nVersion: 1\nStatus: install ok installed\nArchitecture: mips_24kc\nAuto-Installed: yes\n\n\
                      Package: gone\nVersion: 1\nStatus: deinstall ok not-installed\n\n";
        let tree = tree(&[
            ("usr/lib/opkg/status", status),
            ("etc/openwrt_release", "DISTRIB_ARCH='mips_24kc'\n"),
            (
                "etc/opkg.conf",
                "arch all 1\narch mips_24kc 10\narch mips_74kc 20\n",
            ),
        ]);
        let software = Software::of(&tree).unwrap().unwrap();
        assert_eq!(software.manager, Manager::Opkg);
        assert_eq!(software.architectures, ["mips_74kc", "mips_24kc", "all"]);
        assert_eq!(software.installed.len(), 2);
        assert!(software.get("babeld").unwrap().wanted);
        assert!(!software.get("librt").unwrap().wanted);
        assert!(software.get("gone").is_none());
    }

    #[test]
    fn reads_apks_lists() {
        let installed = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:busybox\nV:1.37.0-r5\nA:aarch64_cortex-a53\nS:10\nI:20\nT:d\nU:\nL:GPL\n\
                         k:100\nD:libc so:x=1\np:busybox-any cmd:ls=1\ng:openwrt:cpe=cpe:/a:b:c\nF:bin\nR:busybox\n\n\
                         P:libc\nV:1\nA:aarch64_cortex-a53\n\n";
        let tree = tree(&[
            ("lib/apk/db/installed", installed),
            ("etc/apk/world", "busybox=1.37.0-r5\n"),
            ("etc/apk/arch", "aarch64_cortex-a53\n"),
        ]);
        let software = Software::of(&tree).unwrap().unwrap();
        assert_eq!(software.manager, Manager::Apk);
        assert_eq!(software.architecture(), Some("aarch64_cortex-a53"));
        assert!(software.get("busybox").unwrap().wanted);
        assert!(!software.get("libc").unwrap().wanted);
        let Description::Apk(info) = &software.get("busybox").unwrap().description else {
            panic!("not apk")
        };
        assert_eq!(info.provider_priority, 100);
        assert_eq!(info.depends.len(), 2);
        assert_eq!(
            info.provides
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            ["busybox-any", "cmd:ls=1"]
        );
        assert_eq!(info.tag("openwrt:cpe"), Some("cpe:/a:b:c"));
    }

    #[test]
    fn a_tree_without_lists_has_none_and_a_damaged_list_is_told() {
        assert!(Software::of(&Tree::default()).unwrap().is_none());
        let tree = tree(&[("lib/apk/db/installed", "P:cut")]);
        let error = Software::of(&tree).unwrap_err().to_string();
        assert!(error.starts_with("/lib/apk/db/installed: "), "{error}");
    }
}
