//! The engine as a whole, on small libraries and a small typed profile of its own.

#![expect(dead_code, reason = "fields are there to be decoded")]

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;
use tempfile::TempDir;

use super::load::{Loaded, load_as};
use super::merged::{Merged, Node};
use super::shape::Shape;
use super::{Diagnostics, Library, Placed, SecretRef};

/// Like the real sections, but as small as the tests need.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Small {
    pub(super) system: System,
    pub(super) identity: Identity,
    pub(super) networks: BTreeMap<String, Network>,
    pub(super) packages: Packages,
    pub(super) files: Vec<FileEntry>,
    pub(super) wifi: Wifi,
    pub(super) device: Device,
    pub(super) node: NodeFacts,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct System {
    pub(super) timezone: Option<String>,
    pub(super) log_size: Option<u8>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Identity {
    pub(super) hostname: Option<String>,
    pub(super) community: Option<String>,
    pub(super) site: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Network {
    pub(super) proto: Proto,
    pub(super) address: Option<Address>,
    pub(super) mtu: Option<u16>,
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Proto {
    Static,
    Dhcp,
    None,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(super) struct Address(pub(super) std::net::Ipv4Addr);

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let address = text.parse().map(Address);
        address.map_err(|_| format!("`{text}` is no IPv4 address"))
    }
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Packages {
    pub(super) install: Vec<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileEntry {
    pub(super) path: String,
    pub(super) source: Placed<String>,
    pub(super) mode: Option<u32>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wifi {
    pub(super) channel: Option<Channel>,
    pub(super) sae: Option<SecretRef>,
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(untagged)]
pub(super) enum Channel {
    Number(u16),
    Word(String),
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Device {
    pub(super) title: Option<String>,
    pub(super) cpu: Option<String>,
    pub(super) target: Option<String>,
    pub(super) flash: Option<String>,
    pub(super) ram: Option<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct NodeFacts {
    pub(super) number: Option<u32>,
    pub(super) name: Option<String>,
}

/// A library in a temporary folder.
pub(super) struct Shelf {
    dir: TempDir,
}

impl Shelf {
    /// A community `net`, a site `valley` and a device `box`, each as bare as can be.
    pub(super) fn new() -> Self {
        let shelf = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        shelf
            .with("communities/net.toml", "")
            .with("sites/valley.toml", "community = \"net\"\n")
            .with(
                "devices/box.toml",
                "[device]\ntitle = \"Box 1\"\ncpu = \"mips\"\ntarget = \"ath79/tiny\"\nflash = \"8M\"\n",
            )
    }

    pub(super) fn with(self, path: &str, text: &str) -> Self {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn library(&self) -> Library {
        Library::open([self.dir.path().to_owned()]).unwrap()
    }

    pub(super) fn load(&self, node: Option<&str>) -> Result<Loaded, Diagnostics> {
        let shape = Shape::of::<Small>();
        load_as::<Small>(&self.library(), "valley", "box", node, &shape)
    }

    pub(super) fn merged(&self) -> Merged {
        self.load(None)
            .map_err(|problems| problems.to_string())
            .unwrap()
            .merged
    }

    pub(super) fn decoded(&self) -> Small {
        let decoded = self.merged().decode::<Small>();
        decoded.map_err(|problems| problems.to_string()).unwrap()
    }

    /// All problems as text, the temporary folder's name replaced.
    pub(super) fn problems(&self) -> String {
        self.problems_of(None)
    }

    pub(super) fn problems_of(&self, node: Option<&str>) -> String {
        let problems = match self.load(node) {
            Err(problems) => problems,
            Ok(loaded) => match loaded.merged.decode::<Small>() {
                Err(problems) => problems,
                Ok(_) => loaded.warnings,
            },
        };
        self.plain(&problems.to_string())
    }

    pub(super) fn plain(&self, text: &str) -> String {
        text.replace(self.dir.path().to_str().unwrap(), "LIB")
    }
}

fn words(node: Option<&Node>) -> String {
    node.map_or_else(|| "nothing".to_owned(), Node::to_inline)
}

mod diagnostics;
mod merging;
mod nodes;
mod secrets;
mod starters;
mod telling;
