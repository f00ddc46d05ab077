//! `clom image diff`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;

use crate::failure::{Class, Failure};
use crate::image::{Image, diff};
use crate::ui::Ui;

const ABOUT: &str = "\
Compared are the containers, the kernel, the packages' versions, every option in /etc/config by its key, and the files: their types, \
modes, owners, sizes and bytes. Modification times do not count, but for whether the images are the same bit for bit.

Exit code: 0 the same bit for bit, 1 different, 4 an image is missing or damaged. With --json, one object; with --quiet, nothing.";

/// Show what differs between two images
#[derive(Debug, clap::Args)]
#[command(after_long_help = ABOUT)]
pub(super) struct Args {
    /// One image, or - for standard input
    a: PathBuf,
    /// The other image, or -
    b: PathBuf,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Failure> {
    if args.a.as_os_str() == "-" && args.b.as_os_str() == "-" {
        let error = anyhow!("standard input can be one of the two images only");
        return Err(Failure::new(Class::Source, error).help("give a file for the other"));
    }
    let (a, b) = (Image::read(&args.a)?, Image::read(&args.b)?);
    let difference = diff::diff(&a, &b)?;
    super::event(ui, "difference", &difference);
    if super::for_people(ui) {
        super::print(&diff::text(&difference))?;
    }
    Ok(match difference.identical {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(1),
    })
}
