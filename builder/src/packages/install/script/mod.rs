//! Packages' own scripts: which text is the package's own, whether it does anything in an image, and who runs it.
//!
//! OpenWrt's build puts the same lines before every package's own post-install text; what they do is done natively here.

mod preamble;
mod reader;

use std::fmt;

use openwrt_formats::tree::Tree;

pub(super) use preamble::own_text;
pub use reader::does_something;

/// A script that has to run.
#[derive(Debug, Clone, Copy)]
pub struct Script<'a> {
    /// The package.
    pub package: &'a str,
    /// "post-install" or "preinst".
    pub kind: &'static str,
    /// The text, of the language of OpenWrt's shell. The functions of the tree's `lib/functions.sh` are to be there, and
    /// `IPKG_INSTROOT`, `root` and `pkgname`.
    pub text: &'a [u8],
    /// The time of what it makes or changes, seconds since 1970.
    pub epoch: u32,
}

/// Why a script did not run to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptError {
    /// It failed, or was stopped.
    Failed {
        /// How: "ended with status 1", "did not end within 60 s".
        problem: String,
        /// The last lines of what it wrote.
        output: String,
    },
    /// This host cannot run scripts.
    Host(String),
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { problem, .. } | Self::Host(problem) => f.write_str(problem),
        }
    }
}

/// Runs scripts where they can do no harm.
pub trait RunScript {
    /// Runs a script over `tree`, and leaves in `tree` what it changed.
    ///
    /// # Errors
    /// [`ScriptError`]; `tree` is of no use then.
    fn run(&self, tree: &mut Tree, script: Script<'_>) -> Result<(), ScriptError>;
}

/// Runs nothing: for trees of which it is known that no script has to run.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoScripts;

impl RunScript for NoScripts {
    fn run(&self, _: &mut Tree, _: Script<'_>) -> Result<(), ScriptError> {
        Err(ScriptError::Host("scripts are not run here".into()))
    }
}

#[cfg(test)]
mod tests;
