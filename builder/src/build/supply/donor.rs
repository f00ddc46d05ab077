//! A donor image: OpenWrt's own image for the device, of which only the root file system changes.

use std::cell::OnceCell;
use std::path::Path;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use openwrt_formats::container::{self, Container, Opened, Parts};
use openwrt_formats::squashfs::{self, Info, Options, Seeds};
use openwrt_formats::tree::Tree;

use super::ImageFile;
use crate::build::plan::{Input, Plan, Source};
use crate::facts;
use crate::failure::{Class, Failure, OrFail};
use crate::openwrt::profiles_json;
use crate::profile::resolve::{Device, Profile};
use crate::source::{budget, partition};

/// A donor image that was read and proven.
#[derive(Debug)]
pub struct Donor {
    /// What it is called in messages.
    name: String,
    input: Input,
    /// The largest image that fits, as OpenWrt says it, bytes.
    published_limit: Option<u64>,
    container: Container,
    kernel: Option<Bytes>,
    rootfs: Bytes,
    info: Info,
    unpacked: OnceCell<Unpacked>,
}

/// The donor's root file system.
#[derive(Debug)]
pub(in crate::build) struct Unpacked {
    /// Its tree.
    pub tree: Tree,
    /// Its compressed blocks.
    pub seeds: Seeds,
}

impl Donor {
    /// Reads the donor at `path`, proves that it can be rebuilt bit for bit, and checks that it is for the profile's device.
    ///
    /// # Errors
    /// [`Class::Source`].
    pub fn obtain(path: &Path, profile: &Profile) -> Result<Self, Failure> {
        let (bytes, input) = super::input(path)?;
        let limit = profiles_json::size_limit(path, &profile.device.id).or_fail(Class::Source)?;
        Self::open(&path.display().to_string(), bytes, input, limit, profile)
    }

    /// As [`Donor::obtain`], for an image that was read already. `published_limit` is what OpenWrt says that fits, bytes.
    ///
    /// # Errors
    /// [`Class::Source`].
    pub fn open(
        path: &str,
        bytes: Vec<u8>,
        input: Input,
        published_limit: Option<u64>,
        profile: &Profile,
    ) -> Result<Self, Failure> {
        let name = || format!("donor {path}");
        let opened = container::prove(bytes)
            .with_context(name)
            .map_err(|error| {
                Failure::new(Class::Source, error).help(
                    "a donor is OpenWrt's own image for the device, usually the one named ...-squashfs-sysupgrade.bin",
                )
            })?;
        for_device(&opened, profile)
            .with_context(name)
            .map_err(|error| {
                Failure::new(Class::Source, error).help(format!(
                    "take the image for {}, or build for the device this image is for (--device)",
                    profile.device.title
                ))
            })?;
        let info = squashfs::info(&opened.rootfs)
            .with_context(name)
            .or_fail(Class::Source)?;
        Ok(Self {
            name: path.to_owned(),
            published_limit,
            // A signature is over the donor's own bytes and cannot hold for others.
            container: opened.container.unsigned().0,
            kernel: opened.kernel,
            rootfs: opened.rootfs,
            input,
            info,
            unpacked: OnceCell::new(),
        })
    }

    pub(super) fn plan(&self) -> Source {
        Source::Donor {
            image: self.input.clone(),
        }
    }

    /// What counts against the device's limit: kernel and root file system, bytes. Headers and padding are small, or are filled up anyway.
    pub(super) fn weight(&self) -> u64 {
        let kernel = self.kernel.as_ref().map_or(0, Bytes::len);
        (kernel + self.rootfs.len()) as u64
    }

    pub(super) fn epoch(&self) -> u32 {
        self.info.mkfs_time
    }

    pub(super) fn squashfs(&self) -> Options {
        self.info.options()
    }

    /// The donor's root file system, unpacked when first asked for.
    pub(super) fn unpacked(&self) -> Result<&Unpacked, Failure> {
        if let Some(unpacked) = self.unpacked.get() {
            return Ok(unpacked);
        }
        let (tree, _, seeds) = squashfs::read_donor(&self.rootfs)
            .with_context(|| format!("the root file system of donor {}", self.name))
            .or_fail(Class::Source)?;
        Ok(self.unpacked.get_or_init(|| Unpacked { tree, seeds }))
    }

