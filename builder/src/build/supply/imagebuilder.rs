//! OpenWrt's ImageBuilder: a device's kernel, and the packages of which its root file system is made.
//!
//! There is no root tree to begin with. What `make image` of an ImageBuilder does with packages is done natively: default packages and
//! those of the device, what the profile wants and does not want, and the packages that come with it for exactly its kernel.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use openwrt_formats::fwtool::Version;
use openwrt_formats::squashfs::Options;
use openwrt_formats::tree::Tree;
use sha2::{Digest, Sha256};

use super::{ImageFile, lab, parts};
use crate::build::plan::{Input, Plan, Source};
use crate::failure::{Class, Failure, OrFail};
use crate::openwrt::{FeedLine, Place, Release};
use crate::packages::install::{Archive, Expected};
use crate::packages::selection::OwnFile;
use crate::packages::software::Software;
use crate::packages::solve::Want;
use crate::packages::universe::Manager;
use crate::profile::resolve::{CpuKind, Device, PartsLayout, Profile};
use crate::profile::suggest::did_you_mean;
use crate::source::imagebuilder::{self, Folder, unpack};
use crate::trust::{AnyKey, Trusted};
use crate::ui::Ui;
use crate::{dirs, store};

/// Packages that an ImageBuilder brings and that must be of its very build.
const OF_THE_BUILD: [&str; 3] = ["base-files", "libc", "kernel"];

/// An ImageBuilder that was read, for one device.
#[derive(Debug)]
pub struct ImageBuilder {
    read: imagebuilder::ImageBuilder,
    kernel: (Vec<u8>, Input),
    layout: PartsLayout,
    arm: bool,
    /// Names that images for the device take.
    devices: Vec<String>,
    scratch: Scratch,
}

/// What a root file system is made of when there is none to begin with.
#[derive(Debug)]
pub struct Scratch {
    /// No packages, and whose they will be.
    pub software: Software,
    /// What is there unless a profile does not want it, and what must be there.
    pub want: Vec<Want>,
    /// Packages that came along.
    pub files: Vec<OwnFile>,
    /// Where the others come from.
    pub feeds: Vec<FeedLine>,
    /// Who may sign the feeds.
    pub keys: Vec<Trusted>,
    /// OpenWrt's release.
    pub release: Option<Release>,
}

impl ImageBuilder {
    /// Reads a folder, or the archive that OpenWrt publishes, for the profile's device.
    pub(super) fn obtain(
        path: &Path,
        layout: PartsLayout,
        profile: &Profile,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        let device = &profile.device;
        let name = || format!("ImageBuilder {}", path.display());
        let files = match path.is_dir() {
            true => Folder(path.to_owned()),
            false => {
                let step = ui.step("imagebuilder", &name());
                let files = unpack(path, &device.id, &dirs::cache()).map_err(|error| {
                    Failure::new(Class::Source, error).help(
                        "give OpenWrt's file openwrt-imagebuilder-...tar.zst as it is, or the folder that is in it",
                    )
                })?;
                step.done("unpacked");
                files
            }
        };
        let read = imagebuilder::ImageBuilder::read(&files)
            .with_context(name)
            .or_fail(Class::Source)?;
        suits(&read, device).with_context(name).map_err(|error| {
            Failure::new(Class::Source, error).help(format!(
                "take the ImageBuilder for {}, or build for a device of {} (--device)",
                device.target.as_deref().unwrap_or("the device's target"),
                read.target
            ))
        })?;
        let known = read.info.profiles.iter().map(|known| known.id.as_str());
        let entry = read.info.profile(&device.id).ok_or_else(|| {
            let error = anyhow!(
                "the ImageBuilder for {} does not know device `{}`",
                read.target,
                device.id
            );
            let near = did_you_mean(&device.id, known);
            let failure = Failure::new(Class::Source, error.context(name()));
            match near.is_empty() {
                true => failure.help("the devices are in its file .targetinfo"),
                false => failure.help(near),
            }
        })?;
        let kernel = read
            .kernel(&files, &device.id)
            .with_context(name)
            .or_fail(Class::Source)?;
        if kernel.is_empty() {
            let error = anyhow!("the kernel of {} is empty", device.id).context(name());
            return Err(Failure::new(Class::Source, error));
        }
        let input = Input {
            file: format!("{}-kernel", device.id),
            sha256: hex::encode(Sha256::digest(&kernel)),
            size: kernel.len() as u64,
        };
        let scratch = scratch(&read, entry, &files.0)
            .with_context(name)
            .or_fail(Class::Source)?;
        Ok(Self {
            kernel: (kernel, input),
            layout,
            arm: matches!(device.cpu, CpuKind::Armv7Hf | CpuKind::Armv7Sf),
            devices: entry.supported_devices.clone(),
            scratch,
            read,
        })
    }

    pub(super) fn plan(&self) -> Source {
        Source::ImageBuilder {
            version: self.read.version.clone(),
            target: self.read.target.clone(),
            kernel: self.kernel.1.clone(),
            layout: self.layout.word().to_owned(),
        }
    }

    /// Bytes of the kernel.
    pub(super) fn weight(&self) -> u64 {
        self.kernel.1.size
    }

    pub(super) fn epoch(&self) -> u32 {
        self.read.epoch.unwrap_or(lab::EPOCH)
    }

    pub(super) fn squashfs(&self) -> Options {
        Options::openwrt(self.read.squashfs_block / 1024, self.arm, self.epoch())
    }

