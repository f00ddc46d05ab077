//! Why a profile cannot be rendered.

use openwrt_formats::uci::EditError;

use crate::profile::diagnostics::{Diagnostic, Diagnostics};
use crate::profile::merged::Merged;
use crate::profile::path::KeyPath;
use crate::profile::resolve::{Fault, Problem};

/// Why a profile cannot be rendered.
#[derive(Debug, Clone)]
pub enum RenderError {
    /// Values that are wrong, by key.
    Problems(Vec<Problem>),
    /// A secret that is not there; it knows its place.
    Secret(Box<Diagnostic>),
}

impl RenderError {
    pub(super) fn at(key: KeyPath, fault: Fault) -> Self {
        Self::Problems(vec![Problem { key, fault }])
    }

    /// As messages that point into the profile's files.
    pub fn diagnose(self, merged: &Merged) -> Diagnostics {
        match self {
            Self::Secret(diagnostic) => (*diagnostic).into(),
            Self::Problems(problems) => problems
                .iter()
                .map(|problem| problem.diagnose(merged))
                .collect(),
        }
    }
}

/// Only a value that UCI cannot hold can cause it, and sections check theirs.
impl From<EditError> for RenderError {
    fn from(error: EditError) -> Self {
        Self::at(
            KeyPath::root(),
            Fault::new(format!("UCI cannot hold a value: {error}")),
        )
    }
}
