//! Where an image's kernel, root file system and container come from: a donor image, an ImageBuilder, a kernel and a root
//! file system, or a lab machine. Whichever it is, it gives the same: a root tree to change, and a way to close the image again.

mod donor;
mod imagebuilder;
mod lab;
mod parts;
mod squashfs;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use bytes::Bytes;
use openwrt_formats::squashfs::{BlockCache, Options};
use openwrt_formats::tree::Tree;
use sha2::{Digest, Sha256};

pub use imagebuilder::Scratch;
pub use squashfs::Settings;

use super::Request;
use super::plan::{Input, Plan, Source};
use crate::failure::{Class, Failure, OrFail};
use crate::lock::Lock;
use crate::obtain::{Obtain, Pinned};
use crate::profile::resolve::{self, Image, LabMachine, OpenWrt, PartsLayout, Profile};
use crate::ui::Ui;

/// Which source was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The image of a release, as the lock pins it.
    OpenWrt {
        /// The release.
        openwrt: OpenWrt,
        /// The device's id.
        device: String,
    },
    /// An official image.
    Donor(PathBuf),
    /// An ImageBuilder.
    ImageBuilder {
        /// A folder or an archive.
        path: PathBuf,
        /// How its kernel and the root file system are put together.
        layout: PartsLayout,
        /// The device's id.
        device: String,
    },
    /// A kernel and a root file system.
    Parts {
        /// The kernel with the headers that the boot loader wants.
        kernel: PathBuf,
        /// A squashfs or a tarball.
        rootfs: PathBuf,
        /// How they are put together.
        layout: PartsLayout,
    },
    /// A QEMU machine.
    Lab(LabMachine),
}

impl Choice {
    /// The release, if it is one.
    pub fn openwrt(&self) -> Option<&OpenWrt> {
        match self {
            Self::OpenWrt { openwrt, .. } => Some(openwrt),
            _ => None,
        }
    }

    /// What the command line names, else what the profile names.
    ///
    /// # Errors
    /// When neither names a source.
    pub fn of(profile: &Profile, request: &Request) -> Result<Self, Failure> {
        if let Some(donor) = &request.donor {
            return Ok(Self::Donor(donor.clone()));
        }
        if let Some((path, layout)) = request.imagebuilder.clone() {
            return Ok(Self::ImageBuilder {
                path,
                layout,
                device: profile.device.id.clone(),
            });
        }
        if let Some((kernel, rootfs, layout)) = request.parts.clone() {
            return Ok(Self::Parts {
                kernel,
                rootfs,
                layout,
            });
        }
        Self::of_profile(profile)
    }

    /// What the profile names.
    ///
    /// # Errors
    /// When it names no source.
    pub fn of_profile(profile: &Profile) -> Result<Self, Failure> {
        match &profile.source {
            Some(resolve::Source::OpenWrt(openwrt)) => Ok(Self::OpenWrt {
                openwrt: openwrt.clone(),
                device: profile.device.id.clone(),
            }),
            Some(resolve::Source::Donor(path)) => Ok(Self::Donor(path.clone())),
            Some(resolve::Source::ImageBuilder { path, layout }) => Ok(Self::ImageBuilder {
                path: path.clone(),
                layout: *layout,
                device: profile.device.id.clone(),
            }),
            Some(resolve::Source::Parts { kernel, rootfs, layout }) => {
                Ok(Self::Parts { kernel: kernel.clone(), rootfs: rootfs.clone(), layout: *layout })
            }
            Some(resolve::Source::Lab(machine)) => Ok(Self::Lab(*machine)),
            None => Err(Failure::new(
                Class::Source,
                anyhow!("no source for device `{}`", profile.device.id),
            )
            .help(format!(
                "name a release of OpenWrt in a profile ([source] openwrt = {{ release = \"25.12.5\" }}), or pass --donor FILE with OpenWrt's own\n      \
                 sysupgrade image for {}, or name that in a profile ([source] donor = \"FILE\"); or pass --imagebuilder FILE",
                profile.device.title
            ))),
        }
    }
}

