//! The images of a lab device: a sysupgrade tarball, and a result of the plain userland without any profile.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use openwrt_formats::fwtool::{self, Chunk, NewMetadata, Version};
use openwrt_formats::squashfs;
use openwrt_formats::sysupgrade_tar::Layout;

use super::{LabSource, Machine, host, slot};
use crate::build::plan;
use crate::failure::{Class, Failure, OrFail};
use crate::ui::Ui;

/// The image that `sysupgrade` takes: the tarball of kernel and root with the metadata trailer. `devices` are the board
/// names it is for, `epoch` the time of its entries (seconds since 1970), `version` what it calls itself.
///
/// # Errors
/// When no device is named, or the parts are too large for the format.
pub fn sysupgrade(
    kernel: &[u8],
    rootfs: &[u8],
    devices: &[String],
    version: Version,
    epoch: u32,
) -> anyhow::Result<Vec<u8>> {
    let board = devices
        .first()
        .ok_or_else(|| anyhow!("a sysupgrade image must name the boards it is for"))?;
    let layout = Layout::new(board, epoch, None)
        .ok_or_else(|| anyhow!("`{board}` can't name the folder of a sysupgrade image"))?;
    let mut image = layout.put_together(kernel, rootfs)?;
    let metadata = NewMetadata {
        devices: devices.to_vec(),
        compat_version: "1.0".into(),
        compat_message: None,
        version,
    };
    fwtool::append(&mut image, &Chunk::metadata(metadata.to_text()))?;
    Ok(image)
}

/// A result of the plain userland, as `clom build` would leave it: what to boot when the lab itself is tried, without a
/// profile and an agent. Kept in the cache; gives its folder.
///
/// # Errors
/// As [`super::source`].
pub fn bare(machine: Machine, ui: &Ui) -> Result<PathBuf, Failure> {
    let source = super::source(machine, ui)?;
    let rootfs = squashfs::Writer::new(&squashfs::Options::openwrt(
        256,
        machine == Machine::Armv7,
        0,
    ))
    .write(&source.tree)
    .context("the lab's root file system")
    .or_fail(Class::Other)?
    .bytes;
    let key = slot::key(&[&rootfs, source.kernel.to_string_lossy().as_bytes()]);
    let key: String = key.chars().take(16).collect();
    let dir = slot::root().join("bare").join(format!("{machine}-{key}"));
    let _lock = slot::Lock::take("bare", ui)?;
    slot::fill(&dir, |to| {
        fill(&source, &rootfs, to)
            .with_context(|| format!("the plain image of {machine}"))
            .or_fail(Class::Output)
    })?;
    Ok(dir)
}

fn fill(source: &LabSource, rootfs: &[u8], to: &Path) -> anyhow::Result<()> {
    let kernel = host::read(&source.kernel)?;
    let device = source.machine.device_id();
    let input = |file: &str, bytes: &[u8]| plan::Input {
        file: file.to_owned(),
        sha256: slot::sha256(bytes),
        size: bytes.len() as u64,
    };
    let initramfs = source.initramfs.as_deref().map(host::read).transpose()?;
    let plan = plan::Plan {
        format: plan::FORMAT,
        clom: env!("CARGO_PKG_VERSION").into(),
        community: "lab".into(),
        site: "bare".into(),
        device: device.into(),
        node: None,
        hostname: "OpenWrt".into(),
        epoch: 0,
        source: plan::Source::Lab {
            machine: source.machine.name().into(),
            kernel: input("kernel", &kernel),
            initramfs: initramfs
                .as_deref()
                .map(|bytes| input("initramfs.cpio.gz", bytes)),
            userland: crate::build::digest::tree(&source.tree),
        },
        squashfs: plan::SquashfsPlan {
            compression: "xz".into(),
            block_size: 256 << 10,
            arm_filter: source.machine == Machine::Armv7,
            effort: "default".into(),
        },
        agent: None,
        packages_wanted: Vec::new(),
        packages_unwanted: Vec::new(),
        packages: plan::PackagesPlan::default(),
        services_enabled: vec!["network".into(), "log".into()],
        services_disabled: Vec::new(),
        root_password: false,
        files: std::collections::BTreeMap::new(),
        uci_merged: std::collections::BTreeMap::new(),
        size_limit: None,
        holds_secrets: false,
        hidden: Vec::new(),
    };
    let version = Version {
        dist: "ClommunityLab".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        revision: "lab".into(),
        target: source.machine.target().0.into(),
        board: device.into(),
    };
    let sysupgrade = sysupgrade(&kernel, rootfs, &[device.to_owned()], version, 0)?;
    let named = |suffix: &str| to.join(format!("{}-{suffix}", plan.prefix()));
    fs::write(named("kernel"), kernel)?;
    if let Some(initramfs) = initramfs {
        fs::write(named("initramfs.cpio.gz"), initramfs)?;
    }
    fs::write(named("squashfs-rootfs.img"), rootfs)?;
    fs::write(named("squashfs-sysupgrade.bin"), sysupgrade)?;
    fs::write(to.join("plan.json"), plan.to_json())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use openwrt_formats::container;

    use super::*;

    #[test]
    fn the_sysupgrade_image_opens_and_is_for_its_boards() {
        let version = Version {
            dist: "d".into(),
            version: "v".into(),
            revision: "r".into(),
            target: "t".into(),
            board: "b".into(),
        };
        let devices = ["lab-mips".to_owned(), "other".to_owned()];
        let tree = openwrt_formats::tree::Tree::default();
        let rootfs = squashfs::Writer::new(&squashfs::Options::openwrt(256, false, 0))
            .write(&tree)
            .unwrap()
            .bytes;
        let image = sysupgrade(b"kernel", &rootfs, &devices, version.clone(), 7).unwrap();
        let same = sysupgrade(b"kernel", &rootfs, &devices, version.clone(), 7).unwrap();
        assert_eq!(image, same);
        let opened = container::open(image).unwrap();
        assert_eq!(opened.kernel.unwrap(), b"kernel"[..]);
        assert_eq!(opened.metadata.unwrap().supported_devices, devices);
        assert!(sysupgrade(b"k", b"r", &[], version, 0).is_err());
    }
}
