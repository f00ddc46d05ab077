//! `clom build`: from a profile to images.

use std::path::PathBuf;

use anyhow::anyhow;
use serde_json::{Map, Value};

use super::profile::LibraryArgs;
use super::sources::SourceArgs;
use crate::build::{self, Outcome, Request};
use crate::failure::{Class, Failure};
use crate::profile::resolve::PartsLayout;
use crate::ui::{Mode, Ui};

const EXAMPLES: &str = "\
Examples:
  clom build lone-village -d lab-mips                     one image for any node of the site
  clom build lone-village -d lab-mips -n 1-20             twenty images, one for each node
  clom build valley -d tplink_archer-c7-v2                with the image and packages that `clom update` pinned
  clom build valley -d tplink_archer-c7-v2 --mirror DIR   from an offline mirror that `clom mirror` made
  clom build valley -d tplink_archer-c7-v2 --donor openwrt-...-squashfs-sysupgrade.bin
  clom build valley -d tplink_archer-c7-v2 --imagebuilder openwrt-imagebuilder-...tar.zst
  clom build valley -d tplink_archer-c7-v2 --dry-run      what would decide the bytes

The result is a folder OUT/SITE-DEVICE[-NODE] with the images, sha256sums, manifest.json, plan.json, the list of installed
packages (.manifest), a CycloneDX bill of materials (.bom.cdx.json) and the licences (.licenses.txt). It is replaced as a whole when all of it is written; a build that fails or is interrupted leaves it as it was.";

/// Build the images of a site for a device
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    library: LibraryArgs,
    /// The site
    site: String,
    /// The device
    #[arg(short, long)]
    device: String,
    /// A node of the site, by name or number, or a range of numbers (1-20); can be given several times
    #[arg(short, long = "node", value_name = "NODE")]
    nodes: Vec<String>,
    /// OpenWrt's own image for the device, instead of the profile's source
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kernel", "rootfs"])]
    donor: Option<PathBuf>,
    /// OpenWrt's ImageBuilder for the device's target, the file or its folder, instead of the profile's source: its kernel, and a root
    /// file system made of packages alone
    #[arg(long, value_name = "FILE", conflicts_with_all = ["donor", "kernel", "rootfs"])]
    imagebuilder: Option<PathBuf>,
    /// A kernel with the headers that the boot loader wants, instead of the profile's source
    #[arg(long, value_name = "FILE", requires = "rootfs")]
    kernel: Option<PathBuf>,
    /// A root file system: squashfs, or a tar file (also .gz, .xz, .zst)
    #[arg(long, value_name = "FILE", requires = "kernel")]
    rootfs: Option<PathBuf>,
    /// How kernel and root file system are put together: plain or sysupgrade-tar
    #[arg(long, default_value = "plain", value_parser = layout)]
    layout: PartsLayout,
    /// The output folder
    #[arg(short, long, value_name = "DIR", default_value = "out")]
    output: PathBuf,
    /// Print the Plan, which is everything that decides the bytes, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Build even if the output folder has the result of this Plan
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    sources: SourceArgs,
    /// Leave the source's packages as they are, and go on when they are not those the profile wants
    #[arg(long)]
    allow_package_mismatch: bool,
    /// Threads to compress with; the bytes are the same with any number [default: one for each core]
    #[arg(short = 'j', long, value_name = "N")]
    threads: Option<usize>,
}

fn layout(text: &str) -> Result<PartsLayout, String> {
    PartsLayout::new(text).map_err(|fault| match fault.help {
        Some(help) => format!("{}; {help}", fault.message),
        None => fault.message,
    })
}

/// Runs the verb.
///
/// # Errors
/// Whatever keeps the images from being built.
pub fn run(args: Args, ui: &Ui) -> Result<(), Failure> {
    let library = args.library.open()?;
    let layout = args.layout;
    let request = Request {
        lock: args.sources.lock(&library),
        mirror: args.sources.mirror(),
        offline: args.sources.offline,
        library,
        site: args.site,
        device: args.device,
        nodes: ranges(&args.nodes)?,
        donor: args.donor,
        imagebuilder: args.imagebuilder.map(|path| (path, layout)),
        parts: args
            .kernel
            .zip(args.rootfs)
            .map(|(kernel, rootfs)| (kernel, rootfs, layout)),
        out: args.output,
        allow_package_mismatch: args.allow_package_mismatch,
        force: args.force,
        threads: args.threads.unwrap_or(0),
    };
    if args.dry_run {
        for planned in build::plan(&request, ui)? {
            print_plan(&planned, ui);
        }
        return Ok(());
    }
    for outcome in build::build(&request, ui)? {
        if matches!(ui.mode(), Mode::Terminal | Mode::Plain) {
            print!("{}", summary(&outcome));
        }
    }
    Ok(())
}

fn print_plan(planned: &build::Planned, ui: &Ui) {
    match ui.mode() {
        Mode::Json => {
            let mut fields = Map::new();
            fields.insert("sha256".into(), Value::String(planned.plan.hash()));
            fields.insert(
                "plan".into(),
                serde_json::to_value(&planned.plan).unwrap_or_default(),
            );
            ui.result("plan", fields);
        }
        _ => print!("{}", planned.plan.to_json()),
    }
}

fn summary(outcome: &Outcome) -> String {
    let mut text = format!("{}\n", outcome.dir.display());
    for image in &outcome.images {
        text += &format!(
            "  {:<12} {:>10} bytes  {}\n",
            image.kind, image.size, image.name
        );
    }
    if outcome.holds_secrets {
        text += "  holds secrets: do not publish (the images are readable by you only)\n";
    }
    text
}

/// `7`, `well`, `1-20` as single nodes, each once, in the order given.
fn ranges(nodes: &[String]) -> Result<Vec<String>, Failure> {
    let mut single: Vec<String> = Vec::new();
    let mut add = |node: String| {
        if !single.contains(&node) {
            single.push(node);
        }
    };
    for node in nodes {
        let number = |text: &str| text.parse::<u32>().ok();
        match node
            .split_once('-')
            .map(|(first, last)| (number(first), number(last)))
        {
            Some((Some(first), Some(last))) if first <= last && last - first < 10_000 => {
                (first..=last).for_each(|number| add(number.to_string()));
            }
            Some((Some(_), Some(_))) => {
                let error = anyhow!(
                    "--node {node}: a range goes from the smaller number to the larger, 10000 at most"
                );
                return Err(Failure::new(Class::Other, error));
            }
            _ => add(node.clone()),
        }
    }
    Ok(single)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_stands_for_its_numbers() {
        let nodes = ["2-4", "well", "3", "the-mill"].map(str::to_owned);
        assert_eq!(ranges(&nodes).unwrap(), ["2", "3", "4", "well", "the-mill"]);
        assert!(
            ranges(&["4-2".to_owned()])
                .unwrap_err()
                .to_string()
                .contains("--node 4-2")
        );
    }
}
