//! What comes along by itself: apk's `install_if`, opkg's `Recommends` and `*`.

use std::collections::HashSet;

use super::index::Index;
use super::prefer::Asker;
use super::search::{Kind, Root, Search};
use super::term::Term;
use crate::packages::universe::Description;

impl Search<'_> {
    /// The choice with what goes with it, and with what goes with that. What cannot be added is left out.
    pub(super) fn with_extras(&mut self, mut chosen: Vec<u32>) -> Vec<u32> {
        let all = self.index.candidates.iter().zip(0..);
        let conditional: Vec<u32> = all
            .filter(|(found, _)| match found.description {
                Description::Apk(package) => !package.install_if.is_empty(),
                Description::Opkg(_) => false,
            })
            .map(|(_, number)| number)
            .collect();
        // Each is tried once, so this comes to an end.
        let mut tried: HashSet<Vec<u32>> = HashSet::new();
        loop {
            let mut fresh = self.extras(&chosen, &conditional);
            fresh.retain(|root| tried.insert(root.options.clone()));
            if fresh.is_empty() {
                return chosen;
            }
            let together: Vec<Root> = self.roots.iter().chain(&fresh).cloned().collect();
            if let Some(found) = self.run(&self.rules, &together) {
                (self.roots, chosen) = (together, found);
                continue;
            }
            for root in fresh {
                self.roots.push(root);
                match self.run(&self.rules, &self.roots) {
                    Some(found) => chosen = found,
                    None => {
                        self.roots.pop();
                    }
                }
            }
        }
    }

    fn extras(&self, chosen: &[u32], conditional: &[u32]) -> Vec<Root> {
        let index = self.index;
        let there: HashSet<u32> = chosen.iter().copied().collect();
        let mut roots = Vec::new();
        for one in conditional {
            let absent = |number: u32| !index.own(number).iter().any(|own| there.contains(own));
            let name = index.get(*one).map(|found| found.name);
            if name.is_some_and(absent)
                && let Some(with) = condition_holds(index, *one, &there)
            {
                roots.push(Root {
                    options: vec![*one],
                    kind: Kind::Extra(with),
                });
            }
        }
        let new = chosen.iter().filter(|one| !index.is_installed(**one));
        for one in new {
            for ask in index.recommends(*one) {
                if !index.takers(&ask).any(|taker| there.contains(&taker)) {
                    roots.push(Root {
                        options: index.sorted_takers(&ask, Asker::Package),
                        kind: Kind::Extra(*one),
                    });
                }
            }
            for ask in index.greedy(*one) {
                let mut seen = HashSet::new();
                for taker in index.sorted_takers(&ask, Asker::Package) {
                    let name = index.get(taker).map(|found| found.name);
                    let own = name.map_or(&[][..], |name| index.own(name));
                    if seen.insert(name) && !own.iter().any(|own| there.contains(own)) {
                        roots.push(Root {
                            options: vec![taker],
                            kind: Kind::Extra(*one),
                        });
                    }
                }
            }
        }
        roots.retain(|root| !root.options.is_empty());
        roots
    }
}

/// Whether all conditions hold under which a package comes along; with one of those it goes with.
fn condition_holds(index: &Index<'_>, candidate: u32, there: &HashSet<u32>) -> Option<u32> {
    let Description::Apk(package) = index.get(candidate)?.description else {
        return None;
    };
    let mut with = None;
    for one in &package.install_if {
        let mut meant = index.meant(Term::Apk(one));
        let found = meant.find(|other| there.contains(other));
        if found.is_some() == one.conflict {
            return None;
        }
        with = with.or(found);
    }
    with
}
