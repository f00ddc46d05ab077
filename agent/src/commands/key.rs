//! `clomd key show`.

use super::print;
use crate::cli::Places;
use crate::disk;
use crate::exit::{Code, Failure};
use crate::run;

/// Prints the node's public id.
pub(super) fn show(places: &Places) -> Result<(), Failure> {
    let path = run::key_path(places)?;
    let found = disk::load(&path).map_err(|error| Failure::new(Code::Key, error))?;
    print(&format!("{}\n", found.key.id()))
}
