//! What a package is, checked.

use openwrt_formats::opkg::Dependency;

use super::users::Account;

/// What a package is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spec {
    /// Its name without ABI version.
    pub name: String,
    /// Its version with the release: `1.2-r1`.
    pub version: String,
    /// OpenWrt's package architecture; `all` for any.
    pub architecture: String,
    /// For people; several lines, perhaps.
    pub description: String,
    /// SPDX names.
    pub license: Option<String>,
    /// Files of the source that hold the licences.
    pub license_files: Vec<String>,
    /// `Name <mail>`.
    pub maintainer: Option<String>,
    /// The home page.
    pub url: Option<String>,
    /// `net`, `utils`, ...
    pub section: Option<String>,
    /// Where the source lies in its feed; in apk the origin.
    pub source: Option<String>,
    /// The name of the source package.
    pub source_name: Option<String>,
    /// `cpe:/a:vendor:product`.
    pub cpe_id: Option<String>,
    /// The ABI version of a library; with a name that ends in a digit, it begins with a dash.
    pub abi_version: Option<String>,
    /// Whether it may never be removed (opkg).
    pub essential: bool,
    /// Of two packages that offer the same, the one with more is taken (apk).
    pub provider_priority: Option<u32>,
    /// What it needs.
    pub depends: Vec<Dependency>,
    /// What must not be there with it.
    pub conflicts: Vec<Dependency>,
    /// What it offers besides its name. With `@` in front other packages may offer it at the same time (apk).
    pub provides: Vec<String>,
    /// Whose files it may overwrite.
    pub replaces: Vec<String>,
    /// Absolute paths that upgrades keep as they are.
    pub conffiles: Vec<String>,
    /// Links that several packages can own.
    pub alternatives: Vec<Alternative>,
    /// Users and groups to make.
    pub users: Vec<Account>,
    /// Its own scripts.
    pub scripts: Scripts,
}

/// A link that the package of the highest priority gives its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// The higher one wins.
    pub priority: u32,
    /// Where the link is; absolute.
    pub path: String,
    /// What it points at; absolute.
    pub target: String,
}

/// `100:/bin/ping:/usr/bin/better-ping`, as OpenWrt writes it.
impl std::fmt::Display for Alternative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.priority, self.path, self.target)
    }
}

/// A package's own scripts, each a text for `/bin/sh`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scripts {
    /// Before its files are there.
    pub preinst: Option<String>,
    /// After they are, when OpenWrt's functions have enabled and started its services.
    pub postinst: Option<String>,
    /// Before its files go, when OpenWrt's functions have stopped its services.
    pub prerm: Option<String>,
    /// After they went.
    pub postrm: Option<String>,
}

impl Spec {
    /// The name with the ABI version, which the package has in feeds and databases.
    pub fn full_name(&self) -> String {
        let abi = self.abi_version.as_deref().unwrap_or_default();
        format!("{}{abi}", self.name)
    }
}
