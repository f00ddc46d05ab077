//! From the question to the choice: what is asked of `resolvo`, and how often.

use std::collections::{HashMap, HashSet};

use openwrt_formats::apk;
use resolvo::{ConditionalRequirement, Problem, Solver};

use super::index::{Index, Origin, compare_versions};
use super::prefer::Asker;
use super::provider::{Excluded, Provider, Rules, candidate};
use super::term::{Ask, Asked, Offered};
use super::{Cause, Question, Solution, Unsolvable};
use crate::packages::universe::{Description, Manager};

/// What must be there: one of the options, the first if it can be.
#[derive(Debug, Clone)]
pub(super) struct Root {
    pub(super) options: Vec<u32>,
    pub(super) kind: Kind,
}

/// Who asks for a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A want of the question.
    Want(usize),
    /// It is installed and was asked for by name.
    Keep(u32),
    /// It goes with this package.
    Extra(u32),
}

/// The question in numbers.
pub(super) struct Search<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) index: &'a Index<'a>,
    pub(super) asked: &'a [Asked],
    pub(super) rules: Rules,
    pub(super) roots: Vec<Root>,
    /// Wants that an unwanted takes away.
    pub(super) dropped: HashSet<usize>,
}

/// The wants as the manager reads them.
pub(super) fn asked(question: &Question<'_>) -> Result<Vec<Asked>, Unsolvable> {
    let manager = question.universe.manager;
    let mut all = Vec::new();
    let mut wrong: Option<Unsolvable> = None;
    for want in question.want {
        match Asked::new(manager, &want.name, want.constraint.as_ref()) {
            Some(asked) => all.push(asked),
            None => {
                let version = match &want.constraint {
                    Some((operator, version)) => format!(" {operator} {version}"),
                    None => String::new(),
                };
                let (why, name) = (&want.why, &want.name);
                let reason = format!("{why} wants `{name}{version}`, which {manager} cannot read");
                let help = match manager {
                    Manager::Opkg => {
                        "names have letters, digits and +-._@~ only; operators are <<, <=, =, >= and >>"
                    }
                    Manager::Apk => {
                        "names have letters, digits and +-._ only; operators are <, <=, =, ~, >= and >"
                    }
                };
                let one = Unsolvable::new(Cause::Text, reason, Some(help.to_owned()));
                add(&mut wrong, one);
            }
        }
    }
    wrong.map_or(Ok(all), Err)
}

/// Adds an error to those there are.
pub(super) fn add(all: &mut Option<Unsolvable>, one: Unsolvable) {
    match all {
        Some(all) => all.and(one),
        None => *all = Some(one),
    }
}

impl<'a> Search<'a> {
    pub(super) fn new(
        question: &'a Question<'a>,
        index: &'a Index<'a>,
        asked: &'a [Asked],
    ) -> Result<Self, Unsolvable> {
        let mut search = Self {
            question,
            index,
            asked,
            rules: Rules::default(),
            roots: Vec::new(),
            dropped: HashSet::new(),
        };
        search.add_rules();
        search.add_wants()?;
        search.add_keeps();
        Ok(search)
    }

    fn add_rules(&mut self) {
        for (at, unwanted) in self.question.unwanted.iter().enumerate() {
            for name in self.names_for(&unwanted.name) {
                self.rules.unwanted.entry(name).or_insert(at as u32);
            }
        }
        if let Some(kernel) = self.index.lookup("kernel") {
            let fixed = self.index.installed(kernel);
            for one in self.index.own(kernel).iter().copied() {
                let given = |version| self.index.version_of(one) == version;
                let good = match fixed {
                    Some(fixed) => one == fixed,
                    None => self.question.kernel.is_none_or(given),
                };
                if !good {
                    self.rules.bad.insert(one, Excluded::OtherKernel);
                }
            }
        }
        let all = self.index.candidates.iter().zip(0..);
        let installed = all.filter(|(_, number)| self.index.is_installed(*number));
        for (found, _) in installed {
            for other in self.index.own(found.name).iter().copied() {
                let older = self.index.get(other).is_some_and(|other| {
                    compare_versions(other.description, found.description).is_lt()
                });
                if older {
                    self.rules.bad.entry(other).or_insert(Excluded::Downgrade);
                }
            }
        }
    }

    /// The names that a person means by this one: that of a package, or those it has with ABI versions.
    fn names_for(&self, name: &str) -> Vec<u32> {
        match self.index.lookup(name) {
            Some(number) if !self.index.own(number).is_empty() => vec![number],
            _ => {
                let all = self.index.candidates.iter();
                let mut names: Vec<u32> = all
                    .filter(|found| base_name(found.description) == Some(name))
                    .map(|found| found.name)
                    .collect();
                names.sort_unstable();
                names.dedup();
                names
            }
        }
    }

