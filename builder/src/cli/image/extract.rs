//! `clom image extract`.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::image::{Image, extract};
use crate::terminal::clean;
use crate::ui::Ui;

const ABOUT: &str = "\
The folder gets, as far as the image has them: kernel, rootfs.squashfs, metadata.json, signature.ucert, other-NAME.bin for parts that \
are kept as they are, head.bin and tail.bin around a root file system in a file of unknown kind, and layout.json, which tells where each was. No name comes from the image but what stands behind `other-`.";

/// Write the parts of an image as files: kernel, rootfs.squashfs, metadata.json, signature.ucert, layout.json
#[derive(Debug, clap::Args)]
#[command(after_long_help = ABOUT)]
pub(super) struct Args {
    /// The image, or - for standard input
    file: PathBuf,
    /// The folder, which must be new or empty
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    let image = Image::read(&args.file)?;
    for file in extract::extract(&image, &args.output)? {
        super::event(ui, "extracted", &file);
        if super::for_people(ui) {
            let part = clean(&file.part);
            super::print(&format!("{:>10}  {}  ({part})\n", file.size, file.file))?;
        }
    }
    Ok(())
}
