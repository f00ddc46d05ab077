//! What is cross-compiled: the agent in its tiers, and the lab machines' tools.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::tier::Tier;

/// One of the workspace's programs that run on routers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// The agent, `clomd`.
    Agent(Tier),
    /// The lab machines' tools, `clom-lab`.
    LabTools,
}

impl Program {
    /// The crate, which is also the name of its binary.
    pub fn krate(self) -> &'static str {
        match self {
            Self::Agent(_) => "clomd",
            Self::LabTools => "clom-lab",
        }
    }

    /// The folder of the cache that holds its binaries.
    pub(super) fn shelf(self) -> &'static str {
        match self {
            Self::Agent(_) => "agents",
            Self::LabTools => "lab-tools",
        }
    }

    /// The cargo features it is built with, besides no default ones.
    pub(super) fn features(self) -> Option<&'static str> {
        match self {
            Self::Agent(tier) => Some(tier.name()),
            Self::LabTools => None,
        }
    }

    /// The workspace's folders whose contents decide the binary.
    pub(super) fn folders(self) -> &'static [&'static str] {
        match self {
            Self::Agent(_) => &["agent", "builder/formats"],
            Self::LabTools => &["builder/lab", "builder/formats"],
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(tier) => write!(f, "agent ({tier})"),
            Self::LabTools => f.write_str("lab tools"),
        }
    }
}
