//! The command line: one file per verb.

pub mod agent;
pub mod build;
pub mod clean;
pub mod feed;
pub mod image;
pub mod keys;
pub mod mirror;
pub mod package;
pub mod packages;
pub mod profile;
pub mod serve;
pub mod sources;
pub mod update;
pub mod vm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::ui::Ui;

/// Builds OpenWrt-compatible firmware images for community clouds from TOML profiles.
#[derive(Debug, Parser)]
#[command(name = "clom", version, propagate_version = true, after_long_help = EXIT_CODES)]
struct Cli {
    /// Write progress and results as JSON, one object a line, to standard output.
    #[arg(long, global = true)]
    json: bool,
    /// Say nothing but errors.
    #[arg(short, long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Build(build::Args),
    Agent(agent::Args),
    Profile(profile::Args),
    Explain(profile::ExplainArgs),
    Image(image::Args),
    Keys(keys::Args),
    Package(package::Args),
    Packages(packages::Args),
    Feed(feed::Args),
    Update(update::Args),
    Mirror(mirror::Args),
    Vm(vm::Args),
    Serve(serve::Args),
    Clean(clean::Args),
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed for a reason not named below; `image diff`: the images differ
  2  wrong command line
  3  a profile, overlay or secret is missing or wrong
  4  a donor image, kernel or other source is missing, damaged or of an unknown kind, or could not be fetched
  5  the image is too big for the device, or the agent is over its budget
  6  this machine lacks a tool, a compiler or a package
  7  a machine did not boot, or not as asked
  8  the output or the cache could not be written
  9  a signature is missing or wrong, or by a key that is not trusted";

/// Runs `clom` and gives its exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let ui = Ui::choose(cli.json, cli.quiet);
    match run(cli.verb, &ui) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(failure.class() as u8)
        }
    }
}

fn run(verb: Verb, ui: &Ui) -> Result<ExitCode, Failure> {
    match verb {
        Verb::Build(args) => build::run(args, ui)?,
        Verb::Agent(args) => agent::run(args, ui)?,
        Verb::Profile(args) => profile::run(args, ui)?,
        Verb::Explain(args) => profile::run_explain(args, ui)?,
        Verb::Image(args) => return image::run(args, ui),
        Verb::Keys(args) => keys::run(args, ui)?,
        Verb::Packages(args) => packages::run(args, ui)?,
        Verb::Package(args) => package::run(args, ui)?,
        Verb::Feed(args) => feed::run(args, ui)?,
        Verb::Mirror(args) => mirror::run(args, ui)?,
        Verb::Update(args) => update::run(args, ui)?,
        Verb::Vm(args) => vm::run(args, ui)?,
        Verb::Serve(args) => serve::run(args, ui)?,
        Verb::Clean(args) => clean::run(args, ui)?,
    }
    Ok(ExitCode::SUCCESS)
}
