//! `clom mirror`: an offline mirror of everything that builds fetch.

use std::path::PathBuf;

use indicatif::HumanBytes;
use serde_json::{Value, json};

use super::profile::LibraryArgs;
use super::sources::SourceArgs;
use crate::failure::Failure;
use crate::mirror::{Request, mirror};
use crate::ui::{Mode, Ui};

const EXAMPLES: &str = "\
Examples:
  clom update valley -d tplink_archer-c7-v2     first pin what the builds need
  clom mirror --to /media/stick/mirror          then copy all of it, with the agents
  clom build valley -d tplink_archer-c7-v2 --mirror /media/stick/mirror      builds without any network
  clom serve /media/stick/mirror --listen 0.0.0.0:8080                       serves it to routers as feeds";

/// Copy everything that builds fetch into one folder, for places without a network
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    library: LibraryArgs,
    #[command(flatten)]
    sources: SourceArgs,
    /// The mirror's folder; what it has already is kept
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Leave out the cloud agent; then the builds need a compiler
    #[arg(long)]
    no_agents: bool,
}

/// Runs the verb.
///
/// # Errors
/// When something pinned cannot be had any more, or the folder cannot be written.
pub fn run(args: Args, ui: &Ui) -> Result<(), Failure> {
    let library = args.library.open()?;
    let request = Request {
        lock: args.sources.lock(&library),
        library,
        to: args.to,
        from: args.sources.mirror(),
        offline: args.sources.offline,
        no_agents: args.no_agents,
    };
    let mirrored = mirror(&request, ui)?;
    let fields = json!({
        "files": mirrored.files, "bytes": mirrored.bytes, "new": mirrored.new, "agents": mirrored.agents,
    });
    if let Value::Object(fields) = fields {
        ui.result("mirrored", fields);
    }
    if matches!(ui.mode(), Mode::Terminal | Mode::Plain) {
        println!(
            "{}: {} files ({} new), {}, and {} agents",
            request.to.display(),
            mirrored.files,
            mirrored.new,
            HumanBytes(mirrored.bytes),
            mirrored.agents.len()
        );
    }
    Ok(())
}
