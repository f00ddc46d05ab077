//! Packages and services.

use std::path::PathBuf;

use super::Folders;
use super::device::NetworkStyle;
use super::fault::{Fault, Problems};
use super::mesh::{Mesh, Olsr, Protocol, wants_encrypted_80211s};
use super::tree::beside;
use super::wifi::Wifi;
use super::words;
use crate::profile::path::KeyPath;
use crate::profile::raw::{RawPackages, RawServices};

/// Why a package comes or goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageOrigin {
    /// The profile names it, at this key.
    Profile(KeyPath),
    /// The mesh protocol needs it.
    Mesh(&'static str),
    /// Encrypted 802.11s needs it.
    EncryptedMesh,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Why it comes or goes.
    pub origin: PackageOrigin,
}

/// Packages the image gains or loses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packages {
    /// Packages the image must have.
    pub install: Vec<Package>,
    /// Packages the image must not have.
    pub uninstall: Vec<Package>,
    /// Package files of the user's own.
    pub files: Vec<PackageFile>,
}

/// A package file of the user's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFile {
    /// The file on this machine.
    pub path: PathBuf,
    /// The key of the profile that names it.
    pub key: KeyPath,
}

/// Services started at boot, or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Services {
    /// Started at boot.
    pub enable: Vec<String>,
    /// Not started at boot.
    pub disable: Vec<String>,
}

pub(super) fn resolve(
    raw: &RawPackages,
    mesh: Option<&Mesh>,
    wifi: &Wifi,
    style: NetworkStyle,
    folders: &dyn Folders,
    problems: &mut Problems,
) -> Packages {
    let key = KeyPath::root().key("packages");
    let named = |part: &str, list: Option<&Vec<String>>, problems: &mut Problems| {
        let key = key.key(part);
        let names = problems.read_list(&key, list, words::package_name);
        let named = names.into_iter().enumerate().map(|(at, name)| Package {
            name,
            origin: PackageOrigin::Profile(key.index(at)),
        });
        named.collect::<Vec<_>>()
    };
    let mut packages = Packages {
        install: named("install", raw.install.as_ref(), problems),
        uninstall: named("uninstall", raw.uninstall.as_ref(), problems),
        files: files(raw, folders, problems),
    };
    for package in &packages.install {
        if packages
            .uninstall
            .iter()
            .any(|other| other.name == package.name)
            && let PackageOrigin::Profile(key) = &package.origin
        {
            problems.add(
                key.clone(),
                Fault::new(format!("package `{}` is to be installed and uninstalled", package.name))
                    .help("take it out of one of the lists: `{ remove = [...] }` takes out what another layer put in"),
            );
        }
    }
    let has = |list: &[Package], name: &str| list.iter().any(|package| package.name == name);
    if let Some(mesh) = mesh {
        for name in protocol_packages(&mesh.protocol) {
            if has(&packages.uninstall, &name) {
                problems.add(
                    key.key("uninstall"),
                    Fault::new(format!(
                        "the mesh protocol {} needs package `{name}`",
                        mesh.protocol.word()
                    )),
                );
            } else if !has(&packages.install, &name) {
                packages.install.push(Package {
                    name,
                    origin: PackageOrigin::Mesh(mesh.protocol.word()),
                });
            }
        }
    }
    // OpenWrt's standard wpad leaves 802.11s out. Any wpad the profile itself asks for is taken as meant.
    let chosen = packages
        .install
        .iter()
        .any(|package| package.name.starts_with("wpad"));
    if wants_encrypted_80211s(wifi) && !chosen {
        let (add, drop) = match style {
            NetworkStyle::Device => ("wpad-mesh-mbedtls", "wpad-basic-mbedtls"),
            NetworkStyle::Ifname => ("wpad-mesh-openssl", "wpad-basic"),
        };
        for (list, name) in [
            (&mut packages.install, add),
            (&mut packages.uninstall, drop),
        ] {
            if !has(list, name) {
                list.push(Package {
                    name: name.into(),
                    origin: PackageOrigin::EncryptedMesh,
                });
            }
        }
    }
    packages
}

fn files(raw: &RawPackages, folders: &dyn Folders, problems: &mut Problems) -> Vec<PackageFile> {
    let key = KeyPath::root().key("packages").key("files");
    let named = raw.files.iter().flatten().enumerate();
    named
        .filter_map(|(at, text)| {
            let key = key.index(at);
            let path = problems.take(key.clone(), beside(text, &key, folders))?;
            let fault = match path.extension().and_then(|end| end.to_str()) {
                Some("ipk" | "apk") if path.is_file() => return Some(PackageFile { path, key }),
                Some("ipk" | "apk") => Fault::new(format!("there is no file `{}`", path.display()))
                    .help("the path is relative to this file"),
                _ => Fault::new(format!(
                    "`{text}` is no package: its name ends neither in .ipk nor in .apk"
                )),
            };
            problems.add(key, fault);
            None
        })
        .collect()
}

fn protocol_packages(protocol: &Protocol) -> Vec<String> {
    let fixed = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>()
    };
    match protocol {
        Protocol::BatmanAdv(_) => fixed(&["kmod-batman-adv", "batctl-default"]),
        Protocol::Babel(_) => fixed(&["babeld"]),
        Protocol::Olsr(Olsr::V2) => fixed(&["oonf-olsrd2"]),
        Protocol::Olsr(Olsr::V1 { plugins, .. }) => {
            let mut names = fixed(&["olsrd", "olsrd-mod-dyn-gw"]);
            // olsrd_txtinfo.so.1.1 comes in package olsrd-mod-txtinfo
            for plugin in plugins {
                let stem = plugin.trim_start_matches("olsrd_").split(".so").next();
                let name = format!("olsrd-mod-{}", stem.unwrap_or_default().replace('_', "-"));
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names
        }
        Protocol::Bmx7(settings) => {
            let mut names = fixed(&["bmx7", "bmx7-uci-config", "bmx7-json", "bmx7-tun"]);
            for plugin in &settings.plugins {
                let stem = plugin.trim_start_matches("bmx7_").trim_end_matches(".so");
                let name = match stem {
                    "config" => "bmx7-uci-config".to_owned(),
                    stem => format!("bmx7-{stem}"),
                };
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names
        }
    }
}

pub(super) fn services(raw: &RawServices, problems: &mut Problems) -> Services {
    let key = KeyPath::root().key("services");
    let services = Services {
        enable: problems.read_list(&key.key("enable"), raw.enable.as_ref(), words::package_name),
        disable: problems.read_list(
            &key.key("disable"),
            raw.disable.as_ref(),
            words::package_name,
        ),
    };
    for (at, name) in services.enable.iter().enumerate() {
        if services.disable.contains(name) {
            problems.add(
                key.key("enable").index(at),
                Fault::new(format!("service `{name}` is to be enabled and disabled"))
                    .help("take it out of one of the lists: `{ remove = [...] }` takes out what another layer put in"),
            );
        }
    }
    services
}
