//! `clom image cat`.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::image::{Image, cat};

/// Write one file of an image's root file system to standard output.
///
/// Links are followed inside the image.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The image, or - for standard input
    file: PathBuf,
    /// The file in it, such as /etc/openwrt_release
    path: String,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let image = Image::read(&args.file)?;
    let content = cat::content(&image, &args.path)?;
    super::gone_is_fine(cat::write(&content, &mut std::io::stdout().lock()))
}
