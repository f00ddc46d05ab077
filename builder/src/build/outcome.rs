//! What a build gave: the images, and what a machine wants to know of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::output;
use super::plan::Plan;

/// The name of the list of images in each result.
pub const MANIFEST: &str = "manifest.json";

/// One file of the result that is flashed or booted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Built {
    /// What it is: `sysupgrade`, `factory`, `kernel`, `initramfs`, `rootfs`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name in the result's folder.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its hex SHA-256.
    pub sha256: String,
}

/// What a build gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The result's folder.
    #[serde(skip)]
    pub dir: PathBuf,
    /// Whether it was there already.
    #[serde(skip)]
    pub up_to_date: bool,
    /// The hex SHA-256 of the Plan.
    pub plan: String,
    /// The community.
    pub community: String,
    /// The site.
    pub site: String,
    /// The device.
    pub device: String,
    /// The node, if it is for one.
    pub node: Option<String>,
    /// The time stamp of what the build added, seconds since 1970.
    pub epoch: u32,
    /// Whether it holds a secret and must not be published.
    pub holds_secrets: bool,
    /// The images.
    pub images: Vec<Built>,
    /// The packages installed in the root file system, with their versions.
    pub packages: BTreeMap<String, String>,
}

impl Outcome {
    pub(super) fn new(
        dir: &Path,
        plan: &Plan,
        hash: String,
        images: Vec<Built>,
        packages: BTreeMap<String, String>,
    ) -> Self {
        Self {
            dir: dir.to_owned(),
            up_to_date: false,
            plan: hash,
            community: plan.community.clone(),
            site: plan.site.clone(),
            device: plan.device.clone(),
            node: plan.node.as_ref().map(|node| node.name.clone()),
            epoch: plan.epoch,
            holds_secrets: plan.holds_secrets,
            images,
            packages,
        }
    }

    /// The result in `dir`, if it is of the Plan with this hash and all its files are unchanged.
    pub fn existing(dir: &Path, hash: &str) -> Option<Self> {
        let mut outcome = Self::read(dir)?;
        let names: Vec<String> = outcome
            .images
            .iter()
            .map(|image| image.name.clone())
            .collect();
        outcome.up_to_date = true;
        (outcome.plan == hash && output::verifies(dir, &names)).then_some(outcome)
    }

    /// The result in `dir`, as its manifest describes it; its files are not checked.
    pub fn read(dir: &Path) -> Option<Self> {
        let text = fs::read(dir.join(MANIFEST)).ok()?;
        let mut outcome: Self = serde_json::from_slice(&text).ok()?;
        outcome.dir = dir.to_owned();
        Some(outcome)
    }

    /// The image of this kind.
    pub fn image(&self, kind: &str) -> Option<PathBuf> {
        let image = self.images.iter().find(|image| image.kind == kind)?;
        Some(self.dir.join(&image.name))
    }

    /// The text of `manifest.json`.
    pub fn manifest(&self) -> String {
        // Plain strings and numbers: cannot fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The fields of the event `built`.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut fields = match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        fields.remove("packages");
        fields.insert(
            "dir".into(),
            Value::String(self.dir.to_string_lossy().into_owned()),
        );
        fields.insert("up_to_date".into(), Value::Bool(self.up_to_date));
        fields
    }
}
