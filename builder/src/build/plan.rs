//! The Plan: everything that decides an image's bytes. Same Plan, same bytes, on any machine.
//!
//! It is complete before any image is opened, printed by `--dry-run`, and written beside the images as `plan.json`.
//! Its hash is baked into the image, so that a node can say which Plan it runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The version of the Plan's own form; a reader refuses one it does not know.
pub const FORMAT: u32 = 2;

/// Everything that decides an image's bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`FORMAT`].
    pub format: u32,
    /// The version of `clom`, whose encoder and layout rules decide bytes too.
    pub clom: String,
    /// The community's name.
    pub community: String,
    /// The site's name.
    pub site: String,
    /// The device's id.
    pub device: String,
    /// The node this image is for, unless it is for any node of the site.
    pub node: Option<Node>,
    /// The host name, or the template of it that the node completes at first boot.
    pub hostname: String,
    /// The time stamp of what the build adds, seconds since 1970.
    pub epoch: u32,
    /// Where kernel, root file system and container come from.
    pub source: Source,
    /// How the root file system is written.
    pub squashfs: SquashfsPlan,
    /// The agent in the image.
    pub agent: Option<AgentPlan>,
    /// Packages that the image must have.
    pub packages_wanted: Vec<String>,
    /// Packages that the image must not have.
    pub packages_unwanted: Vec<String>,
    /// Packages that are installed into the source's root file system, and removed from it.
    #[serde(skip_serializing_if = "PackagesPlan::is_empty", default)]
    pub packages: PackagesPlan,
    /// Init scripts that are linked to start.
    pub services_enabled: Vec<String>,
    /// Init scripts that are not.
    pub services_disabled: Vec<String>,
    /// Whether the root password is set.
    pub root_password: bool,
    /// What is laid over the source's root file system, by path on the node.
    pub files: BTreeMap<String, PlannedFile>,
    /// UCI that is merged into the source's own file, by package: canonical text.
    pub uci_merged: BTreeMap<String, String>,
    /// The largest image the device takes, in bytes.
    pub size_limit: Option<u64>,
    /// Whether the image holds a secret and so must not be published.
    pub holds_secrets: bool,
    /// SHA-256 over what must not be shown (the content of files with secrets); empty when there are none.
    #[serde(skip)]
    pub hidden: Vec<u8>,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its number in the site, which decides its addresses.
    pub number: Option<u32>,
}

/// A file the build reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name, without the folder: where it lies on this machine decides nothing.
    pub file: String,
    /// Its hex SHA-256.
    pub sha256: String,
    /// Its length in bytes.
    pub size: u64,
}

/// Where kernel, root file system and container come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Source {
    /// An image made by OpenWrt for this device.
    Donor {
        /// The image.
        image: Input,
    },
    /// OpenWrt's ImageBuilder: its kernel, and a root file system of packages alone.
    ImageBuilder {
        /// OpenWrt's version, where it says it.
        version: Option<String>,
        /// Its target.
        target: String,
        /// The device's kernel.
        kernel: Input,
        /// How they are put together: `plain` or `sysupgrade-tar`.
        layout: String,
    },
    /// A kernel and a root file system.
    Parts {
        /// The kernel, with the headers that the boot loader wants.
        kernel: Input,
        /// A squashfs or a tarball.
        rootfs: Input,
        /// How they are put together: `plain` or `sysupgrade-tar`, with its parameters.
        layout: String,
    },
    /// A QEMU machine.
    Lab {
        /// Its name.
        machine: String,
        /// The kernel.
        kernel: Input,
        /// The initramfs with the kernel's modules, if the kernel is modular.
        initramfs: Option<Input>,
        /// Hex SHA-256 of the userland's tree.
        userland: String,
    },
}

/// How the root file system is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SquashfsPlan {
    /// `xz`, `gzip` or `zstd`.
    pub compression: String,
    /// In bytes.
    pub block_size: u32,
    /// Whether the ARM branch filter is tried.
    pub arm_filter: bool,
    /// How hard the encoder works.
    pub effort: String,
}

/// Packages that come and go.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackagesPlan {
    /// Those that come, by name.
    pub installed: BTreeMap<String, PackagePlan>,
    /// Those that go, by name, and why.
    pub removed: BTreeMap<String, String>,
}

impl PackagesPlan {
    fn is_empty(&self) -> bool {
        self.installed.is_empty() && self.removed.is_empty()
    }
}

/// A package that is installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackagePlan {
    /// Its version.
    pub version: String,
    /// Hex SHA-256 of its file.
    pub sha256: String,
    /// Length of its file in bytes.
    pub size: u64,
    /// Where it lies.
    pub from: String,
}

/// The agent in the image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentPlan {
    /// The CPU kind it is built for.
    pub cpu: String,
    /// `lite` or `full`.
    pub tier: String,
    /// Hex SHA-256 of the binary.
    pub sha256: String,
    /// Length of the binary in bytes.
    pub size: u64,
}

/// A file, folder or link that is laid over the source's root file system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedFile {
    /// `file`, `dir` or `symlink`.
    pub kind: String,
    /// Permissions, octal.
    pub mode: String,
    /// Numeric owner and group, `uid:gid`.
    pub owner: String,
    /// Length in bytes, of a file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub size: Option<u64>,
    /// Hex SHA-256, of a file without secrets.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<String>,
    /// Where a symlink leads.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target: Option<String>,
    /// Whether it holds a secret.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub secret: bool,
    /// Who brought it: an overlay, a profile's file, a UCI section, the agent.
    pub from: String,
}

impl Plan {
    /// The Plan's hash: hex SHA-256 over its canonical JSON (no blanks, fields in the order above, maps sorted)
    /// and over what it must not show.
    pub fn hash(&self) -> String {
        // Serialising plain structs of strings and numbers to memory cannot fail.
        let text = serde_json::to_vec(self).unwrap_or_default();
        let mut hash = Sha256::new();
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
        hash.update(&self.hidden);
        hex::encode(hash.finalize())
    }

    /// The Plan as text for people and for `plan.json`.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// What the result's folder is called: `SITE-DEVICE`, then `-NODE`.
    pub fn result_name(&self) -> String {
        match &self.node {
            Some(node) => format!("{}-{}-{}", self.site, self.device, node.name),
            None => format!("{}-{}", self.site, self.device),
        }
    }

    /// What the names of the result's images begin with: the community and the result's name.
    pub fn prefix(&self) -> String {
        format!("{}-{}", self.community, self.result_name())
    }
}
