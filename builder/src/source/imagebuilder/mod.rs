//! OpenWrt's ImageBuilder as a source: what it knows of a target, and the kernels of its devices.
//!
//! ```text
//! .config                     target, architecture, partition sizes, package manager
//! .targetinfo                 default packages and the profile of each device
//! include/version.mk          revision and time
//! include/kernel.mk           which kernel modules fit
//! repositories[.conf], keys/  feeds and whom they trust
//! packages/                   base-files, kernel, libc: of exactly this build
//! build_dir/target-*/linux-*/ the kernels: DEVICE-kernel.bin
//! ```
//!
//! The reader works on [`Files`], which are a folder or a tree in memory. Source: OpenWrt's `target/imagebuilder/Makefile`,
//! `scripts/target-metadata.pl`.

mod archive;
mod files;
mod makefile;
mod target_info;

use thiserror::Error;

pub use archive::{ArchiveError, entries, unpack};
pub use files::{Files, Folder};
pub use target_info::{Profile, TargetInfo};

use crate::packages::universe::Manager;

/// The file endings of kernels, the usual one first.
const KERNELS: [&str; 5] = ["-kernel.bin", "-uImage", "-zImage", "-Image", "-kernel.itb"];

/// Why an ImageBuilder cannot be used.
#[derive(Debug, Error)]
pub enum ImageBuilderError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is something else, or not whole.
    #[error("this is no whole ImageBuilder: there is no {0}")]
    Missing(String),
    /// A value that must be there is not.
    #[error("{file}: it does not say {key}")]
    Unsaid {
        /// The file.
        file: &'static str,
        /// The value's name.
        key: String,
    },
    /// A device without kernel.
    #[error("there is no kernel for {device} in {folder}{}", listed(.near))]
    NoKernel {
        /// The device.
        device: String,
        /// Where it should be.
        folder: String,
        /// Files that begin like it.
        near: Vec<String>,
    },
}

fn listed(files: &[String]) -> String {
    match files {
        [] => String::new(),
        files => format!("; there are {}", files.join(", ")),
    }
}

/// What an ImageBuilder knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageBuilder {
    /// The target with its subtarget: `ramips/mt7621`.
    pub target: String,
    /// What its `.targetinfo` says of it.
    pub info: TargetInfo,
    /// Its package manager.
    pub manager: Manager,
    /// OpenWrt's version: `24.10.2`, `SNAPSHOT`.
    pub version: Option<String>,
    /// OpenWrt's revision: `r28739-d9340319c6`.
    pub revision: Option<String>,
    /// The time of its images, seconds since 1970.
    pub epoch: Option<u32>,
    /// The hash of the kernel's configuration, which modules are built for.
    pub vermagic: Option<String>,
    /// Bytes of a block of a squashfs.
    pub squashfs_block: u32,
    /// Bytes of the partitions of disk images: kernel and root.
    pub partitions: (Option<u64>, Option<u64>),
    /// The lines of its list of feeds that are no comments.
    pub feeds: Vec<String>,
    /// Its keys: names of files and contents.
    pub keys: Vec<(String, Vec<u8>)>,
    /// The packages in it: paths of files.
    pub packages: Vec<String>,
    /// The folder of kernels.
    kernels: String,
}

