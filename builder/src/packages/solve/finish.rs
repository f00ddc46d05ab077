//! Taking away what a found solution has but does not need.

use std::collections::{HashMap, HashSet};

use super::search::{Root, Search};

/// For each package its needs, and for each of these who meets it.
type Needs = HashMap<u32, Vec<Vec<u32>>>;

impl Search<'_> {
    /// The part of a choice that roots need. A search may leave more: something chosen for a need that something chosen
    /// later meets as well.
    pub(super) fn without_needless(&self, chosen: Vec<u32>, roots: &[Root]) -> Vec<u32> {
        let mut left: HashSet<u32> = chosen.iter().copied().collect();
        let among = |all: &mut dyn Iterator<Item = u32>| -> Vec<u32> {
            all.filter(|one| left.contains(one)).collect()
        };
        let needs: Needs = chosen
            .iter()
            .map(|one| {
                let asks = self.index.needs(*one);
                let met = asks.iter().map(|ask| among(&mut self.index.takers(ask)));
                (*one, met.collect())
            })
            .collect();
        let roots: Vec<Vec<u32>> = roots
            .iter()
            .map(|root| among(&mut root.options.iter().copied()))
            .collect();
        keep_reachable(&mut left, &roots, &needs);
        let mut spare = chosen;
        spare.retain(|one| !self.index.is_installed(*one));
        // Any order would do, as long as it is one. This way what earlier feeds have stays.
        spare.sort_unstable();
        loop {
            let only = only_ones(&left, &roots, &needs);
            let needless = spare
                .iter()
                .rev()
                .find(|one| left.contains(one) && !only.contains(one));
            let Some(needless) = needless else {
                break;
            };
            left.remove(needless);
            keep_reachable(&mut left, &roots, &needs);
        }
        let mut left: Vec<u32> = left.into_iter().collect();
        left.sort_unstable();
        left
    }
}

fn keep_reachable(left: &mut HashSet<u32>, roots: &[Vec<u32>], needs: &Needs) {
    let mut todo: Vec<u32> = roots.iter().flatten().copied().collect();
    let mut reached = HashSet::new();
    while let Some(one) = todo.pop() {
        if left.contains(&one) && reached.insert(one) {
            todo.extend(needs.get(&one).into_iter().flatten().flatten());
        }
    }
    *left = reached;
}

/// Those that are the only ones left to meet something.
fn only_ones(left: &HashSet<u32>, roots: &[Vec<u32>], needs: &Needs) -> HashSet<u32> {
    let needed = left.iter().filter_map(|one| needs.get(one)).flatten();
    needed
        .chain(roots)
        .filter_map(|takers| {
            let mut takers = takers.iter().filter(|taker| left.contains(taker));
            let first = takers.next()?;
            takers.next().is_none().then_some(*first)
        })
        .collect()
}
