//! Brings a machine's kernel, initramfs and BusyBox into the cache, once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};

use super::debian::{Archive, Package};
use super::machine::{Machine, Origin};
use super::{busybox, host, initramfs, kernel, modules, slot};
use crate::failure::{Class, Failure, OrFail};
use crate::ui::Ui;

/// Raised when the code here makes other bytes of the same input.
const REVISION: &str = "1";

/// What is ready in the cache.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) kernel: PathBuf,
    pub(super) initramfs: Option<PathBuf>,
    pub(super) busybox: PathBuf,
    /// What it was made of, by name: package versions.
    pub(super) inputs: Vec<(String, String)>,
}

/// Which slot is the machine's present one, kept beside the slots.
#[derive(Debug, Serialize, Deserialize)]
struct Current {
    /// A hash of this program's part in it; another program's record does not count.
    recipe: String,
    slot: String,
    inputs: Vec<(String, String)>,
}

/// The machine's parts; made first if this is the first time, which can take minutes.
pub(super) fn prepare(machine: Machine, ui: &Ui) -> Result<Prepared, Failure> {
    let dir = slot::root().join(machine.name());
    let recipe = recipe(machine);
    if let Some(ready) = current(&dir, &recipe) {
        return Ok(ready);
    }
    let _lock = slot::Lock::take(machine.name(), ui)?;
    if let Some(ready) = current(&dir, &recipe) {
        return Ok(ready);
    }
    let (slot, inputs) = match machine.origin() {
        Origin::Packages {
            architecture,
            flavour,
        } => from_packages(&dir, &recipe, architecture, flavour, ui)?,
        Origin::Sources => from_sources(&dir, &recipe, ui)?,
    };
    let record = Current {
        recipe: recipe.clone(),
        slot,
        inputs,
    };
    let write = || -> anyhow::Result<()> {
        let fresh = dir.join("current.new");
        fs::write(&fresh, serde_json::to_vec_pretty(&record)?)?;
        fs::rename(&fresh, dir.join("current.json"))?;
        Ok(())
    };
    write()
        .with_context(|| format!("{} can't be written", dir.display()))
        .or_fail(Class::Host)?;
    current(&dir, &recipe).ok_or_else(|| {
        Failure::new(
            Class::Host,
            anyhow!("{}: what was just made there is gone", dir.display()),
        )
    })
}

fn recipe(machine: Machine) -> String {
    let parts: [&[u8]; 3] = match machine.origin() {
        Origin::Sources => [REVISION.as_bytes(), kernel::CONFIG.as_bytes(), b""],
        Origin::Packages { .. } => [REVISION.as_bytes(), initramfs::INIT.as_bytes(), b"modules"],
    };
    let modules = modules::recipe();
    slot::key(&[parts[0], parts[1], parts[2], modules.as_bytes()])
}

fn current(dir: &Path, recipe: &str) -> Option<Prepared> {
    let bytes = fs::read(dir.join("current.json")).ok()?;
    let current: Current = serde_json::from_slice(&bytes).ok()?;
    if current.recipe != recipe {
        return None;
    }
    let slot = dir.join(&current.slot);
    let part = |name: &str| Some(slot.join(name)).filter(|path| path.is_file());
    Some(Prepared {
        kernel: part("kernel")?,
        busybox: part("busybox")?,
        initramfs: part("initramfs.cpio.gz"),
        inputs: current.inputs,
    })
}

type Made = (String, Vec<(String, String)>);

fn short(key: &str) -> String {
    key.chars().take(16).collect()
}

fn named(package: &Package) -> (String, String) {
    (package.name.clone(), package.version.clone())
}

