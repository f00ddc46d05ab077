//! A profile that is read and merged, ready to be checked.

use super::diagnostics::Diagnostics;
use super::merged::Merged;
use super::source::LayerId;

/// All layers of one build, merged.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The merged values.
    pub merged: Merged,
    /// Id of the community that the site belongs to.
    pub community: String,
    /// Id of the site.
    pub site: String,
    /// Id of the device's entry in the library.
    pub device: String,
    /// Id of the node, if the build is for one; its number, if it has one, is `node.number` in the merged values.
    pub node: Option<String>,
    /// The layers that were merged, the lowest first, inherited ones included.
    pub layers: Vec<LayerId>,
    /// What is worth mending but does not keep the profile from being used.
    pub warnings: Diagnostics,
}