/// An image file that a source closes.
#[derive(Debug)]
pub struct ImageFile {
    /// What it is: `sysupgrade`, `factory`, `kernel`, `initramfs`, `rootfs`.
    pub kind: String,
    /// Its name in the result's folder.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A source that was obtained.
#[derive(Debug)]
pub enum Supply {
    /// An official image.
    Donor(Box<donor::Donor>),
    /// An ImageBuilder.
    ImageBuilder(Box<imagebuilder::ImageBuilder>),
    /// A kernel and a root file system.
    Parts(Box<parts::Parts>),
    /// A QEMU machine.
    Lab(Box<lab::Lab>),
}

impl Supply {
    /// The release's image for a device, as the lock pins it. `update` says how to pin it.
    ///
    /// # Errors
    /// [`Class::Source`] when it is not pinned or cannot be had, and as [`Supply::obtain`].
    pub fn of_release(
        openwrt: &OpenWrt,
        profile: &Profile,
        lock: &Lock,
        obtain: &Obtain<'_>,
        update: &str,
    ) -> Result<Self, Failure> {
        let device = &profile.device.id;
        let release = openwrt.release.to_string();
        let pin = lock
            .donor(&release, device, &openwrt.image)
            .ok_or_else(|| {
                let error = anyhow!(
                    "the lock does not pin the image of OpenWrt {release} for {device} ({})",
                    openwrt.image
                );
                Failure::new(Class::Source, error).help(update.to_owned())
            })?;
        let file = Pinned {
            what: format!("OpenWrt {release} for {device}"),
            place: pin.place.clone(),
            sha256: pin.sha256,
            size: pin.size,
        };
        let bytes = obtain.pinned(&[file])?.pop().unwrap_or_default();
        let input = Input {
            file: pin.place.name().to_owned(),
            sha256: pin.sha256.to_string(),
            size: pin.size,
        };
        Self::of_image(
            &pin.place.to_string(),
            bytes,
            input,
            pin.size_limit,
            profile,
        )
    }

    /// An image that was read already; `limit` is the largest that fits, bytes, as OpenWrt says it.
    ///
    /// # Errors
    /// As [`Supply::obtain`].
    pub fn of_image(
        name: &str,
        bytes: Bytes,
        input: Input,
        limit: Option<u64>,
        profile: &Profile,
    ) -> Result<Self, Failure> {
        let donor = donor::Donor::open(name, bytes.to_vec(), input, limit, profile)?;
        Ok(Self::Donor(Box::new(donor)))
    }

    /// Reads a source of this machine, and checks that it is for the profile's device.
    ///
    /// # Errors
    /// [`Class::Source`] when it is missing, damaged or for another device; [`Class::Host`] when the lab cannot be made.
    pub fn obtain(choice: &Choice, profile: &Profile, ui: &Ui) -> Result<Self, Failure> {
        Ok(match choice {
            Choice::OpenWrt { openwrt, .. } => {
                let error = anyhow!("OpenWrt {} is no file of this machine", openwrt.release);
                return Err(Failure::new(Class::Source, error));
            }
            Choice::Donor(path) => Self::Donor(Box::new(donor::Donor::obtain(path, profile)?)),
            Choice::ImageBuilder { path, layout, .. } => {
                let builder = imagebuilder::ImageBuilder::obtain(path, *layout, profile, ui)?;
                Self::ImageBuilder(Box::new(builder))
            }
            Choice::Parts {
                kernel,
                rootfs,
                layout,
            } => Self::Parts(Box::new(parts::Parts::obtain(
                kernel, rootfs, *layout, profile,
            )?)),
            Choice::Lab(machine) => Self::Lab(Box::new(lab::Lab::obtain(*machine, ui)?)),
        })
    }

    /// The source's part of the Plan.
    pub fn plan(&self) -> Source {
        match self {
            Self::Donor(donor) => donor.plan(),
            Self::ImageBuilder(builder) => builder.plan(),
            Self::Parts(parts) => parts.plan(),
            Self::Lab(lab) => lab.plan(),
        }
    }

