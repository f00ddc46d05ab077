//! What is known of an installed package.

use openwrt_formats::apk;
use openwrt_formats::opkg::{self, Stanza, Stanzas, Status};
use openwrt_formats::tree::Tree;
use thiserror::Error;

use crate::packages::universe::Manager;

/// Where opkg keeps its list, and of each package the control file.
const OPKG: &str = "usr/lib/opkg";
/// apk's lists; newer versions can have theirs below `/usr`.
const APK: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];

/// An installed package, or something else that was put into an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Component {
    /// Its name, in OpenWrt with the ABI version behind.
    pub name: String,
    /// Its name without ABI version.
    pub base: String,
    /// Its version, with the release.
    pub version: String,
    /// Whose package it is; `None` for what is no package.
    pub manager: Option<Manager>,
    /// For which routers.
    pub architecture: Option<String>,
    /// Its licences, as its maker wrote them: mostly SPDX names with spaces between.
    pub license: Option<String>,
    /// The folder of its source: `feeds/base/utils/busybox`.
    pub source: Option<String>,
    /// `cpe:/a:busybox:busybox`.
    pub cpe: Option<String>,
    /// `libs`, `net`, ...; opkg only.
    pub section: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// The home page.
    pub url: Option<String>,
    /// SHA-256 of its file, in hexadecimal, if known.
    pub sha256: Option<String>,
    /// The feed that it came from, if known.
    pub feed: Option<String>,
}

/// Why the lists of installed packages cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// opkg's.
    #[error("/{OPKG}/status: {0}")]
    Opkg(#[from] opkg::Error),
    /// apk's.
    #[error("/lib/apk/db/installed: {0}")]
    Apk(#[from] apk::Error),
}

/// The packages installed in a root tree, sorted by name; none when it has no list of them.
///
/// # Errors
/// When a list is damaged.
pub fn installed(tree: &Tree) -> Result<Vec<Component>, Unreadable> {
    let mut all = Vec::new();
    if let Some(list) = tree.read(format!("{OPKG}/status")) {
        for package in Status::parse(&list)?.installed()? {
            all.push(of_opkg(tree, &package));
        }
    }
    for list in APK.iter().filter_map(|path| tree.read(path)) {
        let list = apk::Installed::read(&list)?;
        all.extend(list.packages.iter().map(of_apk));
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

fn of_opkg(tree: &Tree, package: &opkg::Package) -> Component {
    // The list leaves out what opkg does not work with; the control file has it.
    let control = tree
        .read(format!("{OPKG}/info/{}.control", package.name))
        .and_then(|text| Stanzas::parse(&text).ok())
        .and_then(|mut stanzas| stanzas.stanzas.pop());
    let value = |stanza: &Stanza, field: &str| stanza.value(field).map(|value| value.into_owned());
    let field = |name: &str| {
        let full = control.as_ref().and_then(|control| value(control, name));
        full.or_else(|| value(&package.stanza, name))
    };
    let abi = field("ABIVersion").unwrap_or_default();
    Component {
        base: base(&package.name, &abi),
        name: package.name.clone(),
        version: package.version.as_str().to_owned(),
        manager: Some(Manager::Opkg),
        architecture: field("Architecture"),
        license: field("License"),
        source: field("Source"),
        cpe: field("CPE-ID"),
        section: field("Section"),
        description: field("Description").map(|text| one_line(&text)),
        url: field("URL"),
        sha256: None,
        feed: None,
    }
}

fn of_apk(package: &apk::InstalledPackage) -> Component {
    let field = |letter: u8| {
        let bytes = package.field(letter)?;
        let text = String::from_utf8_lossy(bytes).trim().to_owned();
        (!text.is_empty()).then_some(text)
    };
    let tags = field(b'g').unwrap_or_default();
    let tag = |key: &str| {
        let mut tags = tags.split_whitespace();
        let found = tags.find_map(|tag| tag.strip_prefix(key)?.strip_prefix('='));
        found.map(str::to_owned)
    };
    let name = field(b'P').unwrap_or_default();
    Component {
        base: base(&name, &tag("openwrt:abiversion").unwrap_or_default()),
        name,
        version: field(b'V').unwrap_or_default(),
        manager: Some(Manager::Apk),
        architecture: field(b'A'),
        license: field(b'L'),
        source: field(b'o'),
        cpe: tag("openwrt:cpe"),
        section: None,
        description: field(b'T').map(|text| one_line(&text)),
        url: field(b'U'),
        sha256: None,
        feed: None,
    }
}

/// The name without ABI version, which with a name that ends in a digit has a dash before.
fn base(name: &str, abi: &str) -> String {
    let base = name.strip_suffix(abi).filter(|base| !base.is_empty());
    base.unwrap_or(name).to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
