//! What an image's packages are to become: from what its source has and its profile wants.

use openwrt_formats::opkg;

use super::catalogue::Catalogue;
use super::install::Archive;
use super::software::Software;
use super::solve::{Question, Solution, Unsolvable, Unwanted, Want, solve};
use super::universe::{Description, Manager};
use crate::openwrt::Place;
use crate::store::Sha256;

/// The feed of package files that the profile names itself.
pub const OWN: &str = "packages.files";
/// The feed of package files that come with an ImageBuilder.
pub const SPARE: &str = "the ImageBuilder's packages";

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
    /// Files that may be taken like those of feeds: what comes with an ImageBuilder.
    pub spare: Vec<OwnFile>,
    /// Whether the root file system is made of packages alone, and not changed from what a source has.
    pub alone: bool,
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

    /// A catalogue with files of this machine only, to which feeds are added.
    pub fn catalogue(&self) -> Catalogue {
        let mut catalogue = Catalogue::new(self.software.manager);
        for (name, files) in [(OWN, &self.files), (SPARE, &self.spare)] {
            let files = files.iter();
            let files = files.map(|file| (file.place.clone(), describe(file)));
            catalogue.add_files(name, files.collect());
        }
        catalogue
    }

    /// The file of this machine that lies there, which needs no pin.
    pub fn own(&self, place: &Place) -> Option<&OwnFile> {
        let mut all = self.files.iter().chain(&self.spare);
        all.find(|file| file.place == *place)
    }

    /// The version of the kernel that modules must fit.
    fn kernel(&self) -> Option<&str> {
        let spare = self.spare.iter().map(|file| &file.archive);
        let spare = spare.filter(|archive| archive.name() == "kernel");
        match self.software.get("kernel") {
            Some(kernel) => Some(kernel.description.version()),
            None => spare.map(Archive::version).next(),
        }
    }

    /// The packages that the image is to have, where `catalogue` has no feeds and none are needed. An image of packages alone has its
    /// feeds looked at in any case, as they may have what is newer.
    pub fn without_feeds(&self, catalogue: &Catalogue) -> Option<Solution> {
        match self.alone {
            true => None,
            false => self.solve(catalogue).ok(),
        }
    }

    /// The packages that the image is to have.
    ///
    /// # Errors
    /// [`Unsolvable`].
    pub fn solve(&self, catalogue: &Catalogue) -> Result<Solution, Unsolvable> {
        let own = self.files.iter().map(|file| Want {
            name: file.archive.name().to_owned(),
            constraint: Some(("=".to_owned(), file.archive.version().to_owned())),
            why: file.why.clone(),
            default: false,
        });
        let want: Vec<Want> = own.chain(self.want.iter().cloned()).collect();
        solve(&Question {
            universe: &catalogue.universe,
            architectures: &self.software.architectures,
            installed: &self.software.installed,
            want: &want,
            unwanted: &self.unwanted,
            kernel: self.kernel(),
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
