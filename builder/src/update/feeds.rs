//! The feeds of the builds that are looked up: each is fetched and verified once.

use std::collections::BTreeMap;

use super::build::Updater;
use crate::failure::{Class, Failure, OrFail};
use crate::obtain::{FreshFeed, Obtain, Pinned, Signers, feed};
use crate::openwrt::{FeedLine, Place};
use crate::packages::catalogue::{Catalogue, Index};
use crate::packages::selection::Selection;
use crate::profile::resolve::Profile;
use crate::trust::Keyring;

/// Feeds by their folder and by who may sign them.
pub(super) type Fresh = BTreeMap<(Place, Vec<String>), FreshFeed>;

impl Updater<'_> {
    /// The feeds of a build: fetched if it is to be looked up anew or nothing is pinned, else as pinned.
    ///
    /// A feed that the system lists and that cannot be had is left out with a warning, as the router itself goes on without; one that the
    /// profile names is an error.
    pub(super) fn catalogue(
        &mut self,
        selection: &Selection,
        lines: &[FeedLine],
        profile: &Profile,
        keyring: &Keyring,
        obtain: &Obtain<'_>,
        anew: bool,
    ) -> Result<(Catalogue, usize), Failure> {
        let mut catalogue = selection.catalogue();
        let mut count = 0;
        for line in lines {
            let own = profile.feeds.iter().find(|feed| feed.name == line.name);
            let only = own.and_then(|feed| feed.keys.as_ref());
            let allowed = match only {
                Some(names) => keyring.only(names),
                None => keyring.clone(),
            };
            let signers = match own {
                Some(feed) if feed.unsigned => Signers::Nobody,
                _ => Signers::Keys(&allowed),
            };
            let fresh = match self.feed(line, signers, obtain, anew) {
                Ok(fresh) => fresh,
                Err(failure) if own.is_some() || failure.class() == Class::Trust => {
                    return Err(failure);
                }
                Err(failure) => {
                    self.ui.warn(&format!("left out: {}", failure.reason()));
                    continue;
                }
            };
            catalogue.add(&line.name, line.place.clone(), fresh.index);
            count += 1;
        }
        Ok((catalogue, count))
    }

    fn feed(
        &mut self,
        line: &FeedLine,
        signers: Signers<'_>,
        obtain: &Obtain<'_>,
        anew: bool,
    ) -> Result<FreshFeed, Failure> {
        let keys = match signers {
            Signers::Keys(keyring) => keyring
                .keys()
                .iter()
                .map(|key| key.key.fingerprint())
                .collect(),
            Signers::Nobody => Vec::new(),
        };
        let known = (line.place.clone(), keys);
        if let Some(fresh) = self.fresh.get(&known) {
            return Ok(fresh.clone());
        }
        let fresh = match self.old.feed(&line.place).filter(|_| !anew) {
            Some(pin) => {
                let file = Pinned {
                    what: format!("feed {}", line.name),
                    place: pin.place.clone(),
                    sha256: pin.sha256,
                    size: pin.size,
                };
                let bytes = obtain.pinned(&[file])?.pop().unwrap_or_default();
                let index = Index::read_pinned(line.manager, &bytes).or_fail(Class::Source)?;
                FreshFeed {
                    pin: pin.clone(),
                    index,
                }
            }
            None => feed(obtain, line, signers)?,
        };
        self.new.feeds.push(fresh.pin.clone());
        self.fresh.insert(known, fresh.clone());
        Ok(fresh)
    }
}
