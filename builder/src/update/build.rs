//! One build: its source, its feeds, its packages.

use std::collections::BTreeMap;

use anyhow::anyhow;
use bytes::Bytes;
use jiff::civil::Date;

use super::feeds::Fresh;
use super::{Budget, Request};
use crate::build::plan::Input;
use crate::build::software;
use crate::build::supply::{Choice, Supply};
use crate::failure::{Class, Failure, OrFail};
use crate::lock::{Build, Donor, Lock, Package};
use crate::obtain::{self, Listed, MAX_PACKAGE, Net, Obtain, Origins, Pinned, Target};
use crate::packages::catalogue::Catalogue;
use crate::packages::install::{Archive, Expected};
use crate::packages::selection::Selection;
use crate::packages::solve::Solution;
use crate::profile::load::free_number;
use crate::profile::resolve::{self, OpenWrt, Profile};
use crate::profile::{Kind, LayerId, Loaded, load};
use crate::store::Sha256;
use crate::trust::{Keyring, Trusted};
use crate::ui::Ui;

/// Looks builds up, one after the other.
pub(super) struct Updater<'a> {
    request: &'a Request,
    pub(super) old: &'a Lock,
    net: &'a Net<'a>,
    today: Date,
    pub(super) ui: &'a Ui,
    /// The lock as it will be.
    pub(super) new: Lock,
    budgets: Vec<Budget>,
    pub(super) fresh: Fresh,
    targets: BTreeMap<(OpenWrt, String), Target>,
}

impl<'a> Updater<'a> {
    pub(super) fn new(
        request: &'a Request,
        old: &'a Lock,
        net: &'a Net<'a>,
        today: Date,
        ui: &'a Ui,
    ) -> Self {
        Self {
            request,
            old,
            net,
            today,
            ui,
            new: Lock::default(),
            budgets: Vec::new(),
            fresh: Fresh::new(),
            targets: BTreeMap::new(),
        }
    }

    /// The new lock, and what was looked up will weigh.
    pub(super) fn finish(mut self) -> (Lock, Vec<Budget>) {
        self.new.sort();
        (self.new, self.budgets)
    }

    /// Looks up a build, and each node of the site that is on this device.
    pub(super) fn look_up(&mut self, build: &Build, anew: bool) -> Result<(), Failure> {
        let library = &self.request.library;
        let Build { site, device } = build;
        // Sites that give addresses by node number cannot be built without one: a new node stands in.
        let number = free_number(library, site)
            .ok()
            .map(|number| number.to_string());
        let mut all = vec![load(library, site, device, number.as_deref())?];
        for node in library.nodes_of(site) {
            let layer = library.read(&LayerId::new(Kind::Node, format!("{site}/{node}")), None)?;
            let own = layer.device.as_ref().map(|named| named.name.as_str());
            if !layer.is_abstract && own.is_none_or(|own| own == device) {
                all.push(load(library, site, device, Some(node))?);
            }
        }
        let mut seen = Vec::new();
        for (at, loaded) in all.into_iter().enumerate() {
            let profile = resolve::check(&loaded, library)?;
            // Nodes mostly differ in other things than packages.
            let asked = (
                profile.source.clone(),
                profile.packages.clone(),
                profile.feeds.clone(),
            );
            if seen.contains(&asked) {
                continue;
            }
            seen.push(asked);
            self.one(&loaded, &profile, anew, at == 0)?;
        }
        self.new.builds.push(build.clone());
        Ok(())
    }

    fn one(
        &mut self,
        loaded: &Loaded,
        profile: &Profile,
        anew: bool,
        tell: bool,
    ) -> Result<(), Failure> {
        let openwrt = match &profile.source {
            Some(resolve::Source::OpenWrt(openwrt)) => Some(openwrt),
            Some(resolve::Source::Lab(_)) => return Ok(()),
            _ => None,
        };
        let origins = Origins::of(self.request.mirror.as_deref(), openwrt);
        let obtain = self.net.obtain(origins);
        let mut keyring = Keyring::shipped(self.today);
        for key in &profile.keys {
            keyring.add(Trusted {
                key: key.key.clone(),
                name: key.name.clone(),
                from: crate::packages::wants::at(&key.path, &loaded.merged),
                not_after: key.not_after,
            });
        }
        let supply = match openwrt {
            Some(openwrt) => {
                let (donor, bytes) = self.donor(openwrt, profile, &keyring, &obtain, anew)?;
                let input = Input {
                    file: donor.place.name().to_owned(),
                    sha256: donor.sha256.to_string(),
                    size: donor.size,
                };
                let name = donor.place.to_string();
                Supply::of_image(&name, bytes, input, donor.size_limit, profile)?
            }
            None => Supply::obtain(&Choice::of_profile(profile)?, profile, self.ui)?,
        };
        let (image, limit) = supply.weight(profile);
        let tree = supply.tree()?;
        // The router itself would believe these, and the image is vouched for.
        keyring.add_tree(&tree, "the image that packages are added to");
        // And this one's owner vouches for it with all its packages.
        let scratch = supply.scratch();
        let keys = scratch.iter().flat_map(|scratch| &scratch.keys);
        keys.cloned().for_each(|key| keyring.add(key));
        let mut budget = Budget {
            site: loaded.site.clone(),
            device: loaded.device.clone(),
            image,
            come: 0,
            new: Vec::new(),
            gone: Vec::new(),
            limit,
        };
        let selection = software::select(&supply, &tree, profile, &loaded.merged)?;
        if let Some(selection) = selection.filter(|selection| !selection.unmet().is_empty()) {
            let cure =
                "name feeds in the profile ([feeds.NAME] url), or a release of OpenWrt as source";
            let (catalogue, solution) = software::choose(&selection, cure, || {
                let release = openwrt.map(|openwrt| &openwrt.release);
                let lines = software::feeds(&supply, &tree, &selection, profile, release)?;
                self.catalogue(&selection, &lines, profile, &keyring, &obtain, anew)
            })?;
            budget.new = solution
                .installs()
                .map(|package| package.name.clone())
                .collect();
            budget.gone = solution
                .remove
                .iter()
                .map(|removed| removed.name.clone())
                .collect();
            budget.come = self.packages(&selection, &solution, &catalogue, &obtain)?;
        }
        if tell {
            self.budgets.push(budget);
        }
        Ok(())
    }

