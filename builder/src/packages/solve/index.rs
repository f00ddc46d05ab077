//! All packages that may be chosen from, by name and by what they offer.

use std::cmp::Ordering;
use std::collections::HashMap;

use openwrt_formats::{apk, opkg};

use super::term::{Ask, Offered, Term};
use super::{Installed, Manager, PackageId, Universe};
use crate::packages::universe::Description;

/// Where a candidate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Already in the image: its place in the question's list.
    Installed(usize),
    /// A feed.
    Feed(PackageId),
    /// The kernel, which comes with the image though nothing describes it.
    Kernel,
}

/// A package that may be in the image.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) description: &'a Description,
    pub(super) origin: Origin,
    /// Its own name.
    pub(super) name: u32,
}

/// A candidate under one of the names it goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer<'a> {
    pub(super) candidate: u32,
    pub(super) version: Offered<'a>,
}

/// Candidates and names, each by number.
pub(super) struct Index<'a> {
    pub(super) manager: Manager,
    pub(super) candidates: Vec<Candidate<'a>>,
    numbers: HashMap<&'a str, u32>,
    texts: Vec<&'a str>,
    /// By name: the candidates of that very name, the preferred first.
    own: Vec<Vec<u32>>,
    /// By name: all that go by it.
    offers: Vec<Vec<Offer<'a>>>,
}

impl<'a> Index<'a> {
    /// Of two packages of the same name and version the first is taken: what is installed, then the feeds in order.
    pub(super) fn new(
        universe: &'a Universe,
        architectures: &[String],
        installed: &'a [Installed],
        kernel: Option<&'a Description>,
    ) -> Self {
        let feeds = universe.iter();
        let mut index = Self {
            manager: universe.manager,
            candidates: Vec::with_capacity(feeds.size_hint().0),
            numbers: HashMap::new(),
            texts: Vec::new(),
            own: Vec::new(),
            offers: Vec::new(),
        };
        for (at, one) in installed.iter().enumerate() {
            index.add(&one.description, Origin::Installed(at));
        }
        for (id, description) in feeds {
            let architecture = description.architecture();
            if architectures
                .iter()
                .any(|accepted| accepted == architecture)
            {
                index.add(description, Origin::Feed(id));
            }
        }
        if let Some(kernel) = kernel
            && index.own_of(kernel.name()).is_empty()
        {
            index.add(kernel, Origin::Kernel);
        }
        let mut own = std::mem::take(&mut index.own);
        for list in own.iter_mut().filter(|list| list.len() > 1) {
            list.sort_by(|a, b| index.newer_first(*a, *b));
        }
        index.own = own;
        index
    }

    fn add(&mut self, description: &'a Description, origin: Origin) {
        let name = self.number(description.name());
        let same = |other: &u32| {
            self.get(*other)
                .is_some_and(|other| same_version(other.description, description))
        };
        if self
            .own
            .get(name as usize)
            .is_some_and(|own| own.iter().any(same))
        {
            return;
        }
        let candidate = self.candidates.len() as u32;
        self.candidates.push(Candidate {
            description,
            origin,
            name,
        });
        if let Some(own) = self.own.get_mut(name as usize) {
            own.push(candidate);
        }
        match description {
            Description::Opkg(package) => {
                let version = Offered::Opkg(&package.version);
                self.offer(name, candidate, version);
                for other in &package.provides {
                    let other = self.number(other);
                    self.offer(other, candidate, version);
                }
            }
            Description::Apk(package) => {
                self.offer(name, candidate, Offered::Apk(Some(&package.version)));
                for other in &package.provides {
                    let version = match &other.condition {
                        apk::Condition::Version(_, version) => Some(version),
                        _ => None,
                    };
                    let other = self.number(&other.name);
                    self.offer(other, candidate, Offered::Apk(version));
                }
            }
        }
    }

