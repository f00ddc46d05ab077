//! Leaving as much as possible of what is installed.

use std::collections::HashSet;

use super::search::{Kind, Root, Search};

/// Searches for a smaller change are given up after as many; each takes milliseconds.
const MOST: usize = 96;

/// What is held in a search for a smaller change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// Nothing gets another version; what is not needed may go.
    Version,
    /// And this one does not go.
    This,
    /// And nothing goes that did not before.
    All,
}

impl Search<'_> {
    /// A choice of which no part of the changes to what is installed can be spared. A search prefers what is installed where
    /// it chooses, but once it has met a conflict it may end up further away than needed.
    pub(super) fn with_least_change(&mut self, chosen: Vec<u32>) -> Vec<u32> {
        let mut best = chosen;
        let mut changes = self.changes(&best);
        let mut searches = 0;
        'again: loop {
            for change in changes.clone() {
                for how in [Hold::Version, Hold::This, Hold::All] {
                    if searches == MOST {
                        return best;
                    }
                    searches += 1;
                    let Some(found) = self.with(change, &changes, &best, how) else {
                        continue;
                    };
                    let fewer = self.changes(&found);
                    if fewer.len() < changes.len() && fewer.is_subset(&changes) {
                        (best, changes) = (found, fewer);
                        continue 'again;
                    }
                }
            }
            return best;
        }
    }

    /// A search in which this one stays as it is and nothing else changes that did not before.
    fn with(
        &mut self,
        stays: u32,
        changes: &HashSet<u32>,
        best: &[u32],
        how: Hold,
    ) -> Option<Vec<u32>> {
        let name = |one: u32| self.index.get(one).map(|found| found.name);
        let installed = (0..self.index.candidates.len() as u32)
            .filter(|one| self.index.is_installed(*one) && !changes.contains(one));
        let held: HashSet<u32> = installed.chain([stays]).filter_map(name).collect();
        let mut roots = self.roots.clone();
        let there = best.iter().copied();
        let there = there.filter(|one| how == Hold::All && self.index.is_installed(*one));
        let this = (how != Hold::Version).then_some(stays);
        roots.extend(there.chain(this).map(|one| Root {
            options: vec![one],
            kind: Kind::Keep(one),
        }));
        self.rules.held = held;
        let found = self.run(&self.rules, &roots);
        self.rules.held = HashSet::new();
        // What was held only for the search may go again.
        found.map(|found| self.without_needless(found, &self.roots))
    }

    /// The installed packages that a choice does not leave as they are, but for those that are unwanted or no longer needed.
    pub(super) fn changes(&self, chosen: &[u32]) -> HashSet<u32> {
        let index = self.index;
        let there: HashSet<u32> = chosen.iter().copied().collect();
        let needed: HashSet<u32> = chosen
            .iter()
            .flat_map(|one| index.needs(*one))
            .flat_map(|ask| index.takers(&ask).collect::<Vec<_>>())
            .collect();
        let kept: HashSet<u32> = self
            .roots
            .iter()
            .filter_map(|root| match root.kind {
                Kind::Keep(one) => Some(one),
                _ => None,
            })
            .collect();
        let all = (0..index.candidates.len() as u32).filter(|one| index.is_installed(*one));
        all.filter(|one| {
            let Some(found) = index.get(*one) else {
                return false;
            };
            let newer = index.own(found.name).iter().any(|own| there.contains(own));
            let missed = newer || needed.contains(one) || kept.contains(one);
            !there.contains(one) && missed && !self.rules.unwanted.contains_key(&found.name)
        })
        .collect()
    }
}
