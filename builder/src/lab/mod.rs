//! The lab: machines that QEMU plays, with kernels from Debian and a small OpenWrt-shaped userland of our own.
//!
//! A lab machine is a source like a donor image: it gives a kernel and a root tree. So everything that a profile
//! asks of a router can be tried without one, on every kind of CPU that routers have.

mod busybox;
mod cpio;
mod debian;
pub(crate) mod host;
mod image;
mod initramfs;
mod kernel;
mod machine;
mod modules;
mod prepare;
mod slot;
mod userland;

use std::path::PathBuf;

use anyhow::Context;
use openwrt_formats::tree::Tree;

pub use self::image::{bare, sysupgrade};
pub use self::machine::Machine;
pub(crate) use self::slot::sha256;
use crate::crossbuild::{self, Cpu};
use crate::failure::{Class, Failure, OrFail};
use crate::ui::Ui;

/// What a lab machine boots.
#[derive(Debug)]
pub struct LabSource {
    /// The machine.
    pub machine: Machine,
    /// The kernel, as QEMU's `-kernel` takes it.
    pub kernel: PathBuf,
    /// The first root that loads the kernel's modules; `None` when all is built in.
    pub initramfs: Option<PathBuf>,
    /// The root file system, all of it root's and of time 0.
    pub tree: Tree,
    /// What it was made of: Debian packages with their versions, and the lab's tools by hash.
    pub inputs: Vec<(String, String)>,
}

impl Machine {
    /// The kind of CPU that programs for the machine are compiled for.
    pub fn cpu(self) -> Cpu {
        match self {
            Self::Mips => Cpu::Mips,
            Self::Mipsel => Cpu::Mipsel,
            Self::Armv7 => Cpu::Armv7Hf,
            Self::Aarch64 => Cpu::Aarch64,
        }
    }
}

/// The machine's kernel and root tree. The first call for a machine downloads Debian packages (and compiles, for `mips`);
/// later ones read the cache.
///
/// # Errors
/// [`Class::Host`] when a tool is missing on this machine, with the command that installs it;
/// [`Class::Source`] when Debian's archive can't be reached or is not as expected.
pub fn source(machine: Machine, ui: &Ui) -> Result<LabSource, Failure> {
    let prepared = prepare::prepare(machine, ui)?;
    let tools = crossbuild::build_lab_tools(machine.cpu(), ui)?;
    let busybox = host::read(&prepared.busybox).or_fail(Class::Source)?;
    let clom_lab = host::read(&tools.path).or_fail(Class::Host)?;
    let tree = userland::tree(machine, &busybox, &clom_lab)
        .context("the lab's root tree")
        .or_fail(Class::Other)?;
    let mut inputs = prepared.inputs;
    inputs.push(("clom-lab".to_owned(), tools.sha256));
    Ok(LabSource {
        machine,
        kernel: prepared.kernel,
        initramfs: prepared.initramfs,
        tree,
        inputs,
    })
}