    /// The time stamp of what the build adds: `$SOURCE_DATE_EPOCH`, else the profile's, else the source's own.
    ///
    /// # Errors
    /// When `$SOURCE_DATE_EPOCH` is no number of seconds since 1970.
    pub fn epoch(&self, profile: Option<u32>) -> Result<u32, Failure> {
        if let Some(text) = std::env::var_os("SOURCE_DATE_EPOCH").filter(|text| !text.is_empty()) {
            let text = text.to_string_lossy();
            return text.parse().map_err(|_| {
                Failure::new(
                    Class::Other,
                    anyhow!(
                        "the environment's SOURCE_DATE_EPOCH is `{text}`, not seconds since 1970"
                    ),
                )
                .help("unset it, or set it to a number from 0 to 4294967295")
            });
        }
        Ok(profile.unwrap_or(match self {
            Self::Donor(donor) => donor.epoch(),
            Self::ImageBuilder(builder) => builder.epoch(),
            Self::Parts(parts) => parts.epoch(),
            Self::Lab(_) => lab::EPOCH,
        }))
    }

    /// How the root file system is written: as the profile says, else as the source has it.
    ///
    /// # Errors
    /// When the profile asks for what cannot be written.
    pub fn squashfs(&self, image: &Image) -> Result<Settings, Failure> {
        let own = match self {
            Self::Donor(donor) => donor.squashfs(),
            Self::ImageBuilder(builder) => builder.squashfs(),
            Self::Parts(parts) => parts.squashfs(),
            Self::Lab(lab) => lab.squashfs(),
        };
        Settings::of(own, image)
    }

    /// The root tree to change; an empty one where it is made of packages alone.
    ///
    /// # Errors
    /// When the source's root file system is damaged.
    pub fn tree(&self) -> Result<Tree, Failure> {
        match self {
            Self::Donor(donor) => Ok(donor.unpacked()?.tree.clone()),
            Self::ImageBuilder(_) => Ok(Tree::default()),
            Self::Parts(parts) => parts.tree(),
            Self::Lab(lab) => Ok(lab.tree()),
        }
    }

    /// What the source's own kernel and root file system take, and the largest image that fits the device, bytes; `None` where it is not known.
    pub fn weight(&self, profile: &Profile) -> (Option<u64>, Option<u64>) {
        let limit = profile.image.size_limit;
        match self {
            Self::Donor(donor) => (
                Some(donor.weight()),
                limit.or(donor.size_limit(&profile.device.id)),
            ),
            Self::ImageBuilder(builder) => (Some(builder.weight()), limit),
            _ => (None, limit),
        }
    }

    /// What the root file system is made of, where there is none to begin with.
    pub fn scratch(&self) -> Option<&Scratch> {
        match self {
            Self::ImageBuilder(builder) => Some(builder.scratch()),
            _ => None,
        }
    }

    /// Whether packages mean anything here: a lab machine has none, and does without.
    pub fn has_packages(&self) -> bool {
        !matches!(self, Self::Lab(_))
    }

    /// Writes the tree as squashfs, taking over what the source has compressed already.
    ///
    /// # Errors
    /// When the tree cannot be written with these options.
    pub fn compress(
        &self,
        tree: &Tree,
        options: &Options,
        blocks: &dyn BlockCache,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Vec<u8>, Failure> {
        let mut writer = openwrt_formats::squashfs::Writer::new(options)
            .cache(blocks)
            .progress(progress);
        if let Self::Donor(donor) = self {
            writer = writer.donor(&donor.unpacked()?.seeds);
        }
        let image = writer
            .write(tree)
            .context("the root file system")
            .or_fail(Class::Other)?;
        Ok(image.bytes)
    }

    /// Closes the image around a new root file system, and checks what came out.
    ///
    /// # Errors
    /// [`Class::TooBig`] when it does not fit the device.
    pub fn close(
        &self,
        rootfs: &[u8],
        tree: &Tree,
        profile: &Profile,
        plan: &Plan,
    ) -> Result<Vec<ImageFile>, Failure> {
        match self {
            Self::Donor(donor) => donor.close(rootfs, tree, plan),
            Self::ImageBuilder(builder) => builder.close(rootfs, tree, profile, plan),
            Self::Parts(parts) => parts.close(rootfs, tree, profile, plan),
            Self::Lab(lab) => lab.close(rootfs, plan),
        }
    }
}

/// Reads a file that decides bytes, and describes it for the Plan.
fn input(path: &Path) -> Result<(Vec<u8>, Input), Failure> {
    let bytes = fs::read(path)
        .with_context(|| format!("cannot read {}", path.display()))
        .or_fail(Class::Source)?;
    let file = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let input = Input {
        file,
        sha256,
        size: bytes.len() as u64,
    };
    Ok((bytes, input))
}
