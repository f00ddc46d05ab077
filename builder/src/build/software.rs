//! Packages: what the source's root tree has becomes what the profile wants.

use std::path::Path;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use openwrt_formats::tree::Tree;

use super::plan::{PackagePlan, PackagesPlan};
use super::supply::Supply;
use crate::failure::{Class, Failure, OrFail};
use crate::lock::Lock;
use crate::obtain::{Obtain, Pinned};
use crate::openwrt::{FeedLine, Place, Release};
use crate::packages::catalogue::{Catalogue, Index};
use crate::packages::install::{self, Archive, Change, Expected, Incoming, InstallError, Options};
use crate::packages::sandbox::Sandbox;
use crate::packages::selection::{OwnFile, Selection};
use crate::packages::software::Software;
use crate::packages::solve::{Origin, Removed, Solution, Unsolvable, Why};
use crate::packages::universe::{Manager, PackageId};
use crate::packages::wants;
use crate::profile::merged::Merged;
use crate::profile::resolve::Profile;
use crate::store::Sha256;

/// A root tree with its packages as the profile wants them.
#[derive(Debug)]
pub struct Changed {
    /// The tree.
    pub tree: Tree,
    /// What was done, for the Plan.
    pub plan: PackagesPlan,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// What is asked of a source's packages; `None` when it has no list of them. `tree` is the source's root tree.
///
/// # Errors
/// [`Class::Source`] when its list is damaged, or a package file of the profile is.
pub fn select(
    supply: &Supply,
    tree: &Tree,
    profile: &Profile,
    merged: &Merged,
) -> Result<Option<Selection>, Failure> {
    let scratch = supply.scratch();
    let software = match scratch {
        Some(scratch) => Some(scratch.software.clone()),
        None => Software::of(tree)
            .context("the packages of the source's root file system")
            .or_fail(Class::Source)?,
    };
    let Some(software) = software else {
        return Ok(None);
    };
    let (mut want, unwanted) = wants::of_profile(&profile.packages, merged);
    // What the profile wants comes first: the choice between packages of the same use is its.
    want.extend(
        scratch
            .map(|scratch| scratch.want.clone())
            .unwrap_or_default(),
    );
    let files = profile.packages.files.iter().map(|file| {
        let why = wants::at(&file.key, merged);
        own_file(&file.path, why)
    });
    let selection = Selection {
        files: files.collect::<Result<_, _>>()?,
        software,
        want,
        unwanted,
        spare: scratch
            .map(|scratch| scratch.files.clone())
            .unwrap_or_default(),
        alone: scratch.is_some(),
    };
    for file in &selection.files {
        if file.archive.manager() != selection.software.manager {
            let error = anyhow!(
                "{}: the source has {}, which takes no such packages",
                file.place,
                selection.software.manager
            );
            return Err(Failure::new(Class::Profile, error));
        }
    }
    Ok(Some(selection))
}

fn own_file(path: &Path, why: String) -> Result<OwnFile, Failure> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("cannot read the package {}", path.display()))
        .or_fail(Class::Profile)?;
    let archive = Archive::open(&bytes, &Expected::own(path.display().to_string()))
        .or_fail(Class::Profile)?;
    Ok(OwnFile {
        place: Place::File(path.to_owned()),
        sha256: Sha256::of(&bytes),
        size: bytes.len() as u64,
        archive,
        why,
    })
}

/// The feeds of an image: those that its system or the ImageBuilder lists, else those of its release, then those of the profile.
///
/// # Errors
/// [`Class::Source`] when the system's list has a line that is none.
pub fn feeds(
    supply: &Supply,
    tree: &Tree,
    selection: &Selection,
    profile: &Profile,
    release: Option<&Release>,
) -> Result<Vec<FeedLine>, Failure> {
    let manager = selection.software.manager;
    let scratch = supply.scratch();
    let mut lines = match scratch {
        Some(scratch) => scratch.feeds.clone(),
        None => FeedLine::of_tree(tree, manager)
            .context("the feeds of the source's root file system")
            .or_fail(Class::Source)?,
    };
    let release = release.or(scratch.and_then(|scratch| scratch.release.as_ref()));
    let target = profile.device.target.as_deref();
    let arch = selection
        .software
        .architecture()
        .or(profile.device.arch_packages.as_deref());
    if lines.is_empty()
        && let (Some(release), Some(target), Some(arch)) = (release, target, arch)
    {
        lines = FeedLine::usual(release, target, arch);
    }
    let release = release.map(Release::to_string);
    for feed in &profile.feeds {
        let place = feed.place_for(
            release.as_deref(),
            target.unwrap_or_default(),
            arch.unwrap_or_default(),
        );
        let place = place.ok_or_else(|| {
            let error = anyhow!(
                "feed `{}` ({}) asks for a release, and the source is none",
                feed.name,
                feed.place
            );
            Failure::new(Class::Profile, error).help("write the release instead of {release}")
        })?;
        lines.retain(|line| line.place != place);
        lines.push(FeedLine {
            name: feed.name.clone(),
            place,
            manager,
        });
    }
    Ok(lines)
}

