//! Package files, opened and compared with what was expected.

use openwrt_formats::apk::package::Trust;
use openwrt_formats::{apk, opkg};
use sha2::{Digest, Sha256};

use super::super::universe::{Description, Manager};
use super::InstallError;

/// A package, unpacked in memory.
#[derive(Debug, Clone)]
pub enum Archive {
    /// Of opkg.
    Ipk(Box<opkg::Ipk>),
    /// Of apk.
    Apk(Box<apk::Package>),
}

/// What an index or lock says of a package file. What is `None` is not compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// The package's name; in messages also before it was read.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// Bytes of the file.
    pub size: Option<u64>,
    /// SHA-256 of the file.
    pub sha256: Option<[u8; 32]>,
    /// SHA-256 of the package's values, by which apk's indexes know it.
    pub identity: Option<Vec<u8>>,
}

impl Expected {
    /// A file of the user's own: its name is for messages only.
    pub fn own(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

impl From<&Description> for Expected {
    fn from(description: &Description) -> Self {
        let (sha256, identity) = match description {
            Description::Opkg(package) => (package.sha256, None),
            Description::Apk(package) => (None, Some(package.hashes.clone())),
        };
        Self {
            name: description.name().to_owned(),
            version: Some(description.version().to_owned()),
            size: description.file_size(),
            sha256,
            identity,
        }
    }
}

impl Archive {
    /// Opens a package file of either kind, told apart by its first bytes.
    ///
    /// # Errors
    /// [`InstallError::Mismatch`] when it is not what was expected; [`InstallError::Ipk`] and [`InstallError::Apk`] when it is
    /// damaged or holds what packages may not.
    pub fn open(file: &[u8], expected: &Expected) -> Result<Self, InstallError> {
        let mismatch = |problem: String| InstallError::Mismatch {
            package: expected.name.clone(),
            problem,
        };
        if let Some(size) = expected.size
            && size != file.len() as u64
        {
            return Err(mismatch(format!(
                "has {} bytes instead of {size}",
                file.len()
            )));
        }
        if let Some(sha256) = &expected.sha256
            && Sha256::digest(file)[..] != sha256[..]
        {
            return Err(mismatch("has another SHA-256 than it should have".into()));
        }
        let is_apk = file.starts_with(b"ADB");
        if expected.identity.is_some() && !is_apk {
            return Err(mismatch("is no package of apk".into()));
        }
        let archive = if is_apk {
            let trust = match &expected.identity {
                Some(identity) => Trust::Identity(identity),
                None => Trust::Unverified,
            };
            let package = apk::Package::read(file, trust).map_err(|error| InstallError::Apk {
                package: expected.name.clone(),
                error,
            })?;
            Self::Apk(Box::new(package))
        } else {
            let ipk = opkg::Ipk::open(file, opkg::Limits::default());
            let ipk = ipk.map_err(|error| InstallError::Ipk {
                package: expected.name.clone(),
                error,
            })?;
            Self::Ipk(Box::new(ipk))
        };
        // What names nothing is a file of the user's own.
        if let Some(version) = &expected.version
            && (archive.name(), archive.version()) != (&expected.name, version)
        {
            return Err(mismatch(format!(
                "is that of {} {} instead of version {version}",
                archive.name(),
                archive.version(),
            )));
        }
        Ok(archive)
    }

    /// The package's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Ipk(ipk) => &ipk.package.name,
            Self::Apk(package) => &package.info.name,
        }
    }

    /// Its version.
    pub fn version(&self) -> &str {
        match self {
            Self::Ipk(ipk) => ipk.package.version.as_str(),
            Self::Apk(package) => package.info.version.as_str(),
        }
    }

    /// Whose package it is.
    pub fn manager(&self) -> Manager {
        match self {
            Self::Ipk(_) => Manager::Opkg,
            Self::Apk(_) => Manager::Apk,
        }
    }

    /// What it is, as an index would say.
    pub fn description(&self) -> Description {
        match self {
            Self::Ipk(ipk) => Description::Opkg(Box::new(ipk.package.clone())),
            Self::Apk(package) => Description::Apk(Box::new(package.info.clone())),
        }
    }

    /// Checks that the manager and a device of this architecture take it.
    pub(super) fn suits(&self, manager: Manager, architecture: &str) -> Result<(), InstallError> {
        let package = self.name().to_owned();
        if self.manager() != manager {
            return Err(InstallError::Manager { package, manager });
        }
        let (found, any) = match self {
            Self::Ipk(ipk) => (ipk.package.architecture.as_deref().unwrap_or("all"), "all"),
            Self::Apk(package) => (package.info.arch.as_str(), "noarch"),
        };
        if found == any || found == architecture || found.is_empty() {
            return Ok(());
        }
        Err(InstallError::Architecture {
            package,
            found: found.to_owned(),
            wanted: architecture.to_owned(),
        })
    }
}
