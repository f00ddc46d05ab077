//! Runs packages' own scripts over a root tree, where they can do no harm.
//!
//! The tree is written into a temporary folder, which together with the host's programs (read-only) is all that the script
//! sees; there is no network, and time, output and the size of files are limited. What it changed is read back. Bubblewrap
//! (`bwrap`) does the shutting in; root rights are not needed.
//!
//! ```text
//! /rootfs    the tree; IPKG_INSTROOT and `root` are this path, and the script starts there
//! /usr …     the host's, read-only: bash, sed, grep and what else scripts call
//! /clom      the script
//! ```
//!
//! Owners are not the host's to give: what was there keeps them, what is new is root's. Devices, pipes and sockets of the tree are
//! not written, and stay as they are.

mod folder;
mod run;

use std::path::PathBuf;
use std::time::Duration;

use openwrt_formats::tree::Tree;

use super::install::{RunScript, Script, ScriptError};

/// A sandbox for packages' scripts.
#[derive(Debug, Clone)]
pub struct Sandbox {
    /// How long one script may run.
    pub time: Duration,
    /// How many bytes one script may write to its output.
    pub output: u64,
    /// How many bytes a file that a script writes may have, and how many all files of the tree may have afterwards.
    pub size: u64,
    /// The program `bwrap`; `None` to look for it in the PATH.
    pub bubblewrap: Option<PathBuf>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(60),
            output: 16 << 20,
            size: 512 << 20,
            bubblewrap: None,
        }
    }
}

impl RunScript for Sandbox {
    fn run(&self, tree: &mut Tree, script: Script<'_>) -> Result<(), ScriptError> {
        let program = self.program()?;
        let host = |error: std::io::Error| {
            ScriptError::Host(format!("the temporary folder for it fails: {error}"))
        };
        let place = tempfile::tempdir().map_err(host)?;
        let root = place.path().join("rootfs");
        let written = folder::write(tree, &root).map_err(host)?;
        run::run(self, &program, place.path(), &script)?;
        folder::read_back(tree, &root, &written, script.epoch, self.size).map_err(|problem| {
            ScriptError::Failed {
                problem,
                output: String::new(),
            }
        })
    }
}

impl Sandbox {
    fn program(&self) -> Result<PathBuf, ScriptError> {
        if let Some(program) = &self.bubblewrap {
            return Ok(program.clone());
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut programs = std::env::split_paths(&path).map(|folder| folder.join("bwrap"));
        let found = programs.find(|program| program.is_file());
        found.ok_or_else(|| {
            ScriptError::Host("it needs bubblewrap, whose program bwrap is not in the PATH: install the package bubblewrap".into())
        })
    }
}

#[cfg(test)]
mod tests;
