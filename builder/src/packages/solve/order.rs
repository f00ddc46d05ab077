//! From the choice to the answer: the order of installation, the reasons, what goes.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::index::Origin as Source;
use super::prefer::Asker;
use super::search::{Kind, Search};
use super::similar::similar;
use super::{Because, Origin, Package, Removed, Replaced, Solution, Why};
use crate::packages::universe::{Description, Manager};

impl Search<'_> {
    /// Puts the answer together.
    pub(super) fn solution(&self, chosen: &[u32]) -> Solution {
        let index = self.index;
        let there: HashSet<u32> = chosen.iter().copied().collect();
        let needs: HashMap<u32, Vec<u32>> = chosen
            .iter()
            .map(|one| (*one, self.needs_among(*one, &there)))
            .collect();
        let order = self.order(&there, &needs);
        let places: HashMap<u32, usize> = order.iter().copied().zip(0..).collect();

        let mut packages: Vec<Package> = order
            .iter()
            .filter_map(|one| self.package(*one, needs.get(one)?, &places))
            .collect();
        for root in &self.roots {
            let Some(place) = root.options.iter().find_map(|option| places.get(option)) else {
                continue;
            };
            let Some(package) = packages.get_mut(*place) else {
                continue;
            };
            let because = match root.kind {
                Kind::Want(at) => {
                    package.wants.push(at);
                    package.named = true;
                    let want = self.question.want.get(at);
                    want.map(|want| Because::Wanted(want.why.clone()))
                }
                Kind::Keep(one) => {
                    package.named |= self.is_named(one);
                    Some(Because::Before)
                }
                Kind::Extra(with) => Some(Because::GoesWith(index.name_of(with).to_owned())),
            };
            // The first root says why; others only if none did.
            if let (Some(because), Because::NeededBy(_)) = (because, &package.because) {
                package.because = because;
            }
        }
        let mut solution = Solution {
            install: (packages.iter().zip(0..))
                .filter(|(package, _)| matches!(package.origin, Origin::Feed(_)))
                .map(|(_, place)| place)
                .collect(),
            keep: (packages.iter())
                .filter(|package| matches!(package.origin, Origin::Installed(_)))
                .map(|package| package.name.clone())
                .collect(),
            packages,
            ..Solution::default()
        };
        self.add_removals(&mut solution, &there, &places);
        self.add_without_effect(&mut solution);
        solution
    }

    /// Who of the chosen meets what a package needs, in its order.
    fn needs_among(&self, one: u32, there: &HashSet<u32>) -> Vec<u32> {
        let mut needs = Vec::new();
        for ask in self.index.needs(one) {
            let takers = self.index.sorted_takers(&ask, Asker::Package);
            let found = takers.into_iter().find(|taker| there.contains(taker));
            needs.extend(found.filter(|found| !needs.contains(found)));
        }
        for ask in self.index.greedy(one) {
            let takers = self.index.sorted_takers(&ask, Asker::Package).into_iter();
            for found in takers.filter(|taker| there.contains(taker) && *taker != one) {
                if !needs.contains(&found) {
                    needs.push(found);
                }
            }
        }
        needs
    }

    /// Depth first, what is needed before what needs it; from the roots in their order, which is that of apk's world (by
    /// name) or of opkg's command line.
    fn order(&self, there: &HashSet<u32>, needs: &HashMap<u32, Vec<u32>>) -> Vec<u32> {
        let mut roots: Vec<u32> = self
            .roots
            .iter()
            .filter_map(|root| root.options.iter().find(|option| there.contains(option)))
            .copied()
            .collect();
        if self.index.manager == Manager::Apk {
            roots.sort_by_key(|root| self.index.name_of(*root));
        }
        // Whatever is reached from no root, such as the second of two that meet the same need.
        let mut rest: Vec<u32> = there.iter().copied().collect();
        rest.sort_unstable();
        depth_first(roots.into_iter().chain(rest), needs)
    }

    fn package(&self, one: u32, needs: &[u32], places: &HashMap<u32, usize>) -> Option<Package> {
        let found = self.index.get(one)?;
        let installed_size = match found.description {
            Description::Opkg(package) => package.installed_size,
            Description::Apk(package) => Some(package.installed_size),
        };
        Some(Package {
            name: found.description.name().to_owned(),
            version: found.description.version().to_owned(),
            origin: match found.origin {
                Source::Installed(at) => Origin::Installed(at),
                Source::Feed(id) => Origin::Feed(id),
                Source::Kernel => Origin::Kernel,
            },
            because: Because::NeededBy(String::new()),
            wants: Vec::new(),
            named: false,
            needs: needs
                .iter()
                .filter_map(|needed| places.get(needed).copied())
                .collect(),
            file_size: found.description.file_size(),
            installed_size,
        })
    }

    fn add_removals(
        &self,
        solution: &mut Solution,
        there: &HashSet<u32>,
        places: &HashMap<u32, usize>,
    ) {
        name_needers(&mut solution.packages);
        let index = self.index;
        let mut gone = Vec::new();
        for (found, number) in index.candidates.iter().zip(0..) {
            if !index.is_installed(number) || there.contains(&number) {
                continue;
            }
            let name = found.description.name().to_owned();
            let version = found.description.version().to_owned();
            let newer = index.own(found.name).iter().find_map(|own| places.get(own));
            let by = newer.copied().or_else(|| self.replacement(number, places));
            if let Some(by) = by {
                let (name, version) = (name.clone(), version.clone());
                solution.replaced.push(Replaced { name, version, by });
            }
            if newer.is_some() {
                continue;
            }
            let by = by.and_then(|place| solution.packages.get(place));
            let unwanted = self.rules.unwanted.get(&found.name);
            let unwanted = unwanted.and_then(|at| self.question.unwanted.get(*at as usize));
            let why = match (unwanted, by) {
                (Some(unwanted), _) => Why::Unwanted(unwanted.why.clone()),
                (None, Some(by)) => Why::ReplacedBy(by.name.clone()),
                (None, None) => Why::NoLongerNeeded,
            };
            gone.push((number, Removed { name, version, why }));
        }
        solution.remove = self.needers_first(gone);
    }

    /// What takes the place of an installed package that was asked for or is still needed.
    fn replacement(&self, one: u32, places: &HashMap<u32, usize>) -> Option<usize> {
        let keep = self.roots.iter().find(|root| root.kind == Kind::Keep(one));
        if let Some(keep) = keep {
            return keep
                .options
                .iter()
                .find_map(|option| places.get(option).copied());
        }
        // Somebody whose need it met, who now has another.
        let mut chosen: Vec<(&u32, &usize)> = places.iter().collect();
        chosen.sort_unstable_by_key(|(_, place)| **place);
        for (needer, _) in chosen {
            for ask in self.index.needs(*needer) {
                if self.index.takers(&ask).any(|taker| taker == one) {
                    let now = self.index.sorted_takers(&ask, Asker::Package);
                    return now.iter().find_map(|taker| places.get(taker).copied());
                }
            }
        }
        None
    }

    /// In the order of removal: what needs others goes before them.
    fn needers_first(&self, gone: Vec<(u32, Removed)>) -> Vec<Removed> {
        let all: HashSet<u32> = gone.iter().map(|(number, _)| *number).collect();
        let needs = all
            .iter()
            .map(|one| {
                let asks = self.index.needs(*one);
                let takers = asks.iter().flat_map(|ask| self.index.takers(ask));
                (*one, takers.filter(|taker| all.contains(taker)).collect())
            })
            .collect();
        let starts = gone.iter().map(|(number, _)| *number);
        let order = depth_first(starts, &needs);
        let places: HashMap<u32, usize> = order.into_iter().zip(0..).collect();
        let mut gone = gone;
        gone.sort_by_key(|(number, _)| Reverse(places.get(number).copied()));
        gone.into_iter().map(|(_, removed)| removed).collect()
    }

    fn add_without_effect(&self, solution: &mut Solution) {
        let index = self.index;
        let installed = |number: &u32| index.installed(*number).is_some();
        let there: Vec<&str> = index
            .names()
            .filter(|name| index.lookup(name).as_ref().is_some_and(installed))
            .chain(self.question.want.iter().map(|want| want.name.as_str()))
            .collect();
        for (at, unwanted) in self.question.unwanted.iter().enumerate() {
            let names = self.rules.unwanted.iter();
            let mut names = names.filter(|(_, by)| **by as usize == at);
            let name = &unwanted.name;
            let dropped = self
                .dropped
                .iter()
                .filter_map(|at| self.question.want.get(*at));
            if names.any(|(number, _)| installed(number))
                || dropped.into_iter().any(|want| want.name == *name)
            {
                continue;
            }
            let similar = similar(name, there.iter().copied());
            solution.without_effect.push((name.clone(), similar));
        }
    }
}

