//! Names of releases.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::packages::universe::Manager;

/// The first release with apk.
const APK_SINCE: (u32, u32) = (25, 12);

/// A release of OpenWrt.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Release {
    /// `25.12.5`, `24.10.0-rc2`, or the daily build of a branch, `24.10-SNAPSHOT`.
    Version(String),
    /// The daily build of the main branch.
    Snapshot,
}

/// Why a text names no release.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no release of OpenWrt: write one like 25.12.5 or 24.10.0-rc2, 24.10-SNAPSHOT for the daily build of a branch, or snapshot for that of the main branch"
)]
pub struct NoRelease(pub String);

impl Release {
    /// Its folder on the download server.
    pub fn folder(&self) -> String {
        match self {
            Self::Version(version) => format!("releases/{version}"),
            Self::Snapshot => "snapshots".to_owned(),
        }
    }

    /// Its package manager.
    pub fn manager(&self) -> Manager {
        match self {
            Self::Version(version)
                if numbers(version).is_some_and(|version| version < APK_SINCE) =>
            {
                Manager::Opkg
            }
            _ => Manager::Apk,
        }
    }
}

/// Year and month: `25.12.5` is (25, 12).
fn numbers(version: &str) -> Option<(u32, u32)> {
    let (year, rest) = version.split_once('.')?;
    let month = rest.split(['.', '-']).next()?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(year) && digits(month)).then_some(())?;
    Some((year.parse().ok()?, month.parse().ok()?))
}

impl FromStr for Release {
    type Err = NoRelease;

    fn from_str(text: &str) -> Result<Self, NoRelease> {
        if text.eq_ignore_ascii_case("snapshot") {
            return Ok(Self::Snapshot);
        }
        // It becomes part of addresses and file names.
        let tame = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        match numbers(text) {
            Some(_) if tame && !text.contains("..") => Ok(Self::Version(text.to_owned())),
            _ => Err(NoRelease(text.to_owned())),
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => f.write_str(version),
            Self::Snapshot => f.write_str("snapshot"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_have_folders_and_managers() {
        let of = |text: &str| {
            let release: Release = text.parse().unwrap();
            assert_eq!(release.to_string(), text);
            (release.folder(), release.manager())
        };
        assert_eq!(of("25.12.5"), ("releases/25.12.5".into(), Manager::Apk));
        assert_eq!(of("24.10.2"), ("releases/24.10.2".into(), Manager::Opkg));
        assert_eq!(of("19.07.10").1, Manager::Opkg);
        assert_eq!(of("24.10-SNAPSHOT").0, "releases/24.10-SNAPSHOT");
        assert_eq!(of("25.12.0-rc1").1, Manager::Apk);
        assert_eq!(of("snapshot"), ("snapshots".into(), Manager::Apk));
        for wrong in [
            "",
            "25",
            "2512",
            "25.12/../x",
            "../25.12",
            "v25.12.5",
            "25.12..",
        ] {
            assert!(wrong.parse::<Release>().is_err(), "{wrong}");
        }
    }
}
