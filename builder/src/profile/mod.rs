//! Profiles: TOML layers that are merged into one description of an image.
//!
//! Layers are laid over each other, later wins: built-in defaults < community < site < device < node. Each value of the
//! [merged profile](Merged) knows every layer that had a say in it.

pub mod check;
pub mod diagnostics;
pub mod discover;
pub mod explain;
pub mod facts;
pub mod layer;
pub mod library;
pub mod load;
pub mod merged;
pub mod path;
pub mod placed;
pub mod provenance;
pub mod raw;
pub mod render;
pub mod resolve;
pub mod schema;
pub mod secrets;
pub mod shape;
pub mod show;
pub mod source;
pub mod starter;
pub mod value;
pub mod when;

mod chain;
mod decode;
mod decode_error;
mod decode_report;
mod mask;
pub mod merge;
mod parse;
mod shipped;
pub(crate) mod suggest;

use std::sync::LazyLock;

pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use library::Library;
pub use load::Loaded;
pub use merged::Merged;
pub use path::KeyPath;
pub use placed::Placed;
pub use resolve::Profile;
pub use secrets::{SecretRef, SecretString};
pub use shape::Shape;
pub use source::{Kind, LayerId, Origin, Place};

/// What the typed sections allow where.
static SHAPE: LazyLock<Shape> = LazyLock::new(Shape::of::<raw::RawProfile>);

/// What a profile may hold where.
pub fn shape() -> &'static Shape {
    &SHAPE
}

/// Finds, reads and merges the layers for a site, a device and, if given, a node: its name, or a number.
///
/// # Errors
/// All that is wrong with the layers and with how they fit together.
pub fn load(
    library: &Library,
    site: &str,
    device: &str,
    node: Option<&str>,
) -> Result<Loaded, Diagnostics> {
    load::load_as::<raw::RawProfile>(library, site, device, node, shape())
}

#[cfg(test)]
mod tests;