    /// Pins the image of a release and gets it.
    fn donor(
        &mut self,
        openwrt: &OpenWrt,
        profile: &Profile,
        keyring: &Keyring,
        obtain: &Obtain<'_>,
        anew: bool,
    ) -> Result<(Donor, Bytes), Failure> {
        let device = &profile.device.id;
        let old = self
            .old
            .donor(&openwrt.release.to_string(), device, &openwrt.image);
        let pin = match old.filter(|_| !anew) {
            Some(pin) => pin.clone(),
            None => {
                let name = profile.device.target.clone().ok_or_else(|| {
                    let error = anyhow!("the profile of device `{device}` does not say its target");
                    Failure::new(Class::Profile, error)
                        .help("add it to [device]: target = \"ath79/generic\"")
                })?;
                let known = (openwrt.clone(), name.clone());
                if !self.targets.contains_key(&known) {
                    let target = obtain::target(obtain, &openwrt.release, &name, keyring)?;
                    self.targets.insert(known.clone(), target);
                }
                let target = self.targets.get(&known);
                let pin = target.map(|target| target.donor(obtain, device, &openwrt.image));
                pin.ok_or_else(|| {
                    Failure::new(Class::Other, anyhow!("target {name} is not known"))
                })??
            }
        };
        let file = Pinned {
            what: format!("OpenWrt {} for {device}", openwrt.release),
            place: pin.place.clone(),
            sha256: pin.sha256,
            size: pin.size,
        };
        let bytes = obtain.pinned(&[file])?.pop().unwrap_or_default();
        self.new.donors.push(pin.clone());
        Ok((pin, bytes))
    }

    /// Gets the packages of a solution, checks that they are those of the index, and pins them. Gives the bytes of all.
    fn packages(
        &mut self,
        selection: &Selection,
        solution: &Solution,
        catalogue: &Catalogue,
        obtain: &Obtain<'_>,
    ) -> Result<u64, Failure> {
        let mut wanted = Vec::new();
        let mut expected = Vec::new();
        let mut bytes = 0;
        for (package, id) in software::from_feeds(solution) {
            let place = catalogue.place(id).or_fail(Class::Source)?;
            bytes += package.file_size.unwrap_or_default();
            if selection.own(&place).is_some() {
                continue;
            }
            // apk's indexes tell no hash of the file; the one that was pinned saves fetching it again.
            let pinned = self
                .old
                .package(&place)
                .filter(|pin| Some(pin.size) == package.file_size);
            wanted.push(Listed {
                what: format!("package {} {}", package.name, package.version),
                place,
                sha256: catalogue.sha256(id).or(pinned.map(|pin| pin.sha256)),
                size: package.file_size,
                at_most: package.file_size.unwrap_or(MAX_PACKAGE),
            });
            let description = catalogue.universe.get(id);
            expected.push((
                package,
                description.map(Expected::from).unwrap_or_default(),
                catalogue.sha256(id),
            ));
        }
        let files = obtain.listed(&wanted)?;
        let files = files.into_iter().zip(wanted).zip(expected).map(
            |((file, listed), (package, expected, said))| {
                let open = |bytes: &Bytes| Archive::open(bytes, &expected).or_fail(Class::Source);
                let came = file.is_ok();
                let good = file.and_then(|bytes| open(&bytes).map(|_| bytes));
                let good = match good {
                    // The first mirror may have a damaged one, or the feed another build of the same version than was pinned: as its
                    // index is signed, that counts, and the pin does not.
                    Err(_) if said.is_none() && (came || listed.sha256.is_some()) => {
                        let file = [(listed.place.clone(), listed.at_most)];
                        let check = |files: &[Bytes]| match files.first() {
                            Some(bytes) => open(bytes)
                                .map(|_| bytes.clone())
                                .map_err(|failure| failure.reason()),
                            None => Err("it did not come".to_owned()),
                        };
                        let again = obtain.together(&listed.what, &file, check);
                        // The index was believed: this is about what the mirrors have.
                        again.map_err(|failure| {
                            Failure::new(Class::Source, anyhow!(failure.reason())).help(
                                "the mirror is damaged or just being updated: try again later, or name another",
                            )
                        })
                    }
                    good => good,
                };
                good.map(|bytes| Package {
                    name: package.name.clone(),
                    version: package.version.clone(),
                    place: listed.place,
                    sha256: Sha256::of(&bytes),
                    size: bytes.len() as u64,
                })
            },
        );
        self.new.packages.extend(obtain::all(files.collect())?);
        Ok(bytes)
    }
}
