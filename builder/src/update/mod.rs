//! `clom update`: looks up what builds need, and pins it.
//!
//! The lock is made anew from all builds it is for: those that are named are looked up as they are now on the servers, the others stay
//! with the indexes they have, unless they share a feed with a named one.

mod budget;
mod build;
mod feeds;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::anyhow;
use jiff::civil::Date;

pub use budget::Budget;

use crate::failure::{Class, Failure, OrFail};
use crate::lock::{Build, Change, Lock, changes};
use crate::obtain::Net;
use crate::profile::{Library, load};
use crate::ui::Ui;
use build::Updater;

/// When this was written. A clock that is before it is wrong, and can judge neither certificates nor when keys end.
const EARLIEST: Date = jiff::civil::date(2026, 11, 1);

/// What is to be updated.
#[derive(Debug)]
pub struct Request {
    /// Where the profiles are.
    pub library: Library,
    /// The builds to look up anew; all that the lock has when there are none.
    pub builds: Vec<Build>,
    /// The lock.
    pub lock: PathBuf,
    /// An offline mirror to take everything from.
    pub mirror: Option<String>,
    /// Use no network.
    pub offline: bool,
}

/// What an update found.
#[derive(Debug)]
pub struct Updated {
    /// The lock as it is to be.
    pub lock: Lock,
    /// What differs from the lock as it is.
    pub changes: Vec<Change>,
    /// What the builds that were looked up will weigh.
    pub budgets: Vec<Budget>,
}

/// Looks up what builds need. Nothing is written but the content store.
///
/// # Errors
/// When something cannot be had, is not signed by a trusted key, or the packages of a profile cannot be had together.
pub fn update(request: &Request, ui: &Ui) -> Result<Updated, Failure> {
    let today = today()?;
    let old = Lock::read(&request.lock)
        .or_fail(Class::Source)?
        .unwrap_or_default();
    let named: BTreeSet<Build> = match request.builds.as_slice() {
        [] => old.builds.iter().cloned().collect(),
        builds => builds.iter().cloned().collect(),
    };
    if named.is_empty() {
        let error = anyhow!("{} is for no builds yet", request.lock.display());
        return Err(Failure::new(Class::Other, error).help("say which: clom update SITE -d DEVICE"));
    }
    let net = Net::open(request.offline, ui);
    let mut updater = Updater::new(request, &old, &net, today, ui);
    for build in &named {
        updater.look_up(build, true)?;
    }
    for build in old.builds.iter().filter(|build| !named.contains(build)) {
        match load(&request.library, &build.site, &build.device, None) {
            Ok(_) => updater.look_up(build, false)?,
            Err(_) => ui.warn(&format!(
                "{} on {} is in the lock and no longer in the profiles: it is dropped",
                build.site, build.device
            )),
        }
    }
    let (lock, budgets) = updater.finish();
    Ok(Updated {
        changes: changes(&old, &lock),
        lock,
        budgets,
    })
}

/// Today, in UTC.
fn today() -> Result<Date, Failure> {
    let today = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    if today < EARLIEST {
        let error = anyhow!("this machine's clock says that today is {today}, which is past");
        return Err(Failure::new(Class::Host, error).help(
            "set the clock: without it neither certificates nor signing keys can be judged",
        ));
    }
    Ok(today)
}
