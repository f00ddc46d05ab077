//! A built result of a lab device, as `clom build` leaves it in the output folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use openwrt_formats::squashfs;
use openwrt_formats::tree::Tree;
use openwrt_formats::uci::{self, Config};

use super::network::{self, Address};
use crate::build::plan::{FORMAT, Plan};
use crate::build::{MANIFEST, Outcome};
use crate::failure::{Class, Failure, OrFail};
use crate::lab::Machine;

/// The files of a result.
#[derive(Debug)]
pub struct Image {
    /// The machine it is for.
    pub machine: Machine,
    /// What was asked for.
    pub plan: Plan,
    /// The Plan's hash as the manifest has it, which is what the node says it runs. (It covers secrets, so it can't be
    /// worked out from the Plan's file.) `None` without a manifest.
    pub hash: Option<String>,
    /// The kernel.
    pub kernel: PathBuf,
    /// The initramfs of a modular kernel.
    pub initramfs: Option<PathBuf>,
    /// The squashfs.
    pub rootfs: PathBuf,
    /// The image for sysupgrade.
    pub sysupgrade: PathBuf,
    /// What the squashfs holds.
    pub tree: Tree,
}

impl Image {
    /// Reads the result in `dir`.
    ///
    /// # Errors
    /// When it is not a result of `clom build`, is not whole, or is not for a lab device.
    pub fn open(dir: &Path) -> Result<Self, Failure> {
        let source = |what: &str| {
            Failure::new(Class::Source, anyhow!("{}: {what}", dir.display()))
                .help("build it first: clom build SITE --device lab-mips (or another lab device)")
        };
        let plan = plan(dir)?;
        let machine = Machine::from_device(&plan.device)
            .ok_or_else(|| source(&format!("is for {}, which is no lab device", plan.device)))?;
        let file = |suffix: &str| dir.join(format!("{}-{suffix}", plan.prefix()));
        let must = |suffix: &str| {
            let path = file(suffix);
            if path.is_file() {
                Ok(path)
            } else {
                Err(source(&format!("has no {}", path.display())))
            }
        };
        let rootfs = must("squashfs-rootfs.img")?;
        let bytes = fs::read(&rootfs)
            .with_context(|| rootfs.display().to_string())
            .or_fail(Class::Source)?;
        let (tree, _) = squashfs::read(&bytes)
            .with_context(|| rootfs.display().to_string())
            .or_fail(Class::Source)?;
        Ok(Self {
            machine,
            kernel: must("kernel")?,
            initramfs: Some(file("initramfs.cpio.gz")).filter(|path| path.is_file()),
            sysupgrade: must("squashfs-sysupgrade.bin")?,
            hash: hash(dir)?,
            rootfs,
            tree,
            plan,
        })
    }

    /// The static addresses of the image's network cards, `eth0` first.
    pub fn addresses(&self) -> [Option<Address>; 2] {
        let config = self.uci("network").unwrap_or_default();
        ["eth0", "eth1"].map(|device| network::static_address(&config, device))
    }

    /// A baked UCI file, if it is there and can be read.
    pub fn uci(&self, package: &str) -> Option<Config> {
        let bytes = self.tree.read(format!("etc/config/{package}"))?;
        uci::parse_bytes(&bytes).ok()
    }

    /// A fact of the baked `/etc/clommunity/FILE.json`, by JSON pointer.
    pub fn baked(&self, file: &str, at: &str) -> Option<String> {
        let bytes = self.tree.read(format!("etc/clommunity/{file}.json"))?;
        let json: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
        json.pointer(at)?.as_str().map(str::to_owned)
    }

    /// The port of the agent's HTTP.
    pub fn agent_port(&self) -> u16 {
        self.uci("clommunity")
            .and_then(|config| {
                let mut ports = config
                    .sections()
                    .iter()
                    .filter_map(|section| section.get_str("http_port")?.parse().ok());
                ports.next()
            })
            .unwrap_or(8100)
    }
}

/// The Plan's hash in the manifest.
fn hash(dir: &Path) -> Result<Option<String>, Failure> {
    let path = dir.join(MANIFEST);
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path)
        .with_context(|| path.display().to_string())
        .or_fail(Class::Source)?;
    let outcome: Outcome = serde_json::from_str(&text)
        .with_context(|| path.display().to_string())
        .or_fail(Class::Source)?;
    Ok(Some(outcome.plan))
}

fn plan(dir: &Path) -> Result<Plan, Failure> {
    let named = |name: &std::ffi::OsStr| {
        name == "plan.json" || name.to_string_lossy().ends_with(".plan.json")
    };
    let path = fs::read_dir(dir)
        .with_context(|| dir.display().to_string())
        .or_fail(Class::Source)
        .map_err(|failure| {
            failure.help(
                "name a result folder of clom build, a site together with --device, or one of mips, mipsel, armv7, aarch64",
            )
        })?
        .flatten()
        .find(|entry| named(&entry.file_name()))
        .map(|entry| entry.path())
        .ok_or_else(|| {
            Failure::new(
                Class::Source,
                anyhow!(
                    "{}: no plan.json there, so it is no result of clom build",
                    dir.display()
                ),
            )
        })?;
    let text = fs::read_to_string(&path)
        .with_context(|| path.display().to_string())
        .or_fail(Class::Source)?;
    let plan: Plan = serde_json::from_str(&text)
        .with_context(|| path.display().to_string())
        .or_fail(Class::Source)?;
    if plan.format != FORMAT {
        return Err(Failure::new(
            Class::Source,
            anyhow!(
                "{}: a Plan of form {}, and this clom knows form {FORMAT}",
                path.display(),
                plan.format
            ),
        )
        .help("build it again with this clom"));
    }
    Ok(plan)
}
