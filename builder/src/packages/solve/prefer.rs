//! Which of several candidates is taken.

use std::cmp::{Ordering, Reverse};

use super::index::{Index, compare_versions};
use super::term::{Ask, Offered};
use crate::packages::universe::{Description, Manager};

/// A candidate that meets an ask, and how.
#[derive(Clone, Copy)]
struct Taker<'a> {
    candidate: u32,
    /// Which of the alternatives.
    term: usize,
    version: Offered<'a>,
    /// The term is its own name.
    by_name: bool,
}

/// Who asks: opkg chooses differently for what is named to it and for what packages need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    Person,
    Package,
}

impl<'a> Index<'a> {
    /// The candidates that meet an ask, the preferred first, each once. See [`super`] for the rules.
    pub(super) fn sorted_takers(&self, ask: &Ask<'a>, asker: Asker) -> Vec<u32> {
        let mut takers: Vec<Taker<'a>> = Vec::new();
        for (at, term) in ask.terms.iter().enumerate() {
            let number = self.lookup(term.name());
            for offer in self.offers(term.name()) {
                let known = |taker: &Taker<'_>| taker.candidate == offer.candidate;
                if term.takes(offer.version) && !(at > 0 && takers.iter().any(known)) {
                    let name = self.get(offer.candidate).map(|found| found.name);
                    takers.push(Taker {
                        candidate: offer.candidate,
                        term: at,
                        version: offer.version,
                        by_name: name == number,
                    });
                }
            }
        }
        match self.manager {
            Manager::Opkg => takers.sort_by(|a, b| self.opkg_order(a, b, asker)),
            Manager::Apk => {
                let virtuals = takers.iter().any(|one| one.version == Offered::Apk(None));
                takers.sort_by(|a, b| self.apk_order(a, b, virtuals));
            }
        }
        takers.into_iter().map(|taker| taker.candidate).collect()
    }

    fn opkg_order(&self, a: &Taker<'a>, b: &Taker<'a>, asker: Asker) -> Ordering {
        let key = |taker: &Taker<'a>| {
            let installed = self.is_installed(taker.candidate);
            (Reverse(installed), taker.term, Reverse(taker.by_name))
        };
        let names = self.name_of(a.candidate).cmp(self.name_of(b.candidate));
        let rest = match asker {
            Asker::Package => names.reverse(),
            Asker::Person => (self.for_all(a.candidate))
                .cmp(&self.for_all(b.candidate))
                .then(names),
        };
        key(a)
            .cmp(&key(b))
            .then(rest)
            .then_with(|| self.newest_first(a.candidate, b.candidate))
            .then(a.candidate.cmp(&b.candidate))
    }

    /// Whether it is made for any architecture.
    fn for_all(&self, candidate: u32) -> bool {
        self.get(candidate)
            .is_some_and(|found| found.description.architecture() == "all")
    }

    fn apk_order(&self, a: &Taker<'a>, b: &Taker<'a>, virtuals: bool) -> Ordering {
        let installed = |taker: &Taker<'a>| Reverse(self.is_installed(taker.candidate));
        let priority = self.priority(b.candidate).cmp(&self.priority(a.candidate));
        let versions = match (a.version, b.version) {
            (Offered::Apk(Some(left)), Offered::Apk(Some(right))) => right.cmp(left),
            (Offered::Apk(Some(_)), Offered::Apk(None)) => Ordering::Less,
            (Offered::Apk(None), Offered::Apk(Some(_))) => Ordering::Greater,
            _ => Ordering::Equal,
        };
        // apk finds no order between a version and none, so there the priority is what counts.
        let first = match virtuals {
            true => priority.then(versions),
            false => versions.then(priority),
        };
        (installed(a).cmp(&installed(b)))
            .then(first)
            .then_with(|| self.name_of(a.candidate).cmp(self.name_of(b.candidate)))
            .then_with(|| self.newest_first(a.candidate, b.candidate))
            .then(a.candidate.cmp(&b.candidate))
    }

    fn newest_first(&self, a: u32, b: u32) -> Ordering {
        match (self.get(a), self.get(b)) {
            (Some(left), Some(right)) => compare_versions(right.description, left.description),
            _ => Ordering::Equal,
        }
    }

    pub(super) fn priority(&self, candidate: u32) -> u64 {
        match self.get(candidate).map(|found| found.description) {
            Some(Description::Apk(package)) => package.provider_priority,
            _ => 0,
        }
    }

    /// Whether apk takes the candidate for this ask by itself: not what offers the name without version and without
    /// priority where there is another that does.
    pub(super) fn is_automatic(&self, ask: &Ask<'a>, candidate: u32) -> bool {
        if self.manager == Manager::Opkg || self.priority(candidate) > 0 {
            return true;
        }
        let Some(term) = ask.terms.first() else {
            return true;
        };
        let offers = self.offers(term.name());
        let mut mine = offers.iter().filter(|offer| offer.candidate == candidate);
        let versioned = mine.any(|offer| offer.version != Offered::Apk(None));
        let name = self.get(candidate).map(|found| found.name);
        let other = |candidate: u32| self.get(candidate).map(|found| found.name) != name;
        versioned || !offers.iter().any(|offer| other(offer.candidate))
    }
}
