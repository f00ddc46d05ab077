//! `clom image tree`.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::image::{Image, tree};
use crate::ui::{Mode, Ui};

/// List the files of an image's root file system, as `ls -lnR` does.
///
/// With --json, one object a line for each.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The image, or - for standard input
    file: PathBuf,
    /// What to list: a folder with all below it, or a file
    #[arg(default_value = "/")]
    path: String,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    let image = Image::read(&args.file)?;
    let listing = tree::list(&image, &args.path)?;
    if ui.mode() == Mode::Json {
        for entry in listing.entries() {
            super::event(ui, "entry", &entry);
        }
        return Ok(());
    }
    super::print(&listing.to_text())
}