impl ImageBuilder {
    /// Reads one.
    ///
    /// # Errors
    /// [`ImageBuilderError`].
    pub fn read(files: &impl Files) -> Result<Self, ImageBuilderError> {
        let config = makefile::config(&needed(files, ".config")?);
        let value = |key: &str| config.get(key).filter(|value| !value.is_empty()).cloned();
        let said = |key: &str| {
            value(key).ok_or_else(|| ImageBuilderError::Unsaid {
                file: ".config",
                key: key.to_owned(),
            })
        };
        let (board, subtarget) = (
            said("CONFIG_TARGET_BOARD")?,
            value("CONFIG_TARGET_SUBTARGET"),
        );
        let target = match &subtarget {
            Some(subtarget) => format!("{board}/{subtarget}"),
            None => board.clone(),
        };
        let info = TargetInfo::read(&needed(files, ".targetinfo")?, &target);
        let info = info.ok_or_else(|| ImageBuilderError::Unsaid {
            file: ".targetinfo",
            key: format!("anything of {target}"),
        })?;
        let megabytes = |key: &str| Some(value(key)?.parse::<u64>().ok()? << 20);
        let block = value("CONFIG_TARGET_SQUASHFS_BLOCK_SIZE").and_then(|size| size.parse().ok());
        let apk = value("CONFIG_USE_APK").is_some_and(|value| value == "y");
        let list = ["repositories", "repositories.conf"].into_iter();
        let mut feeds = Vec::new();
        for name in list {
            let text = optional(files, name)?.unwrap_or_default();
            let lines = text.lines().map(str::trim);
            let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
            feeds.extend(lines.map(str::to_owned));
        }
        let mut keys = Vec::new();
        for name in files.list("keys").map_err(unreadable("keys"))? {
            let path = format!("keys/{name}");
            if let Some(bytes) = files.read(&path).map_err(unreadable(&path))? {
                keys.push((name, bytes));
            }
        }
        let packages = files.list("packages").map_err(unreadable("packages"))?;
        let packages = packages
            .into_iter()
            .filter(|name| name.ends_with(".ipk") || name.ends_with(".apk"));
        let versions = optional(files, "include/version.mk")?.unwrap_or_default();
        let kernel = optional(files, "include/kernel.mk")?.unwrap_or_default();
        let subtarget = subtarget.as_deref().unwrap_or("generic");
        Ok(Self {
            kernels: kernels(files, &format!("linux-{board}_{subtarget}"))?,
            target,
            info,
            manager: if apk { Manager::Apk } else { Manager::Opkg },
            version: value("CONFIG_VERSION_NUMBER"),
            revision: makefile::variable(&versions, "REVISION"),
            epoch: makefile::variable(&versions, "SOURCE_DATE_EPOCH")
                .and_then(|text| text.parse().ok()),
            vermagic: makefile::vermagic(&kernel),
            // In KiB; 256 where the target does not say.
            squashfs_block: block.unwrap_or(256_u32).saturating_mul(1024),
            partitions: (
                megabytes("CONFIG_TARGET_KERNEL_PARTSIZE"),
                megabytes("CONFIG_TARGET_ROOTFS_PARTSIZE"),
            ),
            feeds,
            keys,
            packages: packages.map(|name| format!("packages/{name}")).collect(),
        })
    }

    /// The kernel of a device, as its images have it.
    ///
    /// # Errors
    /// [`ImageBuilderError::NoKernel`], [`ImageBuilderError::Unreadable`].
    pub fn kernel(&self, files: &impl Files, device: &str) -> Result<Vec<u8>, ImageBuilderError> {
        for ending in KERNELS {
            let path = format!("{}/{device}{ending}", self.kernels);
            if let Some(bytes) = files.read(&path).map_err(unreadable(&path))? {
                return Ok(bytes);
            }
        }
        let mut near = files
            .list(&self.kernels)
            .map_err(unreadable(&self.kernels))?;
        near.retain(|name| name.starts_with(device));
        Err(ImageBuilderError::NoKernel {
            device: device.to_owned(),
            folder: self.kernels.clone(),
            near,
        })
    }
}

fn unreadable(path: &str) -> impl Fn(std::io::Error) -> ImageBuilderError {
    let path = path.to_owned();
    move |source| ImageBuilderError::Unreadable {
        path: path.clone(),
        source,
    }
}

fn optional(files: &impl Files, path: &str) -> Result<Option<String>, ImageBuilderError> {
    let bytes = files.read(path).map_err(unreadable(path))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn needed(files: &impl Files, path: &str) -> Result<String, ImageBuilderError> {
    optional(files, path)?.ok_or_else(|| ImageBuilderError::Missing(path.to_owned()))
}

/// The folder with the kernels: `build_dir/target-ARCH_CPU_LIBC/linux-BOARD_SUBTARGET`.
fn kernels(files: &impl Files, name: &str) -> Result<String, ImageBuilderError> {
    let targets = files.list("build_dir").map_err(unreadable("build_dir"))?;
    let mut found = Vec::new();
    for target in targets
        .iter()
        .filter(|target| target.starts_with("target-"))
    {
        let path = format!("build_dir/{target}");
        let inside = files.list(&path).map_err(unreadable(&path))?;
        found.extend(
            inside
                .contains(&name.to_owned())
                .then(|| format!("{path}/{name}")),
        );
    }
    found
        .pop()
        .ok_or_else(|| ImageBuilderError::Missing(format!("build_dir/target-*/{name}")))
}

#[cfg(test)]
mod tests;
