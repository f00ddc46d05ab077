//! From files to a node that is ready to serve.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::Context;

use super::node::Node;
use super::{Ready, refused};
use crate::cli::Places;
use crate::config::{self, Community, Image, Problem, Problems, Settings};
use crate::disk::{self, Found};
use crate::exit::{Code, Failure};
use crate::logging;
use crate::root::Root;

/// No configuration file is larger than this.
const MOST: usize = 256 * 1024;

/// Reads everything and takes the lock; `None` when the node is disabled.
pub(super) fn start(places: &Places) -> Result<Option<Ready>, Failure> {
    let uci = places.uci(config::UCI);
    let settings = settings(&uci).map_err(|problems| refused(&problems))?;
    logging::set_level(settings.level);
    if !settings.enabled {
        log::info!("the node is disabled in UCI");
        return Ok(None);
    }
    let root = &places.root;
    let community = baked(&root.at(config::COMMUNITY), Community::read)?;
    let image = baked(&root.at(config::IMAGE), Image::read)?;

    let socket = root.at(&settings.socket);
    let folder = socket.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder)
        .with_context(|| format!("{}: cannot make the folder", folder.display()))?;
    let path = folder.join("clomd.lock");
    let lock = disk::lock(&path)
        .with_context(|| format!("{}: cannot lock", path.display()))?
        .ok_or_else(|| {
            let said = format!("{}: another agent is running", path.display());
            Failure::new(Code::Other, said)
        })?;

    let path = key(root, &settings);
    let found = disk::load_or_make(&path).map_err(|error| Failure::new(Code::Key, error))?;
    tell(&path, &found);
    Ok(Some(Ready {
        node: Rc::new(Node::new(
            root.clone(),
            settings,
            community,
            image,
            found.key.id(),
        )),
        uci,
        socket,
        _lock: lock,
    }))
}

/// Reads UCI and logs what is odd.
pub(super) fn settings(path: &Path) -> Result<Settings, Problems> {
    let (settings, warnings) = read(path)?;
    for warning in warnings {
        log::warn!("{warning}");
    }
    if settings.uplink.is_some() && !cfg!(feature = "full") {
        log::warn!("`agent.uplink_url` is ignored: only the full agent has an HTTPS client");
    }
    Ok(settings)
}

/// Reads UCI: the settings, and what is odd. A missing file means defaults.
pub(super) fn read(path: &Path) -> Result<(Settings, Vec<Problem>), Problems> {
    let file = path.display().to_string();
    let bytes = match disk::bounded(path, MOST) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            let what = format!("cannot read: {error}");
            return Err(Problem {
                file,
                line: None,
                what,
            }
            .into());
        }
    };
    let read = config::read(&file, &bytes)?;
    Ok((read.settings, read.warnings))
}

/// Where the node key lies.
pub(super) fn key(root: &Root, settings: &Settings) -> PathBuf {
    root.at(&settings.statedir).join("node.key")
}

fn baked<T>(path: &Path, read: fn(&str, &[u8]) -> Result<T, Problem>) -> Result<T, Failure> {
    let file = path.display().to_string();
    let parsed = match disk::bounded(path, MOST) {
        Ok(bytes) => read(&file, &bytes),
        Err(error) => {
            let what = format!("cannot read: {error}; `clom build` puts this file into the image");
            Err(Problem {
                file,
                line: None,
                what,
            })
        }
    };
    parsed.map_err(|problem| refused(&problem.into()))
}

fn tell(path: &Path, found: &Found) {
    if found.made {
        log::info!("{}: made the node key", path.display());
    }
    if let Some(mode) = found.was_open {
        log::warn!(
            "{}: others could use the node key (mode {mode:04o}); it is private again (0600), but consider whether \
             someone has copied it",
            path.display()
        );
    }
}
