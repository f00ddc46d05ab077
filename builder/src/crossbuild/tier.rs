//! How much of the agent a router gets, and what it may weigh.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// The agent's size classes: a cargo feature of crate `clomd` each.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lowercase")]
pub enum Tier {
    /// For routers from 8 MB of flash and 64 MB of RAM.
    Lite,
    /// For routers with room to run jobs and keep blobs.
    Full,
}

/// What one agent may weigh, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The binary as it is: the RAM its pages can take.
    pub raw: u64,
    /// The binary as one xz stream: about what it takes in a squashfs.
    pub xz: u64,
}

impl Tier {
    /// Both tiers, the smaller first.
    pub const ALL: [Self; 2] = [Self::Lite, Self::Full];

    /// The name in profiles, on the command line and of the cargo feature: `lite`, `full`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lite => "lite",
            Self::Full => "full",
        }
    }

    /// The bars of the design.
    pub fn budget(self) -> Budget {
        match self {
            Self::Lite => Budget {
                raw: 1_300_000,
                xz: 450_000,
            },
            Self::Full => Budget {
                raw: 3_000_000,
                xz: 800_000,
            },
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
