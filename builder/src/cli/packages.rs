//! `clom packages`: questions about the packages of an image.

use std::io::{ErrorKind, Write};

use anyhow::anyhow;
use clap::Subcommand;
use serde::Serialize;
use serde_json::{Map, Value};

use super::profile::LibraryArgs;
use super::sources::SourceArgs;
use crate::build::software::unsolvable;
use crate::build::{Inquiry, Request, inquire};
use crate::failure::{Class, Failure, OrFail};
use crate::packages::query;
use crate::packages::solve::Solution;
use crate::profile::resolve::PartsLayout;
use crate::terminal;
use crate::ui::{Mode, Ui};

const EXAMPLES: &str = "\
Examples:
  clom packages list valley -d tplink_archer-c7-v2            what the image has, what comes and goes, and why
  clom packages search valley -d tplink_archer-c7-v2 mesh     what the feeds have, by name and description
  clom packages why valley -d tplink_archer-c7-v2 libubox     the chain from what is wanted to this package
  clom packages tree valley -d tplink_archer-c7-v2 babeld     what it needs
  clom packages size valley -d tplink_archer-c7-v2            the largest first, and what each wanted one costs

The feeds are those that `clom update` pinned.";

/// Ask about the packages of an image: which, why, how big
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    library: LibraryArgs,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the packages: those of the source, those that come, those that go
    List {
        #[command(flatten)]
        of: Of,
        /// Only those that come or go
        #[arg(long)]
        changed: bool,
    },
    /// Search the feeds for a text in names and descriptions
    Search {
        #[command(flatten)]
        of: Of,
        /// The text
        text: String,
    },
    /// Tell why a package is in the image
    Why {
        #[command(flatten)]
        of: Of,
        /// The package
        package: String,
    },
    /// Show what packages need, as a tree
    Tree {
        #[command(flatten)]
        of: Of,
        /// Only this package and what it needs
        package: Option<String>,
    },
    /// Show how big the packages are, the largest first
    Size {
        #[command(flatten)]
        of: Of,
    },
}

/// Which image is meant.
#[derive(Debug, clap::Args)]
struct Of {
    /// The site
    site: String,
    /// The device
    #[arg(short, long)]
    device: String,
    /// A node of the site: its name, or a number
    #[arg(short, long)]
    node: Option<String>,
    /// OpenWrt's own image for the device, instead of the profile's source
    #[arg(long, value_name = "FILE")]
    donor: Option<std::path::PathBuf>,
    #[command(flatten)]
    sources: SourceArgs,
}

/// Runs the verb.
///
/// # Errors
/// When the image's source cannot be had, or its packages cannot be had together.
pub fn run(args: Args, ui: &Ui) -> Result<(), Failure> {
    let library = &args.library;
    match &args.verb {
        Verb::List { of, changed } => {
            let (inquiry, solution) = of.solve(library, ui)?;
            let mut list = query::list(&inquiry.catalogue.universe, &solution);
            if *changed {
                list.0.retain(|row| row.state != query::State::Kept);
            }
            answer("package", &list.0, &list, ui)
        }
        Verb::Search { of, text } => {
            let inquiry = of.inquire(library, ui)?;
            if inquiry.feeds == 0 {
                let error = anyhow!("no feed is pinned for {} on {}", of.site, of.device);
                return Err(
                    Failure::new(Class::Source, error).help(of.request(library)?.update_hint())
                );
            }
            let architectures = &inquiry.selection.software.architectures;
            let found = query::search(&inquiry.catalogue.universe, architectures, text);
            answer("found", &found.0, &found, ui)
        }
        Verb::Why { of, package } => {
            let (_, solution) = of.solve(library, ui)?;
            let why = query::why(&solution, package);
            answer("why", std::slice::from_ref(&why), &why, ui)
        }
        Verb::Tree { of, package } => {
            let (_, solution) = of.solve(library, ui)?;
            let tree = query::tree(&solution, package.as_deref());
            let tree = tree.ok_or_else(|| {
                let name = package.as_deref().unwrap_or_default();
                Failure::new(Class::Source, anyhow!("the image has no package {name}"))
                    .help("`clom packages list` shows what it has")
            })?;
            answer("branch", &tree.0, &tree, ui)
        }
        Verb::Size { of } => {
            let (_, solution) = of.solve(library, ui)?;
            let sizes = query::sizes(&solution);
            answer("size", std::slice::from_ref(&sizes), &sizes, ui)
        }
    }
}

impl Of {
    fn request(&self, library: &LibraryArgs) -> Result<Request, Failure> {
        let library = library.open()?;
        Ok(Request {
            lock: self.sources.lock(&library),
            mirror: self.sources.mirror(),
            offline: self.sources.offline,
            library,
            site: self.site.clone(),
            device: self.device.clone(),
            nodes: self.node.iter().cloned().collect(),
            donor: self.donor.clone(),
            imagebuilder: None,
            parts: None::<(_, _, PartsLayout)>,
            out: std::path::PathBuf::new(),
            allow_package_mismatch: false,
            force: false,
            threads: 0,
        })
    }

    fn inquire(&self, library: &LibraryArgs, ui: &Ui) -> Result<Inquiry, Failure> {
        inquire(&self.request(library)?, ui)
    }

    fn solve(&self, library: &LibraryArgs, ui: &Ui) -> Result<(Inquiry, Solution), Failure> {
        let request = self.request(library)?;
        let inquiry = inquire(&request, ui)?;
        let solution = inquiry.selection.solve(&inquiry.catalogue);
        let solution =
            solution.map_err(|error| unsolvable(error, inquiry.feeds, &request.update_hint()))?;
        Ok((inquiry, solution))
    }
}

/// Prints the answer: as text, or each value as an event.
fn answer<T: Serialize>(
    event: &str,
    values: &[T],
    text: &impl ToString,
    ui: &Ui,
) -> Result<(), Failure> {
    if ui.mode() == Mode::Json {
        for value in values {
            let value = serde_json::to_value(value).or_fail(Class::Other)?;
            let fields = match value {
                Value::Object(fields) => fields,
                other => Map::from_iter([(event.to_owned(), other)]),
            };
            ui.result(event, fields);
        }
        return Ok(());
    }
    let mut out = std::io::stdout().lock();
    // Names and descriptions are what feeds say.
    let text = terminal::clean_lines(&text.to_string());
    match writeln!(out, "{}", text.trim_end()) {
        // Whoever reads has seen enough (`| head`).
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.or_fail(Class::Output),
    }
}