/// The failure of a solver that found no solution, with the profile's words.
pub fn unsolvable(error: Unsolvable, feeds: usize, update: &str) -> Failure {
    let mut help = error.help.join("\n      ");
    if feeds == 0 {
        if !help.is_empty() {
            help += "\n      ";
        }
        help += &format!("no feed is pinned for this build: {update}");
    }
    let failure = Failure::new(
        Class::Source,
        anyhow!(
            "the packages that the profile wants cannot be had:\n  {}",
            error.to_string().replace('\n', "\n  ")
        ),
    );
    match help.is_empty() {
        true => failure,
        false => failure.help(help),
    }
}

/// Chooses the packages that an image is to have: without feeds where none are needed, since what removing alone can do needs no lock; else
/// with those that `feeds` gets, which also says how many there are. `cure` is what to do when there are none.
///
/// # Errors
/// What `feeds` says, or why the wishes cannot be met.
pub fn choose(
    selection: &Selection,
    cure: &str,
    feeds: impl FnOnce() -> Result<(Catalogue, usize), Failure>,
) -> Result<(Catalogue, Solution), Failure> {
    let catalogue = selection.catalogue();
    if let Some(solution) = selection.without_feeds(&catalogue) {
        return Ok((catalogue, solution));
    }
    let (catalogue, count) = feeds()?;
    match selection.solve(&catalogue) {
        Ok(solution) => Ok((catalogue, solution)),
        Err(error) => Err(unsolvable(error, count, cure)),
    }
}

/// Reads the pinned feeds of an image out of the lock. Feeds that the lock does not pin are not there.
///
/// # Errors
/// [`Class::Source`] when one cannot be had.
pub fn pinned_feeds(
    selection: &Selection,
    lines: &[FeedLine],
    lock: &Lock,
    obtain: &Obtain<'_>,
) -> Result<(Catalogue, usize), Failure> {
    let pinned: Vec<_> = lines
        .iter()
        .filter_map(|line| Some((line, lock.feed(&line.place)?)))
        .collect();
    let files: Vec<Pinned> = pinned
        .iter()
        .map(|(line, pin)| Pinned {
            what: format!("feed {}", line.name),
            place: pin.place.clone(),
            sha256: pin.sha256,
            size: pin.size,
        })
        .collect();
    let bytes = obtain.pinned(&files)?;
    let mut catalogue = selection.catalogue();
    for ((line, pin), bytes) in pinned.iter().zip(&bytes) {
        let index = Index::read_pinned(line.manager, bytes)
            .with_context(|| format!("the index of feed {} ({})", line.name, pin.place))
            .or_fail(Class::Source)?;
        catalogue.add(&line.name, line.place.clone(), index);
    }
    Ok((catalogue, pinned.len()))
}

/// The files of the packages that a solution installs, in its order, as the lock pins them.
///
/// # Errors
/// [`Class::Source`] when the lock does not pin one.
pub fn pinned_packages(
    selection: &Selection,
    solution: &Solution,
    catalogue: &Catalogue,
    lock: &Lock,
    update: &str,
) -> Result<Vec<(PackageId, Pinned)>, Failure> {
    let mut files = Vec::new();
    for (package, id) in from_feeds(solution) {
        let place = catalogue.place(id).or_fail(Class::Source)?;
        let own = selection.own(&place);
        let (sha256, size) = match (own, lock.package(&place)) {
            (Some(own), _) => (own.sha256, own.size),
            (None, Some(pin)) => (pin.sha256, pin.size),
            (None, None) => {
                let error = anyhow!(
                    "the lock does not pin package {} {} ({place})",
                    package.name,
                    package.version
                );
                return Err(Failure::new(Class::Source, error).help(update.to_owned()));
            }
        };
        let what = format!("package {} {}", package.name, package.version);
        files.push((
            id,
            Pinned {
                what,
                place,
                sha256,
                size,
            },
        ));
    }
    Ok(files)
}

