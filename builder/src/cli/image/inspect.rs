//! `clom image inspect`.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::image::{Image, inspect, text};
use crate::ui::{Mode, Ui};

/// Show what is in an image: containers, checksums, kernel, root file system, packages, metadata, and a map of it all.
///
/// Works on anything; a checksum that does not hold is shown and fails nothing. Says plainly what it does not know.
/// With --json, one object.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The image, or - for standard input
    file: PathBuf,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    let image = Image::read(&args.file)?;
    let report = inspect::inspect(&image);
    if ui.mode() == Mode::Json {
        super::event(ui, "image", &report);
        return Ok(());
    }
    super::print(&text::inspect(&report))
}