    /// A name is offered once by a candidate, as the first time.
    fn offer(&mut self, name: u32, candidate: u32, version: Offered<'a>) {
        if let Some(offers) = self.offers.get_mut(name as usize)
            && offers.last().is_none_or(|last| last.candidate != candidate)
        {
            offers.push(Offer { candidate, version });
        }
    }

    fn number(&mut self, name: &'a str) -> u32 {
        let next = self.texts.len() as u32;
        let number = *self.numbers.entry(name).or_insert(next);
        if number == next {
            self.texts.push(name);
            self.own.push(Vec::new());
            self.offers.push(Vec::new());
        }
        number
    }

    pub(super) fn get(&self, candidate: u32) -> Option<&Candidate<'a>> {
        self.candidates.get(candidate as usize)
    }

    pub(super) fn text(&self, name: u32) -> &'a str {
        self.texts.get(name as usize).copied().unwrap_or_default()
    }

    /// The name of a candidate, as text.
    pub(super) fn name_of(&self, candidate: u32) -> &'a str {
        self.get(candidate)
            .map_or("", |found| found.description.name())
    }

    pub(super) fn version_of(&self, candidate: u32) -> &'a str {
        self.get(candidate)
            .map_or("", |found| found.description.version())
    }

    pub(super) fn is_installed(&self, candidate: u32) -> bool {
        self.get(candidate)
            .is_some_and(|found| matches!(found.origin, Origin::Installed(_)))
    }

    /// All candidates of this very name, the preferred first.
    pub(super) fn own(&self, name: u32) -> &[u32] {
        self.own.get(name as usize).map_or(&[], Vec::as_slice)
    }

    pub(super) fn own_of(&self, name: &str) -> &[u32] {
        self.lookup(name).map_or(&[], |number| self.own(number))
    }

    pub(super) fn lookup(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// All that go by this name.
    pub(super) fn offers(&self, name: &str) -> &[Offer<'a>] {
        let number = self.lookup(name);
        let offers = number.and_then(|number| self.offers.get(number as usize));
        offers.map_or(&[], Vec::as_slice)
    }

    /// All names with a package behind.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        let all = self.texts.iter().zip(&self.offers);
        all.filter(|(_, offers)| !offers.is_empty())
            .map(|(text, _)| *text)
    }

    /// The version that is installed of this name.
    pub(super) fn installed(&self, name: u32) -> Option<u32> {
        let mut own = self.own(name).iter().copied();
        own.find(|candidate| self.is_installed(*candidate))
    }

    /// Which of two candidates of the same name is better: the installed one, the newer one, the one of the earlier feed.
    fn newer_first(&self, a: u32, b: u32) -> Ordering {
        let (Some(left), Some(right)) = (self.get(a), self.get(b)) else {
            return Ordering::Equal;
        };
        (self.is_installed(b).cmp(&self.is_installed(a)))
            .then_with(|| compare_versions(right.description, left.description))
            .then(a.cmp(&b))
    }

    /// What a candidate needs, each to be met by one of several terms.
    pub(super) fn needs(&self, candidate: u32) -> Vec<Ask<'a>> {
        let Some(found) = self.get(candidate) else {
            return Vec::new();
        };
        let mut asks: Vec<Ask<'a>> = match found.description {
            Description::Opkg(package) => {
                let strict = package.depends.iter().filter(|one| !one.greedy);
                strict.map(Ask::opkg).collect()
            }
            Description::Apk(package) => {
                let needs = package.depends.iter().filter(|one| !one.conflict);
                needs.map(Ask::apk).collect()
            }
        };
        asks.retain(|ask| self.takers(ask).all(|taker| taker != candidate));
        if self.is_installed(candidate) {
            // What was broken before is left alone.
            asks.retain(|ask| self.takers(ask).any(|taker| self.is_installed(taker)));
        }
        asks
    }

    /// What a candidate would have if it can: opkg's recommendations. apk does nothing about them.
    pub(super) fn recommends(&self, candidate: u32) -> Vec<Ask<'a>> {
        match self.get(candidate).map(|found| found.description) {
            Some(Description::Opkg(package)) => package.recommends.iter().map(Ask::opkg).collect(),
            _ => Vec::new(),
        }
    }

    /// Of which a candidate would have all there are: opkg's `*`.
    pub(super) fn greedy(&self, candidate: u32) -> Vec<Ask<'a>> {
        match self.get(candidate).map(|found| found.description) {
            Some(Description::Opkg(package)) => {
                let greedy = package.depends.iter().filter(|one| one.greedy);
                greedy.map(Ask::opkg).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The candidates that a term means, in no order.
    pub(super) fn meant(&self, term: Term<'a>) -> impl Iterator<Item = u32> {
        let offers = self.offers(term.name()).iter();
        offers
            .filter(move |offer| term.takes(offer.version))
            .map(|offer| offer.candidate)
    }

    /// The candidates that meet an ask, in no order.
    pub(super) fn takers<'s>(&'s self, ask: &'s Ask<'a>) -> impl Iterator<Item = u32> + 's {
        ask.terms.iter().flat_map(|term| self.meant(*term))
    }

    /// The candidates that cannot be there together with this one, but for other versions of itself.
    pub(super) fn enemies(&self, candidate: u32) -> Vec<u32> {
        let Some(found) = self.get(candidate) else {
            return Vec::new();
        };
        let mut enemies = Vec::new();
        match found.description {
            Description::Opkg(package) => {
                // opkg looks at packages' own names here, not at what they provide.
                let terms = package.conflicts.iter().flat_map(|one| &one.alternatives);
                for term in terms.map(Term::Opkg) {
                    let own = self.own_of(term.name()).iter().copied();
                    enemies.extend(own.filter(|other| {
                        self.get(*other)
                            .is_some_and(|other| term.takes(Offered::own(other.description)))
                    }));
                }
            }
            Description::Apk(package) => {
                let terms = package.depends.iter().filter(|one| one.conflict);
                enemies.extend(terms.flat_map(|one| self.meant(Term::Apk(one))));
                let names = package.provides.iter().map(|one| one.name.as_str());
                for name in names.chain([package.name.as_str()]) {
                    let offers = self.offers(name);
                    let mut mine = offers.iter().filter(|offer| offer.candidate == candidate);
                    let versioned = mine.any(|offer| offer.version != Offered::Apk(None));
                    let rivals = offers
                        .iter()
                        .filter(|offer| versioned || offer.version != Offered::Apk(None));
                    enemies.extend(rivals.map(|offer| offer.candidate));
                }
            }
        }
        let installed = self.is_installed(candidate);
        enemies.retain(|other| {
            self.get(*other)
                .is_some_and(|other| other.name != found.name)
                && !(installed && self.is_installed(*other))
        });
        enemies.sort_unstable();
        enemies.dedup();
        enemies
    }
}

/// The order of versions that the packages' manager has.
pub(super) fn compare_versions(a: &Description, b: &Description) -> Ordering {
    match (a, b) {
        (Description::Opkg(a), Description::Opkg(b)) => a.version.cmp(&b.version),
        (Description::Apk(a), Description::Apk(b)) => a.version.cmp(&b.version),
        // A universe has packages of one manager only.
        _ => Ordering::Equal,
    }
}

fn same_version(a: &Description, b: &Description) -> bool {
    a.version() == b.version() || compare_versions(a, b).is_eq()
}

/// The kernel as a package of its own, when the image's version is known but nothing describes it.
pub(super) fn kernel(manager: Manager, version: &str) -> Option<Description> {
    match manager {
        Manager::Opkg => {
            let control = format!("Package: kernel\nVersion: {version}\n");
            let package = opkg::Package::from_control(control.as_bytes()).ok()?;
            Some(Description::Opkg(Box::new(package)))
        }
        Manager::Apk => {
            let package = apk::PackageInfo::new("kernel", version.parse().ok()?);
            Some(Description::Apk(Box::new(package)))
        }
    }
}