    fn add_wants(&mut self) -> Result<(), Unsolvable> {
        let mut wrong = None;
        for (at, (want, asked)) in self.question.want.iter().zip(self.asked).enumerate() {
            let unwanted = |one: &super::Unwanted| one.name == want.name;
            if want.default && self.question.unwanted.iter().any(unwanted) {
                self.dropped.insert(at);
                continue;
            }
            let options = self.options(&want.name, &asked.ask());
            if options.is_empty() {
                add(&mut wrong, self.missing(at));
            }
            self.roots.push(Root {
                options,
                kind: Kind::Want(at),
            });
        }
        wrong.map_or(Ok(()), Err)
    }

    /// What meets a want, also by its name without ABI version.
    fn options(&self, name: &str, ask: &Ask<'a>) -> Vec<u32> {
        let options = self.index.sorted_takers(ask, Asker::Person);
        if !options.is_empty() || !self.index.offers(name).is_empty() {
            return options;
        }
        let names = self.names_for(name).into_iter();
        let mut options: Vec<u32> = names
            .flat_map(|number| self.index.own(number).iter().copied())
            .filter(|one| {
                self.index.get(*one).is_some_and(|found| {
                    let version = Offered::own(found.description);
                    ask.terms.iter().any(|term| term.takes(version))
                })
            })
            .collect();
        options.sort_by(|a, b| match (self.index.get(*a), self.index.get(*b)) {
            (Some(left), Some(right)) => (self.index.is_installed(*b))
                .cmp(&self.index.is_installed(*a))
                .then_with(|| compare_versions(right.description, left.description))
                .then(a.cmp(b)),
            _ => a.cmp(b),
        });
        options
    }

    /// What was asked for by name stays, itself or in what takes its place.
    fn add_keeps(&mut self) {
        let index = self.index;
        let mut replacing: HashMap<&str, Vec<u32>> = HashMap::new();
        for (found, number) in index.candidates.iter().zip(0..) {
            if let Description::Opkg(package) = found.description {
                for name in &package.replaces {
                    replacing.entry(name).or_default().push(number);
                }
            }
        }
        let installed = |number: &u32| index.is_installed(*number);
        let all: Vec<u32> = (0..index.candidates.len() as u32)
            .filter(installed)
            .collect();
        let mut needed: HashSet<u32> = HashSet::new();
        if index.manager == Manager::Opkg {
            for one in &all {
                let needs = index.needs(*one);
                needed.extend(needs.iter().flat_map(|ask| index.takers(ask)));
            }
        }
        for one in all {
            let Some(found) = index.get(one) else {
                continue;
            };
            let unwanted = self.rules.unwanted.contains_key(&found.name);
            let orphan = index.manager == Manager::Opkg && !needed.contains(&one);
            if unwanted || !(self.is_named(one) || orphan) {
                continue;
            }
            let mut options = index.own(found.name).to_vec();
            let name = index.text(found.name);
            match index.manager {
                Manager::Opkg => options.extend(replacing.get(name).into_iter().flatten()),
                Manager::Apk => {
                    let any = apk::Dependency::any(name);
                    let others = index.sorted_takers(&Ask::apk(&any), Asker::Person);
                    options.extend(others);
                }
            }
            let mut seen = HashSet::new();
            options.retain(|option| seen.insert(*option));
            self.roots.push(Root {
                options,
                kind: Kind::Keep(one),
            });
        }
    }

    /// Whether an installed package was asked for by name, or may never go.
    pub(super) fn is_named(&self, candidate: u32) -> bool {
        match self
            .index
            .get(candidate)
            .map(|found| (found.origin, found.description))
        {
            Some((Origin::Installed(at), description)) => {
                let essential = match description {
                    Description::Opkg(package) => package.essential,
                    Description::Apk(_) => false,
                };
                essential
                    || self
                        .question
                        .installed
                        .get(at)
                        .is_some_and(|one| one.wanted)
            }
            _ => false,
        }
    }

    pub(super) fn solve(mut self) -> Result<Solution, Unsolvable> {
        let Some(first) = self.run(&self.rules, &self.roots) else {
            return Err(self.explain());
        };
        let chosen = self.with_extras(first);
        let chosen = self.with_least_change(chosen);
        self.check_named(&chosen)?;
        Ok(self.solution(&chosen))
    }

    /// One search. `None` when there is nothing to be found.
    pub(super) fn run(&self, rules: &Rules, roots: &[Root]) -> Option<Vec<u32>> {
        let provider = Provider::new(self.index, rules);
        let requirements = roots
            .iter()
            .map(|root| ConditionalRequirement::from(provider.requirement(&root.options)))
            .collect();
        let problem = Problem::new().requirements(requirements);
        let found = Solver::new(provider).solve(problem).ok()?;
        let found = found.into_iter().map(candidate).collect();
        Some(self.without_needless(found, roots))
    }
}

/// A name without its ABI version, if it has one.
fn base_name(description: &Description) -> Option<&str> {
    match description {
        Description::Opkg(package) => {
            package.abi_version.as_ref()?;
            Some(package.base_name())
        }
        Description::Apk(package) => {
            let base = package.name.strip_suffix(package.abi_version()?)?;
            // A name that ends in a digit has a dash before it.
            let bare = base
                .strip_suffix('-')
                .filter(|bare| bare.ends_with(|last: char| last.is_ascii_digit()));
            Some(bare.unwrap_or(base))
        }
    }
}