/// The packages of a solution that come from feeds, in the order in which they are installed.
pub fn from_feeds(
    solution: &Solution,
) -> impl Iterator<Item = (&crate::packages::solve::Package, PackageId)> {
    solution
        .installs()
        .filter_map(|package| match package.origin {
            Origin::Feed(id) => Some((package, id)),
            Origin::Installed(_) | Origin::Kernel => None,
        })
}

/// Installs and removes, and says what was done.
///
/// # Errors
/// [`Class::Source`] when a package is damaged, or does not get along with what is there.
pub fn apply(
    base: &Tree,
    selection: &Selection,
    solution: &Solution,
    catalogue: &Catalogue,
    files: &[(PackageId, Pinned)],
    bytes: &[Bytes],
    epoch: u32,
) -> Result<Changed, Failure> {
    let mut change = Change {
        remove: solution
            .remove
            .iter()
            .map(|removed| removed.name.clone())
            .collect(),
        ..Change::default()
    };
    let mut plan = PackagesPlan::default();
    for ((package, id), ((_, file), bytes)) in from_feeds(solution).zip(files.iter().zip(bytes)) {
        let description = catalogue.universe.get(id);
        let mut expected = description.map(Expected::from).unwrap_or_default();
        let own = selection.own(&file.place).is_some();
        if own {
            // Its own name and version are what the description was made from.
            (expected.identity, expected.sha256) = (None, Some(*file.sha256.as_bytes()));
        }
        let archive = Archive::open(bytes, &expected).or_fail(Class::Source)?;
        change.install.push(Incoming {
            archive,
            file_size: file.size,
            wanted: package.named,
        });
        plan.installed.insert(
            package.name.clone(),
            PackagePlan {
                version: package.version.clone(),
                sha256: file.sha256.to_string(),
                size: file.size,
                from: match &file.place {
                    place if own => place.name().to_owned(),
                    // Where somebody keeps a folder is nothing that an image depends on.
                    place @ Place::File(_) => format!("{}/{}", place.parent().name(), place.name()),
                    place => place.to_string(),
                },
            },
        );
    }
    for removed in &solution.remove {
        plan.removed.insert(removed.name.clone(), reason(removed));
    }
    // What was there only for others and is wanted by name now.
    let named = solution.packages.iter().filter(|package| package.named);
    change.world = named
        .filter(|package| {
            selection
                .software
                .get(&package.name)
                .is_some_and(|present| !present.wanted)
        })
        .map(|package| package.name.clone())
        .collect();
    // As `make image` of an ImageBuilder asks for them; it is what keeps apk from ever replacing the kernel.
    if selection.alone && selection.software.manager == Manager::Apk {
        let fixed = selection.want.iter().filter_map(|want| {
            let (operator, version) = want.constraint.as_ref()?;
            Some(format!("{}{operator}{version}", want.name))
        });
        change.world.extend(fixed);
    }
    let sandbox = Sandbox::default();
    let mut tree = base.clone();
    let options = Options {
        epoch,
        architecture: selection.software.architecture().unwrap_or_default(),
        scripts: &sandbox,
    };
    let report = install::apply(&mut tree, selection.software.manager, change, &options);
    let report = report.and_then(|report| match selection.alone {
        true => install::prepare(&mut tree, &options).map(|()| report),
        false => Ok(report),
    });
    let report = report.map_err(|error| {
        let class = match &error {
            InstallError::Host { .. } => Class::Host,
            _ => Class::Source,
        };
        Failure::new(class, error)
    })?;
    let mut notes = report.notes;
    for removed in solution
        .remove
        .iter()
        .filter(|removed| matches!(removed.why, Why::NoLongerNeeded))
    {
        notes.push(format!(
            "{} {} is removed: {}",
            removed.name,
            removed.version,
            reason(removed)
        ));
    }
    for (name, closest) in &solution.without_effect {
        notes.push(match closest.first() {
            Some(close) => format!("{name} is unwanted and not there anyway: was {close} meant?"),
            None => format!("{name} is unwanted and not there anyway"),
        });
    }
    Ok(Changed { tree, plan, notes })
}

fn reason(removed: &Removed) -> String {
    match &removed.why {
        Why::Unwanted(who) => format!("unwanted by {who}"),
        Why::ReplacedBy(other) => format!("replaced by {other}"),
        Why::NoLongerNeeded => "no longer needed by any package".to_owned(),
    }
}
