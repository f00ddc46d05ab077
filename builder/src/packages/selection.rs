//! What an image's packages are to become: from what its source has and its profile wants.

use openwrt_formats::opkg;

use super::catalogue::Catalogue;
use super::install::Archive;
use super::software::Software;
use super::solve::{Installed, Question, Solution, Unsolvable, Unwanted, Want, solve};
use super::universe::{Description, Manager};
use crate::openwrt::Place;
use crate::store::Sha256;

/// The feed of package files that the profile names itself.
pub const OWN: &str = "packages.files";

/// A package file of the user's own.
#[derive(Debug, Clone)]
pub struct OwnFile {
    /// The file.
    pub place: Place,
    /// Its hash.
    pub sha256: Sha256,
    /// Its length, bytes.
    pub size: u64,
    /// What is in it.
    pub archive: Archive,
    /// Who asks for it.
    pub why: String,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Selection {
    /// What the source has.
    pub software: Software,
    /// What is to be there.
    pub want: Vec<Want>,
    /// What is not to be there.
    pub unwanted: Vec<Unwanted>,
    /// The user's own files, which are to be there too.
    pub files: Vec<OwnFile>,
}

impl Selection {
    /// One line for each package that is not as asked; nothing when there is nothing to do.
    pub fn unmet(&self) -> Vec<String> {
        let installed = || {
            self.software
                .installed
                .iter()
                .map(|present| &present.description)
        };
        let has = |name: &str| installed().any(|package| goes_by(package, name));
        let missing = self.want.iter().filter(|want| !has(&want.name));
        let missing =
            missing.map(|want| format!("{} is wanted by {} and missing", want.name, want.why));
        let present = self
            .unwanted
            .iter()
            .filter(|not| installed().any(|package| is_named(package, &not.name)));
        let present =
            present.map(|not| format!("{} is unwanted by {} and installed", not.name, not.why));
        let files = self.files.iter().filter(|file| {
            !installed().any(|package| {
                package.name() == file.archive.name() && package.version() == file.archive.version()
            })
        });
        let files = files.map(|file| {
            format!(
                "{} is wanted by {} and not installed",
                file.archive.name(),
                file.why
            )
        });
        missing.chain(present).chain(files).collect()
    }

    /// A catalogue with the user's own files only, to which feeds are added.
    pub fn catalogue(&self) -> Catalogue {
        let mut catalogue = Catalogue::new(self.software.manager);
        let files = self
            .files
            .iter()
            .map(|file| (file.place.clone(), describe(file)));
        catalogue.add_files(OWN, files.collect());
        catalogue
    }

    /// The packages that the image is to have.
    ///
    /// # Errors
    /// [`Unsolvable`].
    pub fn solve(&self, catalogue: &Catalogue) -> Result<Solution, Unsolvable> {
        let installed: Vec<Installed> = self
            .software
            .installed
            .iter()
            .map(|present| Installed {
                description: present.description.clone(),
                wanted: present.wanted,
            })
            .collect();
        let own = self.files.iter().map(|file| Want {
            name: file.archive.name().to_owned(),
            constraint: Some(("=".to_owned(), file.archive.version().to_owned())),
            why: file.why.clone(),
            default: false,
        });
        let want: Vec<Want> = own.chain(self.want.iter().cloned()).collect();
        let kernel = self.software.get("kernel");
        solve(&Question {
            universe: &catalogue.universe,
            architectures: &self.software.architectures,
            installed: &installed,
            want: &want,
            unwanted: &self.unwanted,
            kernel: kernel.map(|kernel| kernel.description.version()),
        })
    }
}

fn describe(file: &OwnFile) -> Description {
    match &file.archive {
        Archive::Ipk(ipk) => {
            let package = opkg::Package {
                size: Some(file.size),
                ..ipk.package.clone()
            };
            Description::Opkg(Box::new(package))
        }
        Archive::Apk(package) => {
            let mut info = package.info.clone();
            info.file_size = file.size;
            Description::Apk(Box::new(info))
        }
    }
}

/// Whether a package has this name, with or without its ABI version.
fn is_named(package: &Description, name: &str) -> bool {
    if package.name() == name {
        return true;
    }
    match package {
        Description::Opkg(package) => package.base_name() == name,
        Description::Apk(package) => {
            let abi = package.abi_version().unwrap_or_default();
            let base = package
                .name
                .strip_suffix(abi)
                .map(|base| base.trim_end_matches('-'));
            !abi.is_empty() && base == Some(name)
        }
    }
}

/// Whether a package has or provides this name.
fn goes_by(package: &Description, name: &str) -> bool {
    let provides = match package {
        Description::Opkg(package) => package.provides.iter().any(|offer| offer == name),
        Description::Apk(package) => package.provides.iter().any(|offer| offer.name == name),
    };
    provides || is_named(package, name)
}

/// The manager whose files end so.
pub fn manager_of(name: &str) -> Option<Manager> {
    match name.rsplit_once('.')?.1 {
        "ipk" => Some(Manager::Opkg),
        "apk" => Some(Manager::Apk),
        _ => None,
    }
}