fn from_packages(
    dir: &Path,
    recipe: &str,
    architecture: &'static str,
    flavour: &str,
    ui: &Ui,
) -> Result<Made, Failure> {
    let archive = Archive::open(architecture, ui)?;
    let kernel = archive.behind(&format!("linux-image-{flavour}"), "linux-image-")?;
    let busybox = archive.package("busybox-static")?;
    let key = slot::key(&[
        recipe.as_bytes(),
        kernel.sha256.as_bytes(),
        busybox.sha256.as_bytes(),
    ]);
    let key = short(&key);
    slot::fill(&dir.join(&key), |to| {
        let work = to.join("work");
        for package in [&kernel, &busybox] {
            archive.unpack(package, &work.join(&package.name), ui)?;
        }
        let step = ui.step(
            "lab-initramfs",
            &format!("the initramfs for {architecture}"),
        );
        let count = assemble(&work.join(&kernel.name), &work.join(&busybox.name), to)
            .and_then(|count| {
                fs::remove_dir_all(&work)?;
                Ok(count)
            })
            .with_context(|| format!("{} {} for {architecture}", kernel.name, kernel.version))
            .or_fail(Class::Source)?;
        step.done(&format!("{count} modules"));
        Ok(())
    })?;
    Ok((key, vec![named(&kernel), named(&busybox)]))
}

/// Puts kernel, initramfs and BusyBox of unpacked packages into `to`; gives how many modules there are.
fn assemble(kernel: &Path, busybox: &Path, to: &Path) -> anyhow::Result<usize> {
    let image = one_of(&kernel.join("boot"), |name| {
        name.starts_with("vmlinuz-") || name.starts_with("vmlinux-")
    })?;
    let modules = modules::choose(&one_of(&kernel.join("lib/modules"), |_| true)?)?;
    let busybox = host::read(&busybox.join("bin/busybox"))?;
    fs::copy(image, to.join("kernel"))?;
    fs::write(
        to.join("initramfs.cpio.gz"),
        initramfs::build(&busybox, &modules)?,
    )?;
    fs::write(to.join("busybox"), busybox)?;
    Ok(modules.len())
}

fn one_of(dir: &Path, wanted: impl Fn(&str) -> bool) -> anyhow::Result<PathBuf> {
    let found = fs::read_dir(dir)
        .with_context(|| dir.display().to_string())?
        .flatten()
        .find(|entry| wanted(&entry.file_name().to_string_lossy()));
    found
        .map(|entry| entry.path())
        .ok_or_else(|| anyhow!("{}: not in the package", dir.display()))
}

fn from_sources(dir: &Path, recipe: &str, ui: &Ui) -> Result<Made, Failure> {
    let source = kernel::source()?;
    busybox::check_tools()?;
    let archive = Archive::open("mipsel", ui)?;
    let library = busybox::LIBRARY
        .iter()
        .map(|name| archive.package(name))
        .collect::<Result<Vec<_>, _>>()?;
    let version = archive.source_version("busybox")?;
    let archive_of_source = host::read(&source).or_fail(Class::Source)?;
    let kernel_source = slot::sha256(&archive_of_source);
    let mut parts = vec![
        recipe.as_bytes(),
        kernel_source.as_bytes(),
        version.as_bytes(),
    ];
    parts.extend(library.iter().map(|package| package.sha256.as_bytes()));
    let key = short(&slot::key(&parts));
    // The kernel has a slot of its own, so that a new BusyBox does not build it again.
    let kernel_slot = dir.join(format!(
        "kernel-{}",
        short(&slot::key(&[recipe.as_bytes(), kernel_source.as_bytes()]))
    ));
    slot::fill(&kernel_slot, |to| kernel::build(&source, to, ui))?;
    slot::fill(&dir.join(&key), |to| {
        busybox::build(&archive, &library, to, ui)?;
        fs::copy(kernel_slot.join("kernel"), to.join("kernel"))
            .map(|_| ())
            .with_context(|| to.display().to_string())
            .or_fail(Class::Host)
    })?;
    let kernel_source = source
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut inputs = vec![
        (kernel_source, short(&slot::sha256(&archive_of_source))),
        ("busybox".to_owned(), version),
    ];
    inputs.extend(library.iter().map(named));
    Ok((key, inputs))
}
