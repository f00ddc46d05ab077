//! A lab machine: a kernel and a userland of our own for a machine that QEMU plays.

use std::path::PathBuf;

use openwrt_formats::container::{Container, Layout, Parts};
use openwrt_formats::fwtool::{Chunk, NewMetadata, Version};
use openwrt_formats::squashfs::Options;
use openwrt_formats::sysupgrade_tar;
use openwrt_formats::tree::Tree;

use super::ImageFile;
use crate::build::digest;
use crate::build::plan::{Input, Plan, Source};
use crate::failure::{Class, Failure, OrFail};
use crate::lab::{self, Machine};
use crate::profile::resolve::LabMachine;
use crate::ui::Ui;

/// The lab's own time stamp (2026-01-01), since its parts have none in common.
pub(super) const EPOCH: u32 = 1_767_225_600;

/// A lab machine's kernel and userland.
#[derive(Debug)]
pub struct Lab {
    machine: LabMachine,
    kernel: (Vec<u8>, Input),
    initramfs: Option<(Vec<u8>, Input)>,
    tree: Tree,
    userland: String,
}

impl Lab {
    pub(super) fn obtain(machine: LabMachine, ui: &Ui) -> Result<Self, Failure> {
        let which = match machine {
            LabMachine::Mips => Machine::Mips,
            LabMachine::Mipsel => Machine::Mipsel,
            LabMachine::Armv7 => Machine::Armv7,
            LabMachine::Aarch64 => Machine::Aarch64,
        };
        let source = lab::source(which, ui)?;
        let initramfs = |path: &PathBuf| super::input(path);
        Ok(Self {
            machine,
            kernel: super::input(&source.kernel)?,
            initramfs: source.initramfs.as_ref().map(initramfs).transpose()?,
            userland: digest::tree(&source.tree),
            tree: source.tree,
        })
    }

    pub(super) fn plan(&self) -> Source {
        Source::Lab {
            machine: self.machine.word().to_owned(),
            kernel: self.kernel.1.clone(),
            initramfs: self.initramfs.as_ref().map(|(_, input)| input.clone()),
            userland: self.userland.clone(),
        }
    }

    pub(super) fn squashfs(&self) -> Options {
        Options::openwrt(256, self.machine == LabMachine::Armv7, EPOCH)
    }

    pub(super) fn tree(&self) -> Tree {
        self.tree.clone()
    }

    /// What QEMU takes one by one, and the same as a sysupgrade image.
    pub(super) fn close(&self, rootfs: &[u8], plan: &Plan) -> Result<Vec<ImageFile>, Failure> {
        let prefix = plan.prefix();
        let file = |kind: &str, name: &str, bytes: Vec<u8>| ImageFile {
            kind: kind.to_owned(),
            name: format!("{prefix}-{name}"),
            bytes,
        };
        let kernel = &self.kernel.0;
        let layout =
            sysupgrade_tar::Layout::new(&plan.device, plan.epoch, None).ok_or_else(|| {
                Failure::new(
                    Class::Other,
                    anyhow::anyhow!("`{}` cannot be a board's name", plan.device),
                )
            })?;
        let metadata = NewMetadata {
            devices: vec![plan.device.clone()],
            compat_version: "1.0".to_owned(),
            compat_message: None,
            version: Version {
                dist: "Clommunity".to_owned(),
                version: plan.clom.clone(),
                revision: plan.hash().chars().take(12).collect(),
                target: format!("lab/{}", self.machine),
                board: plan.device.clone(),
            },
        };
        let chunks = vec![Chunk::metadata(metadata.to_text())];
        let container = Container::new(Layout::SysupgradeTar(layout)).with_trailer(chunks);
        let parts = Parts {
            kernel: Some(kernel),
            rootfs,
        };
        let sysupgrade = container.close(&parts).or_fail(Class::TooBig)?;
        super::donor::verify(&sysupgrade, Some(kernel), rootfs)?;
        let mut files = vec![file("kernel", "kernel", kernel.clone())];
        if let Some((bytes, _)) = &self.initramfs {
            files.push(file("initramfs", "initramfs.cpio.gz", bytes.clone()));
        }
        files.push(file("rootfs", "squashfs-rootfs.img", rootfs.to_vec()));
        files.push(file("sysupgrade", "squashfs-sysupgrade.bin", sysupgrade));
        Ok(files)
    }
}
