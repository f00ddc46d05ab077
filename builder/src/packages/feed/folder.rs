//! Folders of packages as feeds.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use super::{Apk, Feed, FeedError, Opkg};
use crate::failure::{Class, Failure, OrFail};
use crate::keys::Signer;
use crate::packages::universe::Manager;
use crate::whole::Batch;

/// A feed that was made.
#[derive(Debug)]
pub struct Indexed {
    /// Whose it is.
    pub manager: Manager,
    /// How many packages it has.
    pub packages: usize,
    /// Its files.
    pub files: Vec<PathBuf>,
    /// What its maker should know.
    pub remarks: Vec<String>,
}

/// Makes the index of the packages in `folder` and puts it there. opkg's packages may lie in folders below. Without `manager` the
/// packages tell it. Until all is written, the old index stays as it is.
///
/// # Errors
/// [`Class::Source`] when there are no packages, of both managers, or damaged ones; [`Class::Profile`] for a key of the other manager;
/// [`Class::Output`].
pub fn index(
    folder: &Path,
    manager: Option<Manager>,
    architecture: Option<&str>,
    key: Option<&Signer>,
) -> Result<Indexed, Failure> {
    let ipks = packages(folder, "ipk", true)?;
    let apks = packages(folder, "apk", false)?;
    let manager = match (manager, ipks.is_empty(), apks.is_empty()) {
        (Some(manager), ..) => manager,
        (None, false, true) => Manager::Opkg,
        (None, true, false) => Manager::Apk,
        (None, true, true) => {
            let error = anyhow!("there are no packages in {}", folder.display());
            return Err(Failure::new(Class::Source, error)
                .help("for the index of an empty feed say --format ipk or --format apk"));
        }
        (None, false, false) => {
            let error = anyhow!("{} holds packages of opkg and of apk", folder.display());
            return Err(Failure::new(Class::Source, error)
                .help("put them into folders of their own, or choose with --format"));
        }
    };
    let paths = match manager {
        Manager::Opkg => ipks,
        Manager::Apk => apks,
    };
    let other = || {
        let error = anyhow!("the key is not one that {manager} knows");
        Failure::new(Class::Profile, error)
            .help("opkg's feeds are signed by keys that `clom keys new` makes, apk's by those of `clom keys new --apk`")
    };
    let feed = match (manager, key) {
        (Manager::Opkg, None | Some(Signer::Usign(_))) => {
            let mut feed = Opkg::new(architecture);
            each(folder, &paths, |path, bytes| feed.add(path, bytes))?;
            match key {
                Some(Signer::Usign(key)) => feed.finish(Some(key)),
                _ => feed.finish(None),
            }
        }
        (Manager::Apk, None | Some(Signer::Apk(_))) => {
            let mut feed = Apk::new(architecture);
            each(folder, &paths, |path, bytes| feed.add(path, bytes))?;
            let keys = match key {
                Some(Signer::Apk(key)) => std::slice::from_ref(key),
                _ => &[],
            };
            feed.finish(keys).map_err(failure)?
        }
        _ => return Err(other()),
    };
    put(folder, manager, feed)
}

fn put(folder: &Path, manager: Manager, feed: Feed) -> Result<Indexed, Failure> {
    let mut batch = Batch::new(folder)?;
    let mut files = Vec::new();
    for (name, bytes) in &feed.files {
        files.push(batch.add(name, bytes)?);
    }
    let signature = folder.join("Packages.sig");
    batch.commit()?;
    if manager == Manager::Opkg && !files.contains(&signature) && signature.exists() {
        // It would be of another index.
        fs::remove_file(&signature)
            .with_context(|| format!("cannot remove {}", signature.display()))
            .or_fail(Class::Output)?;
    }
    Ok(Indexed {
        manager,
        packages: feed.packages,
        files,
        remarks: feed.remarks,
    })
}

fn failure(error: FeedError) -> Failure {
    let help = error.help();
    Failure::new(Class::Source, error).help(help)
}

fn each(
    folder: &Path,
    paths: &[String],
    mut add: impl FnMut(&str, &[u8]) -> Result<(), FeedError>,
) -> Result<(), Failure> {
    for path in paths {
        let bytes = fs::read(folder.join(path))
            .with_context(|| format!("cannot read {}", folder.join(path).display()))
            .or_fail(Class::Source)?;
        add(path, &bytes).map_err(failure)?;
    }
    Ok(())
}

/// The paths of packages from `folder` on, sorted byte by byte. Folders that are symlinks are not entered.
fn packages(folder: &Path, ending: &str, deep: bool) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut todo = vec![(folder.to_owned(), String::new())];
    while let Some((path, inside)) = todo.pop() {
        let cannot = || format!("cannot read the folder {}", path.display());
        for entry in fs::read_dir(&path)
            .with_context(cannot)
            .or_fail(Class::Source)?
        {
            let entry = entry.with_context(cannot).or_fail(Class::Source)?;
            let name = entry.file_name();
            let Some(name) = name
                .to_str()
                .filter(|name| !name.contains(char::is_control))
            else {
                continue;
            };
            let here = format!("{inside}{name}");
            let kind = entry
                .file_type()
                .with_context(cannot)
                .or_fail(Class::Source)?;
            if kind.is_dir() && deep {
                todo.push((entry.path(), format!("{here}/")));
            } else if name.ends_with(&format!(".{ending}"))
                && !name.starts_with('.')
                && entry.path().is_file()
            {
                found.push(here);
            }
        }
    }
    found.sort();
    Ok(found)
}
