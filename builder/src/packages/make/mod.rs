//! Making packages from folders: `.ipk` for opkg, `.apk` for apk, of one source.
//!
//! ```text
//! DIR/package.toml      what the package is (see `read`)
//! DIR/files/            what it installs, laid out as on the router
//! DIR/...               scripts that package.toml names
//! ```
//!
//! Packages are as OpenWrt's build system makes them from the same facts, with the scripts and lists that its functions on the router
//! work with: users, alternatives, configuration files, services. The same source and time give the same bytes.
//!
//! Source: OpenWrt's `include/package-pack.mk` (25.12) and `package-ipkg.mk` (24.10), `scripts/ipkg-build`.

mod agent;
mod apk;
mod ipk;
mod problem;
mod raw;
mod read;
mod scripts;
mod spec;
mod users;

use openwrt_formats::tree::{Meta, Tree};

pub use agent::agent;
pub use apk::apk;
pub use ipk::ipk;
pub use problem::{Problem, Problems};
pub use read::read;
pub use spec::{Alternative, Scripts, Spec};
pub use users::Account;

/// What a package is made from.
#[derive(Debug, Clone)]
pub struct Source {
    /// What it is.
    pub spec: Spec,
    /// What it installs. Modes and owners count, times do not.
    pub files: Tree,
    /// The time of everything in it, seconds since 1970.
    pub epoch: u32,
}

/// A package that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The file's name: `hello_1.0-r1_all.ipk`, `hello-1.0-r1.apk`.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Source {
    /// The files with the list of what an upgrade keeps that is not the package's own: OpenWrt puts configuration files that a package
    /// does not bring there.
    fn kept(&self) -> Result<Tree, openwrt_formats::tree::TreeError> {
        let mut tree = self.files.clone();
        let brought = |path: &&String| tree.read(path).is_some();
        let foreign: Vec<&String> = self.spec.conffiles.iter().filter(|p| !brought(p)).collect();
        let text: String = foreign.iter().map(|path| format!("{path}\n")).collect();
        if !text.is_empty() {
            let path = format!("lib/upgrade/keep.d/{}", self.spec.name);
            let text = [tree.read(&path).unwrap_or_default(), text.into_bytes()].concat();
            tree.put_file(&path, text, Meta::file(0o644))?;
        }
        Ok(tree)
    }
}

#[cfg(test)]
mod tests;
