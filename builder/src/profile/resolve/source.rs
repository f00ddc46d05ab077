//! Where kernel and root file system come from, and how the image is made.

use std::fmt;
use std::path::PathBuf;

use super::Folders;
use super::device::Device;
use super::fault::{Fault, Problems};
use super::tree::beside;
use super::words;
use crate::openwrt::{Release, place};
use crate::profile::path::KeyPath;
use crate::profile::raw::{RawCompression, RawEffort, RawImage, RawOpenWrt, RawSource};

/// A lab machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabMachine {
    /// MIPS, big endian.
    Mips,
    /// MIPS, little endian.
    Mipsel,
    /// ARMv7.
    Armv7,
    /// AArch64.
    Aarch64,
}

impl LabMachine {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Mips, Self::Mipsel, Self::Armv7, Self::Aarch64];

    /// As profiles write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mips => "mips",
            Self::Mipsel => "mipsel",
            Self::Armv7 => "armv7",
            Self::Aarch64 => "aarch64",
        }
    }
}

impl fmt::Display for LabMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How a kernel and a root file system are put together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PartsLayout {
    /// One behind the other, at a multiple of 64 KiB.
    #[default]
    Plain,
    /// As files of a tarball.
    SysupgradeTar,
}

impl PartsLayout {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Plain, Self::SysupgradeTar];

    /// As profiles write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::SysupgradeTar => "sysupgrade-tar",
        }
    }

    /// The layout of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn new(text: &str) -> Result<Self, Fault> {
        Self::ALL
            .into_iter()
            .find(|layout| layout.word() == text)
            .ok_or_else(|| {
                Fault::new(format!("`{text}` is no layout of an image"))
                    .help("known are plain and sysupgrade-tar")
            })
    }
}

/// Where the kernel and the root file system come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A release of OpenWrt.
    OpenWrt(OpenWrt),
    /// An official image.
    Donor(PathBuf),
    /// OpenWrt's ImageBuilder.
    ImageBuilder {
        /// A folder or an archive.
        path: PathBuf,
        /// How its kernel and the root file system are put together.
        layout: PartsLayout,
    },
    /// A kernel and a root file system.
    Parts {
        /// The kernel.
        kernel: PathBuf,
        /// Squashfs or tarball.
        rootfs: PathBuf,
        /// How they are put together.
        layout: PartsLayout,
    },
    /// A lab machine.
    Lab(LabMachine),
}

/// A release of OpenWrt.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpenWrt {
    /// The release.
    pub release: Release,
    /// Download servers, in the order in which they are tried; never empty.
    pub mirrors: Vec<String>,
    /// Which of the device's images is the donor.
    pub image: String,
}

/// Squashfs compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// xz.
    Xz,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
}

/// How hard to compress.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Effort {
    /// For trying things out.
    Fast,
    /// As OpenWrt does.
    #[default]
    Normal,
    /// Every byte counts.
    Best,
}

/// How the image is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Time stamp of everything in it, seconds since 1970; `None`: the source's own.
    pub epoch: Option<u32>,
    /// Largest image, bytes: the profile's or the device's.
    pub size_limit: Option<u64>,
    /// Squashfs compression; `None`: the source's own.
    pub compression: Option<Compression>,
    /// Squashfs block size, bytes; `None`: the source's own.
    pub block_size: Option<u32>,
    /// How hard to compress.
    pub effort: Effort,
}

/// `None` when the profile names no source: the command line may.
pub(super) fn resolve(
    raw: &RawSource,
    folders: &dyn Folders,
    problems: &mut Problems,
) -> Option<Source> {
    let key = KeyPath::root().key("source");
    let set = [
        ("openwrt", raw.openwrt.is_some()),
        ("donor", raw.donor.is_some()),
        ("imagebuilder", raw.imagebuilder.is_some()),
        ("parts", raw.kernel.is_some() || raw.rootfs.is_some()),
        ("lab", raw.lab.is_some()),
    ];
    let kinds: Vec<&str> = set
        .iter()
        .filter(|(_, set)| *set)
        .map(|(name, _)| *name)
        .collect();
    let kind = match (raw.kind.as_deref(), kinds.as_slice()) {
        (None, []) => return None,
        (None, [kind]) => kind,
        (None, kinds) => {
            problems.add(
                key.clone(),
                Fault::new(format!(
                    "there is more than one source: {}",
                    kinds.join(" and ")
                ))
                .help(format!(
                    "say which counts: `source.kind = \"{}\"`",
                    kinds.first().unwrap_or(&"donor")
                )),
            );
            return None;
        }
        (Some(kind @ ("openwrt" | "donor" | "imagebuilder" | "parts" | "lab")), _) => kind,
        (Some(other), _) => {
            problems.add(
                key.key("kind"),
                Fault::new(format!("`{other}` is no kind of source"))
                    .help("known are openwrt, donor, imagebuilder, parts and lab"),
            );
            return None;
        }
    };
    let path = |name: &str, text: &Option<String>, problems: &mut Problems| {
        let key = key.key(name);
        let Some(text) = text else {
            problems.add(key, Fault::new(format!("the source needs `source.{name}`")));
            return None;
        };
        problems.take(key.clone(), beside(text, &key, folders))
    };
    match kind {
        "openwrt" => openwrt(raw.openwrt.as_ref(), &key.key("openwrt"), folders, problems),
        "donor" => path("donor", &raw.donor, problems).map(Source::Donor),
        "imagebuilder" => {
            let path = path("imagebuilder", &raw.imagebuilder, problems);
            let layout = problems.read(key.key("layout"), raw.layout.as_deref(), PartsLayout::new);
            Some(Source::ImageBuilder {
                path: path?,
                layout: layout.unwrap_or_default(),
            })
        }
        "parts" => {
            let kernel = path("kernel", &raw.kernel, problems);
            let rootfs = path("rootfs", &raw.rootfs, problems);
            let layout = problems.read(key.key("layout"), raw.layout.as_deref(), PartsLayout::new);
            Some(Source::Parts {
                kernel: kernel?,
                rootfs: rootfs?,
                layout: layout.unwrap_or_default(),
            })
        }
        _ => {
            let name = raw.lab.as_deref().unwrap_or_default();
            let machine = LabMachine::ALL
                .into_iter()
                .find(|machine| machine.word() == name);
            let machine = machine.ok_or_else(|| {
                Fault::new(format!("`{name}` is no lab machine"))
                    .help("known are mips, mipsel, armv7 and aarch64")
            });
            problems.take(key.key("lab"), machine).map(Source::Lab)
        }
    }
}

