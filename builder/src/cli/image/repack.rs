//! `clom image repack`.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::image::{Image, repack};
use crate::ui::Ui;

const ABOUT: &str = "\
A squashfs goes in as it is, without the padding behind it. A tarball or a folder is written as squashfs with the image's own options \
(compressor, block size, time); a folder's files all belong to root then, and keep their modes.

The image must prove (see `clom image prove`), and the result is proven before it is written. Signatures are left out, since they \
are over the image's own bytes. OUTPUT is written as a whole or not at all.";

/// Make the same image with another root file system
#[derive(Debug, clap::Args)]
#[command(after_long_help = ABOUT)]
pub(super) struct Args {
    /// The image, or - for standard input; it stays as it is
    file: PathBuf,
    /// The new root file system: a squashfs, a tar file (also .gz, .xz, .zst), or a folder
    #[arg(long, value_name = "NEW")]
    rootfs: PathBuf,
    /// Where to write the new image
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<(), Failure> {
    let image = Image::read(&args.file)?;
    let made = repack::repack(&image, &args.rootfs, &args.output, ui)?;
    super::event(ui, "repacked", &made);
    if made.signatures_removed > 0 {
        ui.warn(&format!(
            "left out {} signature(s), which are over the image's own bytes and cannot hold for others",
            made.signatures_removed
        ));
    }
    if super::for_people(ui) {
        super::print(&format!(
            "{}\n  {} bytes ({} before), root file system {} bytes ({} before)\n",
            made.output, made.size, made.donor_size, made.rootfs_size, made.donor_rootfs_size
        ))?;
    }
    Ok(())
}