/// Depth first, what is needed before what needs it. A cycle is cut where it closes.
fn depth_first(starts: impl Iterator<Item = u32>, needs: &HashMap<u32, Vec<u32>>) -> Vec<u32> {
    let mut order = Vec::new();
    let mut seen = HashSet::new();
    for start in starts {
        if !seen.insert(start) {
            continue;
        }
        let mut path = vec![(start, 0)];
        while let Some((one, next)) = path.last_mut() {
            let needed = needs.get(one).and_then(|needs| needs.get(*next));
            *next += 1;
            match needed {
                Some(needed) if seen.insert(*needed) => path.push((*needed, 0)),
                Some(_) => {}
                None => {
                    order.push(*one);
                    path.pop();
                }
            }
        }
    }
    order
}

/// Says of each package that no root explains who needs it: the first that does.
fn name_needers(packages: &mut [Package]) {
    let mut needers: HashMap<usize, String> = HashMap::new();
    for package in packages.iter() {
        for place in &package.needs {
            needers
                .entry(*place)
                .or_insert_with(|| package.name.clone());
        }
    }
    for (place, package) in packages.iter_mut().enumerate() {
        if let (Because::NeededBy(by), Some(needer)) =
            (&mut package.because, needers.remove(&place))
        {
            *by = needer;
        }
    }
}
