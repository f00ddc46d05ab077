//! `clom image`: looks into images, proves them, and gives them another root file system.

mod cat;
mod diff;
mod extract;
mod inspect;
mod prove;
mod repack;
mod tree;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::failure::{Class, Failure, OrFail};
use crate::ui::{Mode, Ui};

const EXAMPLES: &str = "\
Examples:
  clom image inspect openwrt-...-squashfs-sysupgrade.bin        what is in it, with checksums and a map
  clom image prove *.bin                                        can they be put together again, bit for bit?
  clom image cat FIRMWARE.bin /etc/openwrt_release
  clom image diff OLD.bin NEW.bin
  clom image extract FIRMWARE.bin --output parts
  clom image repack FIRMWARE.bin --rootfs root/ --output new.bin

FILE can be - for standard input. Nothing needs root rights, and no image is ever changed in place.";

/// Look into images, prove them, and give them another root file system
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Inspect(inspect::Args),
    Prove(prove::Args),
    Repack(repack::Args),
    Extract(extract::Args),
    Diff(diff::Args),
    Tree(tree::Args),
    Cat(cat::Args),
}

/// Runs `clom image`; the exit code is that of a verb that succeeded.
///
/// # Errors
/// When an image cannot be read, proven or written.
pub fn run(args: Args, ui: &Ui) -> Result<ExitCode, Failure> {
    match args.verb {
        Verb::Inspect(args) => inspect::run(&args, ui)?,
        Verb::Prove(args) => prove::run(&args, ui)?,
        Verb::Repack(args) => repack::run(&args, ui)?,
        Verb::Extract(args) => extract::run(&args, ui)?,
        Verb::Diff(args) => return diff::run(&args, ui),
        Verb::Tree(args) => tree::run(&args, ui)?,
        Verb::Cat(args) => cat::run(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a verb's result for people. A reader that has gone away (`| head`) is no error.
pub(in crate::cli) fn print(text: &str) -> Result<(), Failure> {
    gone_is_fine(std::io::stdout().lock().write_all(text.as_bytes()))
}

fn gone_is_fine(written: std::io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).or_fail(Class::Output),
        _ => Ok(()),
    }
}

/// Writes a verb's result for machines.
fn event(ui: &Ui, event: &str, value: &impl Serialize) {
    let fields = match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    ui.result(event, fields);
}

/// Whether a summary for people is wanted.
pub(in crate::cli) fn for_people(ui: &Ui) -> bool {
    matches!(ui.mode(), Mode::Terminal | Mode::Plain)
}