fn openwrt(
    raw: Option<&RawOpenWrt>,
    key: &KeyPath,
    folders: &dyn Folders,
    problems: &mut Problems,
) -> Option<Source> {
    let Some(text) = raw.and_then(|raw| raw.release.as_deref()) else {
        problems.add(
            key.clone(),
            Fault::new("the source needs `source.openwrt.release`".to_owned())
                .help("for example: openwrt = { release = \"25.12.5\" }"),
        );
        return None;
    };
    let raw = raw?;
    let release = text
        .parse::<Release>()
        .map_err(|error| Fault::new(error.to_string()));
    let release = problems.take(key.key("release"), release);
    let at = key.key("mirror");
    let named = raw
        .mirror
        .iter()
        .flatten()
        .enumerate()
        .filter_map(|(index, text)| {
            let at = at.index(index);
            problems.take(at.clone(), mirror(text, &at, folders))
        });
    let mut mirrors: Vec<String> = named.collect();
    if mirrors.is_empty() {
        mirrors.push(place::DOWNLOADS.to_owned());
    }
    let image = raw.image.clone().unwrap_or_else(|| "sysupgrade".to_owned());
    Some(Source::OpenWrt(OpenWrt {
        release: release?,
        mirrors,
        image,
    }))
}

fn mirror(text: &str, key: &KeyPath, folders: &dyn Folders) -> Result<String, Fault> {
    if text.starts_with("https://") || text.starts_with("http://") {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    if text.contains("://") {
        return Err(Fault::new(format!(
            "`{text}` is neither an https address nor a folder"
        )));
    }
    Ok(beside(text, key, folders)?.display().to_string())
}

pub(super) fn image(raw: &RawImage, device: &Device, problems: &mut Problems) -> Image {
    let key = KeyPath::root().key("image");
    let epoch = problems.range(
        key.key("epoch"),
        raw.epoch,
        0..=i64::from(u32::MAX),
        " seconds",
    );
    let limit = problems.read(
        key.key("size_limit"),
        raw.size_limit.as_deref(),
        words::size,
    );
    if let (Some(limit), Some(device_limit)) = (limit, device.image_limit)
        && limit > device_limit
    {
        problems.add(
            key.key("size_limit"),
            Fault::new(format!(
                "the limit of {limit} bytes is above what fits the device: {device_limit} bytes"
            )),
        );
    }
    let block_size = problems.read(key.key("block_size"), raw.block_size.as_deref(), |text| {
        let bytes = words::size(text)?;
        match u32::try_from(bytes) {
            Ok(bytes) if bytes.is_power_of_two() && (4096..=1 << 20).contains(&bytes) => Ok(bytes),
            _ => Err(Fault::new(format!("`{text}` is no squashfs block size"))
                .help("use a power of two from 4K to 1M; OpenWrt uses 256K")),
        }
    });
    Image {
        epoch: epoch.and_then(|epoch| u32::try_from(epoch).ok()),
        size_limit: limit.or(device.image_limit),
        compression: raw.compression.map(|raw| match raw {
            RawCompression::Xz => Compression::Xz,
            RawCompression::Gzip => Compression::Gzip,
            RawCompression::Zstd => Compression::Zstd,
        }),
        block_size,
        effort: match raw.effort {
            Some(RawEffort::Fast) => Effort::Fast,
            Some(RawEffort::Best) => Effort::Best,
            _ => Effort::Normal,
        },
    }
}