    /// The largest image that fits, when the profile does not say: by OpenWrt's `profiles.json` beside the donor, by what is
    /// known of the device, by the length that all images of this kind have, by the partition in the device tree of its own kernel.
    pub(super) fn size_limit(&self, device: &str) -> Option<u64> {
        let known = || facts::device(device)?.size_limit(&self.input.file);
        let own = || partition::firmware(self.kernel.as_deref().unwrap_or_default());
        self.published_limit
            .or_else(known)
            .or(self.container.fixed_len())
            .or_else(own)
    }

    pub(super) fn close(
        &self,
        rootfs: &[u8],
        tree: &Tree,
        plan: &Plan,
    ) -> Result<Vec<ImageFile>, Failure> {
        let parts = Parts {
            kernel: None,
            rootfs,
        };
        let bytes = self
            .container
            .close(&parts)
            .with_context(|| format!("cannot close the image of donor {}", self.name))
            .or_fail(Class::TooBig)?;
        let limit = match plan.size_limit {
            Some(limit) => Some(limit),
            None => self.size_limit(&plan.device),
        };
        budget::check(&bytes, limit, rootfs, tree, &plan.packages)?;
        verify(&bytes, self.kernel.as_deref(), rootfs)?;
        let (kind, extension) = kind(&self.input.file, !self.container.chunks().is_empty());
        let name = format!("{}-squashfs-{kind}.{extension}", plan.prefix());
        Ok(vec![ImageFile {
            kind: kind.to_owned(),
            name,
            bytes,
        }])
    }
}

/// Opens the finished image again: it must hold the kernel and the root file system that went in.
pub(super) fn verify(image: &[u8], kernel: Option<&[u8]>, rootfs: &[u8]) -> Result<(), Failure> {
    let opened = container::prove(image.to_vec())
        .context("the finished image does not open again; this is a bug in clom, please report it")
        .or_fail(Class::Other)?;
    if opened.kernel.as_deref() != kernel || opened.rootfs != rootfs {
        let error = anyhow!(
            "the finished image does not hold the kernel and root file system that went in; this is a bug in clom"
        );
        return Err(Failure::new(Class::Other, error));
    }
    Ok(())
}

/// Whether sysupgrade on the profile's device would take the image: by the names in its metadata, else by the board in its tarball.
fn for_device(opened: &Opened, profile: &Profile) -> anyhow::Result<()> {
    let device = &profile.device;
    let ids: Vec<String> = match (&opened.metadata, opened.container.board()) {
        (Some(metadata), _) => metadata.device_ids().to_vec(),
        // A board's name has no comma; older ones are names of their own.
        (None, Some(board)) if boards(device).iter().any(|known| known == board) => Vec::new(),
        (None, board) => board.map(str::to_owned).into_iter().collect(),
    };
    let mine = if device.supported_devices.is_empty() {
        usual_ids(&device.id)
    } else {
        device.supported_devices.clone()
    };
    if ids.is_empty() || ids.iter().any(|id| mine.contains(id)) {
        return Ok(());
    }
    Err(anyhow!(
        "it is for {}, and the profile's device `{}` is known as {}",
        ids.join(", "),
        device.id,
        mine.join(", ")
    ))
}

/// What a sysupgrade tarball for the device can be for.
fn boards(device: &Device) -> Vec<String> {
    let known = facts::device(&device.id).and_then(|device| device.board_name);
    let supported = device.supported_devices.iter();
    let supported = supported.map(|id| id.replace(',', "_"));
    supported.chain([device.id.clone()]).chain(known).collect()
}

/// The names of a device whose profile states none: those that OpenWrt knows, and the usual one, its name with a comma behind the maker.
fn usual_ids(id: &str) -> Vec<String> {
    let usual = [
        id.to_owned(),
        id.replacen('_', ",", 1),
        id.replace('_', ","),
    ];
    let known = facts::device(id).map(|device| device.supported_devices);
    known.unwrap_or_default().into_iter().chain(usual).collect()
}

/// What an image is, by OpenWrt's way of naming it, and its name's ending.
/// sysupgrade's trailer tells those whose name does not.
fn kind(file: &str, trailer: bool) -> (&str, &str) {
    let (stem, extension) = file.rsplit_once('.').unwrap_or((file, "bin"));
    let known = ["sysupgrade", "factory", "recovery", "sdcard", "kernel1"];
    let kind = known.into_iter().find(|kind| stem.contains(kind));
    (
        kind.unwrap_or(if trailer { "sysupgrade" } else { "image" }),
        extension,
    )
}