    pub(super) fn scratch(&self) -> &Scratch {
        &self.scratch
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
            version: self.read.version.clone().unwrap_or_else(unknown),
            revision: self.read.revision.clone().unwrap_or_else(unknown),
            target: self.read.target.clone(),
            board: profile.device.id.clone(),
        };
        let devices = match profile.device.supported_devices.as_slice() {
            [] => &self.devices,
            devices => devices,
        };
        let closing = parts::Closing {
            kernel: &self.kernel.0,
            layout: self.layout,
            version,
            devices,
        };
        closing.close(rootfs, tree, profile, plan)
    }
}

/// Whether it is for the device's target and CPU.
fn suits(read: &imagebuilder::ImageBuilder, device: &Device) -> Result<(), anyhow::Error> {
    let info = &read.info;
    let (id, target) = (&device.id, &read.target);
    if let Some(own) = device.target.as_deref().filter(|own| own != target) {
        return Err(anyhow!("it is for target {target}, and {id} is of {own}"));
    }
    if let Some(own) = &device.arch_packages
        && *own != info.arch_packages
    {
        let packages = &info.arch_packages;
        return Err(anyhow!(
            "its packages are for {packages}, and those of {id} for {own}"
        ));
    }
    let arches: &[&str] = match device.cpu {
        CpuKind::Mips => &["mips", "mips64"],
        CpuKind::Mipsel => &["mipsel", "mips64el"],
        CpuKind::Armv7Hf | CpuKind::Armv7Sf => &["arm"],
        CpuKind::Aarch64 => &["aarch64"],
    };
    if !info.arch.is_empty() && !arches.contains(&info.arch.as_str()) {
        let (arch, cpu) = (&info.arch, device.cpu);
        return Err(anyhow!(
            "it is for CPUs of the kind {arch}, and {id} has {cpu}"
        ));
    }
    if info.arch_packages.is_empty() {
        return Err(anyhow!(
            ".targetinfo does not say the architecture of {target}'s packages"
        ));
    }
    Ok(())
}

fn scratch(
    read: &imagebuilder::ImageBuilder,
    device: &imagebuilder::Profile,
    folder: &Path,
) -> Result<Scratch, anyhow::Error> {
    let (manager, any, tool) = match read.manager {
        Manager::Apk => (Manager::Apk, "noarch", "apk-mbedtls"),
        Manager::Opkg => (Manager::Opkg, "all", "opkg"),
    };
    let mut files = Vec::new();
    for path in &read.packages {
        files.push(own_file(&folder.join(path))?);
    }
    let mut want = defaults(read, device, tool);
    for name in OF_THE_BUILD {
        let mut own = files.iter().filter(|file| file.archive.name() == name);
        let (Some(file), other) = (own.next(), own.next()) else {
            continue;
        };
        if let Some(other) = other {
            return Err(anyhow!(
                "there are two packages of {name}, of which one is not of its build: {} and {}",
                file.place.name(),
                other.place.name()
            ));
        }
        want.push(Want {
            name: name.to_owned(),
            constraint: Some(("=".to_owned(), file.archive.version().to_owned())),
            why: "the ImageBuilder".to_owned(),
            default: false,
        });
    }
    let mut feeds: Vec<FeedLine> = Vec::new();
    for line in &read.feeds {
        let line = FeedLine::parse(line).context("its list of feeds")?;
        let Some(mut line) = line else { continue };
        if let Place::File(path) = &line.place {
            // The packages that came along are known already.
            if path == Path::new("packages") {
                continue;
            }
            line.place = Place::File(folder.join(path));
        }
        if !feeds.iter().any(|known| known.place == line.place) {
            feeds.push(line);
        }
    }
    // Files there that are no public keys (a key of the user's own lies there too) are left out, as apk and opkg do.
    let keys = read.keys.iter().filter_map(|(name, file)| {
        Some(Trusted {
            key: AnyKey::parse(file).ok()?,
            name: name.clone(),
            from: "the ImageBuilder".to_owned(),
            not_after: None,
        })
    });
    Ok(Scratch {
        software: Software {
            manager,
            architectures: vec![read.info.arch_packages.clone(), any.to_owned()],
            installed: Vec::new(),
        },
        want,
        files,
        feeds,
        keys: keys.collect(),
        release: read.version.as_deref().and_then(|text| text.parse().ok()),
    })
}

/// The default packages and the device's, without those that one of the lists takes away: `-ppp`. The package manager itself is in no list.
fn defaults(
    read: &imagebuilder::ImageBuilder,
    device: &imagebuilder::Profile,
    tool: &str,
) -> Vec<Want> {
    let of_target = format!("the list of default packages of {}", read.target);
    let of_device = format!("the list of packages of {}", device.id);
    let default = read.info.default_packages.iter().map(String::as_str);
    let own = device.packages.iter().map(String::as_str);
    let all: Vec<(&str, &str)> = default
        .chain([tool])
        .map(|name| (name, of_target.as_str()))
        .chain(own.map(|name| (name, of_device.as_str())))
        .collect();
    let gone: Vec<&str> = all
        .iter()
        .filter_map(|(name, _)| name.strip_prefix('-'))
        .collect();
    let mut want: Vec<Want> = Vec::new();
    for (name, why) in all {
        if !name.starts_with('-')
            && !gone.contains(&name)
            && want.iter().all(|one| one.name != name)
        {
            want.push(Want {
                name: name.to_owned(),
                constraint: None,
                why: why.to_owned(),
                default: true,
            });
        }
    }
    want
}

fn own_file(path: &PathBuf) -> Result<OwnFile, anyhow::Error> {
    let bytes =
        fs::read(path).with_context(|| format!("cannot read the package {}", path.display()))?;
    let archive = Archive::open(&bytes, &Expected::own(path.display().to_string()))?;
    Ok(OwnFile {
        place: Place::File(path.clone()),
        sha256: store::Sha256::of(&bytes),
        size: bytes.len() as u64,
        archive,
        why: "the ImageBuilder".to_owned(),
    })
}
