//! Arguments of verbs that get files: the lock, the mirror, the network.

use std::path::PathBuf;

use crate::lock;
use crate::profile::Library;

/// Where files come from.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SourceArgs {
    /// The lock, which pins every file that may be fetched [default: clom.lock in the first profile library]
    #[arg(long, value_name = "FILE", env = "CLOM_LOCK")]
    lock: Option<PathBuf>,
    /// Take everything from an offline mirror that `clom mirror` made: a folder, or the address where `clom serve` serves it
    #[arg(long, value_name = "DIR", env = "CLOM_MIRROR")]
    mirror: Option<String>,
    /// Use no network: only what was fetched before, or lies on this machine
    #[arg(long)]
    pub offline: bool,
}

impl SourceArgs {
    /// The lock's file.
    pub fn lock(&self, library: &Library) -> PathBuf {
        let root = library.roots().first();
        self.lock.clone().unwrap_or_else(|| match root {
            Some(root) => root.join(lock::NAME),
            None => lock::NAME.into(),
        })
    }

    /// The offline mirror.
    pub fn mirror(&self) -> Option<String> {
        self.mirror.clone().filter(|mirror| !mirror.is_empty())
    }
}
