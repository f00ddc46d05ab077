//! `clom update`: looks up what builds need, and pins it.

use serde_json::{Value, json};

use super::profile::LibraryArgs;
use super::sources::SourceArgs;
use crate::failure::{Class, Failure, OrFail};
use crate::lock::Build;
use crate::ui::{Mode, Ui};
use crate::update::{Request, Updated, update};

const EXAMPLES: &str = "\
Examples:
  clom update valley -d tplink_archer-c7-v2     pin what this build needs
  clom update                                   look up all builds of the lock as they are now
  clom update --dry-run                         only show what would change

The lock, clom.lock in the profile library, pins the image of the release, the feeds' indexes and the packages by SHA-256, size and
origin. Builds fetch nothing else. Keep it with the profiles. What is fetched stays in the content store, so that builds need no network
afterwards. A server that is silent for 30 seconds is given up for another; CLOM_STALL_TIMEOUT is another number of seconds.";

/// Look up what builds need (image, feeds, packages), and pin it in the lock
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    library: LibraryArgs,
    /// The site; without it all builds of the lock are looked up
    #[arg(requires = "devices")]
    site: Option<String>,
    /// A device; can be given several times
    #[arg(short, long = "device", value_name = "DEVICE", requires = "site")]
    devices: Vec<String>,
    #[command(flatten)]
    sources: SourceArgs,
    /// Show what would change, and leave the lock as it is
    #[arg(long)]
    dry_run: bool,
}

/// Runs the verb.
///
/// # Errors
/// When something cannot be had or is not to be trusted.
pub fn run(args: Args, ui: &Ui) -> Result<(), Failure> {
    let library = args.library.open()?;
    let site = args.site.unwrap_or_default();
    let builds = args.devices.into_iter().map(|device| Build {
        site: site.clone(),
        device,
    });
    let request = Request {
        builds: builds.collect(),
        lock: args.sources.lock(&library),
        mirror: args.sources.mirror(),
        offline: args.sources.offline,
        library,
    };
    let updated = update(&request, ui)?;
    tell(&updated, ui);
    if !args.dry_run {
        updated.lock.write(&request.lock).or_fail(Class::Output)?;
    }
    if matches!(ui.mode(), Mode::Terminal | Mode::Plain) {
        let lock = request.lock.display();
        println!(
            "{}",
            match (updated.changes.is_empty(), args.dry_run) {
                (true, _) => format!("{lock} is up to date"),
                (false, true) => format!("{lock} would change; it is as it was"),
                (false, false) => format!("{lock} is written"),
            }
        );
    }
    Ok(())
}

fn tell(updated: &Updated, ui: &Ui) {
    for change in &updated.changes {
        ui.result(
            "change",
            [("change".to_owned(), json!(change.to_string()))]
                .into_iter()
                .collect(),
        );
    }
    for budget in &updated.budgets {
        let fields = json!({
            "site": budget.site, "device": budget.device, "image": budget.image, "packages": budget.come,
            "come": budget.new, "go": budget.gone, "limit": budget.limit,
        });
        if let Value::Object(fields) = fields {
            ui.result("budget", fields);
        }
    }
    if matches!(ui.mode(), Mode::Terminal | Mode::Plain) {
        for change in &updated.changes {
            println!("{change}");
        }
        for budget in &updated.budgets {
            println!("{budget}");
        }
    }
    for budget in updated.budgets.iter().filter(|budget| budget.is_tight()) {
        ui.warn(&format!(
            "{} on {} will hardly fit: take packages out, or a device with more flash",
            budget.site, budget.device
        ));
    }
}
