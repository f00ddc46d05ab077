//! A kernel and a root file system, put together as the device's images are.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use openwrt_formats::container::{Container, Layout, Parts as ContainerParts};
use openwrt_formats::fwtool::{Chunk, NewMetadata, Version};
use openwrt_formats::squashfs::{self, Info, Options};
use openwrt_formats::tree::Tree;
use openwrt_formats::{plain, sysupgrade_tar, tar};

use super::ImageFile;
use crate::build::plan::{Input, Plan, Source};
use crate::failure::{Class, Failure, OrFail};
use crate::profile::resolve::{CpuKind, PartsLayout, Profile};
use crate::source::budget;

/// Where a plain image's root file system begins: a multiple of this, in bytes (the erase block of nearly all NOR flash).
const PLAIN_BLOCK: u32 = 64 << 10;

/// A kernel and a root file system.
#[derive(Debug)]
pub struct Parts {
    rootfs_path: PathBuf,
    kernel: (Vec<u8>, Input),
    rootfs: (Vec<u8>, Input),
    /// What the root file system says of itself; `None` for a tarball.
    info: Option<Info>,
    layout: PartsLayout,
    arm: bool,
}

impl Parts {
    pub(super) fn obtain(
        kernel: &Path,
        rootfs: &Path,
        layout: PartsLayout,
        profile: &Profile,
    ) -> Result<Self, Failure> {
        let rootfs_path = rootfs.to_owned();
        let (kernel, rootfs) = (super::input(kernel)?, super::input(rootfs)?);
        if kernel.0.is_empty() {
            let error = anyhow!("the kernel {} is empty", kernel.1.file);
            return Err(Failure::new(Class::Source, error));
        }
        let info = if rootfs.0.starts_with(b"hsqs") {
            let info = squashfs::info(&rootfs.0)
                .with_context(|| format!("root file system {}", rootfs_path.display()));
            Some(info.or_fail(Class::Source)?)
        } else {
            None
        };
        let arm = matches!(profile.device.cpu, CpuKind::Armv7Hf | CpuKind::Armv7Sf);
        Ok(Self {
            rootfs_path,
            kernel,
            rootfs,
            info,
            layout,
            arm,
        })
    }

    pub(super) fn plan(&self) -> Source {
        let layout = self.layout.word().to_owned();
        Source::Parts {
            kernel: self.kernel.1.clone(),
            rootfs: self.rootfs.1.clone(),
            layout,
        }
    }

    pub(super) fn epoch(&self) -> u32 {
        self.info
            .as_ref()
            .map_or(super::lab::EPOCH, |info| info.mkfs_time)
    }

    pub(super) fn squashfs(&self) -> Options {
        match &self.info {
            Some(info) => info.options(),
            None => Options::openwrt(256, self.arm, super::lab::EPOCH),
        }
    }

    pub(super) fn tree(&self) -> Result<Tree, Failure> {
        let what = || format!("root file system {}", self.rootfs_path.display());
        if self.info.is_some() {
            return Ok(squashfs::read(&self.rootfs.0)
                .with_context(what)
                .or_fail(Class::Source)?
                .0);
        }
        tar::read(&self.rootfs.0)
            .with_context(what)
            .map_err(|error| {
                Failure::new(Class::Source, error).help(
                    "a root file system is a squashfs 4.0, or a tar file (also .gz, .xz, .zst)",
                )
            })
    }

    pub(super) fn close(
        &self,
        rootfs: &[u8],
        tree: &Tree,
        profile: &Profile,
        plan: &Plan,
    ) -> Result<Vec<ImageFile>, Failure> {
        let unknown = || "unknown".to_owned();
        let version = Version {
            dist: "OpenWrt".to_owned(),
            version: unknown(),
            revision: unknown(),
            target: profile.device.target.clone().unwrap_or_default(),
            board: profile.device.id.clone(),
        };
        let closing = Closing {
            kernel: &self.kernel.0,
            layout: self.layout,
            version,
            devices: &profile.device.supported_devices,
        };
        closing.close(rootfs, tree, profile, plan)
    }
}

/// A kernel, and what an image of it says of itself.
#[derive(Debug)]
pub(super) struct Closing<'a> {
    pub(super) kernel: &'a [u8],
    pub(super) layout: PartsLayout,
    pub(super) version: Version,
    /// Names that the image is for; by the device's id where there are none.
    pub(super) devices: &'a [String],
}

impl Closing<'_> {
    /// Puts a root file system behind the kernel, and checks what came out.
    pub(super) fn close(
        self,
        rootfs: &[u8],
        tree: &Tree,
        profile: &Profile,
        plan: &Plan,
    ) -> Result<Vec<ImageFile>, Failure> {
        let device = &profile.device;
        let layout = match self.layout {
            PartsLayout::SysupgradeTar => {
                sysupgrade_tar::Layout::new(&device.id, plan.epoch, None).map(Layout::SysupgradeTar)
            }
            PartsLayout::Plain => plain::Layout::usual(PLAIN_BLOCK).map(Layout::Plain),
        };
        let layout = layout.ok_or_else(|| {
            Failure::new(
                Class::Other,
                anyhow!("no image can be laid out for `{}`", device.id),
            )
        })?;
        let devices = match self.devices {
            [] => vec![device.id.replace('_', ",")],
            devices => devices.to_vec(),
        };
        let metadata = NewMetadata {
            devices,
            compat_version: device.compat_version.clone(),
            compat_message: None,
            version: self.version,
        };
        let chunks = vec![Chunk::metadata(metadata.to_text())];
        let kernel = self.kernel;
        let container = Container::new(layout).with_trailer(chunks);
        let parts = ContainerParts {
            kernel: Some(kernel),
            rootfs,
        };
        let bytes = container.close(&parts).or_fail(Class::TooBig)?;
        budget::check(&bytes, plan.size_limit, rootfs, tree, &plan.packages)?;
        super::donor::verify(&bytes, Some(kernel), rootfs)?;
        let name = format!("{}-squashfs-sysupgrade.bin", plan.prefix());
        Ok(vec![ImageFile {
            kind: "sysupgrade".to_owned(),
            name,
            bytes,
        }])
    }
}
