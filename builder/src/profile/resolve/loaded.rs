//! From the layers of a build to its checked profile.

use std::path::{Path, PathBuf};

use super::{Folders, Names, Profile, resolve};
use crate::profile::diagnostics::Diagnostics;
use crate::profile::library::Library;
use crate::profile::load::Loaded;
use crate::profile::merged::Merged;
use crate::profile::path::KeyPath;
use crate::profile::raw::RawProfile;

/// Checks the merged layers of a build.
///
/// # Errors
/// All that is wrong with them, each with its place in the profile's files.
pub fn check(loaded: &Loaded, library: &Library) -> Result<Profile, Diagnostics> {
    let raw: RawProfile = loaded.merged.decode()?;
    let names = Names {
        community: Some(loaded.community.clone()),
        site: Some(loaded.site.clone()),
        device: Some(loaded.device.clone()),
        node: loaded.node.clone(),
    };
    let folders = LibraryFolders {
        merged: &loaded.merged,
        library,
    };
    resolve(&raw, &names, &folders).map_err(|problems| {
        problems
            .iter()
            .map(|problem| problem.diagnose(&loaded.merged))
            .collect()
    })
}

struct LibraryFolders<'a> {
    merged: &'a Merged,
    library: &'a Library,
}

impl Folders for LibraryFolders<'_> {
    fn folder_of(&self, key: &KeyPath) -> Option<PathBuf> {
        let origin = self.merged.origin(key)?;
        origin.directory().map(Path::to_owned)
    }

    /// `overlays/` beside each library's folder or in it.
    fn overlays(&self) -> Vec<PathBuf> {
        let roots = self.library.roots().iter();
        roots
            .flat_map(|root| {
                let beside = root.parent().map(|parent| parent.join("overlays"));
                [Some(root.join("overlays")), beside]
            })
            .flatten()
            .filter(|folder| folder.is_dir())
            .collect()
    }
}
