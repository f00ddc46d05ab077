//! Why there is no solution, for people: from `resolvo`'s graph of a conflict to a few sentences.

mod end;
mod graph;
mod named;

use std::collections::HashSet;

use self::end::End;
use self::graph::{Conflicts, conflicts, involved};
use super::prefer::Asker;
use super::search::{Kind, Root, Search};
use super::{Cause, Unsolvable};

/// As many versions or providers of one thing are gone into.
pub(super) const MOST_OPTIONS: usize = 3;

/// Why one root cannot be.
struct Finding {
    /// From who wants it to what is in the way.
    chain: Vec<String>,
    end: End,
}

impl Search<'_> {
    /// Why [`Search::run`] finds nothing.
    pub(super) fn explain(&self) -> Unsolvable {
        let core = self.core();
        let conflicts = conflicts(self.index, &self.rules, &core);
        let mut findings = core
            .iter()
            .flat_map(|root| self.explain_root(root, &conflicts));
        let Some(first) = findings.next() else {
            // A conflict always has a root with an end; this says at least who is in it.
            let subjects: Vec<_> = core.iter().map(|root| self.subject(root)).collect();
            let reason = format!("these do not go together: {}", subjects.join("; "));
            return Unsolvable::new(Cause::Conflict, reason, None);
        };
        let mut all = Unsolvable {
            cause: first.end.cause,
            reasons: Vec::new(),
            help: Vec::new(),
        };
        // Of a conflict both sides come first, then that they do not go together.
        let mut last = Vec::new();
        for mut finding in std::iter::once(first).chain(findings) {
            match finding.end.cause {
                Cause::Conflict => last.push(finding.end.text),
                _ => finding.chain.push(finding.end.text),
            }
            let help = finding.end.help.into_iter().collect();
            all.and(Unsolvable {
                cause: finding.end.cause,
                reasons: vec![finding.chain.join("; ")],
                help,
            });
        }
        all.and(Unsolvable {
            cause: all.cause,
            reasons: last,
            help: Vec::new(),
        });
        all
    }

    /// A part of the roots that has no solution, of which every smaller part has one. What people want is more likely in it
    /// than what was there before.
    fn core(&self) -> Vec<Root> {
        let mut core = involved(self.index, &self.rules, &self.roots);
        let before = |root: &Root| !matches!(root.kind, Kind::Want(_));
        for keeps in [true, false] {
            let mut at = core.len();
            while at > 0 {
                at -= 1;
                if core.get(at).map(before) != Some(keeps) {
                    continue;
                }
                let mut rest = core.clone();
                rest.remove(at);
                if self.run(&self.rules, &rest).is_none() {
                    core = rest;
                }
            }
        }
        core
    }

    /// `site lone-village (…) wants foo >= 2`.
    fn subject(&self, root: &Root) -> String {
        match root.kind {
            Kind::Want(at) => match (self.question.want.get(at), self.asked.get(at)) {
                (Some(want), Some(asked)) => format!("{} wants {}", want.why, asked.ask()),
                _ => String::new(),
            },
            Kind::Keep(one) => format!("the image has {}", self.index.name_of(one)),
            Kind::Extra(with) => format!("something goes with {}", self.index.name_of(with)),
        }
    }

    fn explain_root(&self, root: &Root, conflicts: &Conflicts) -> Vec<Finding> {
        let mut all: Vec<Finding> = Vec::new();
        let involved = root
            .options
            .iter()
            .filter(|one| conflicts.nodes.contains(one));
        for option in involved.take(MOST_OPTIONS) {
            let mut path = HashSet::new();
            let Some((steps, end)) = self.follow(*option, conflicts, &mut path) else {
                continue;
            };
            if all.iter().any(|finding| finding.end.text == end.text) {
                continue;
            }
            let mut chain = vec![self.subject(root)];
            let name = self.index.name_of(*option);
            let named = match root.kind {
                Kind::Want(at) => self
                    .question
                    .want
                    .get(at)
                    .is_some_and(|want| want.name == name),
                _ => true,
            };
            if !named {
                chain.push(format!("that is {name}"));
            }
            chain.extend(steps);
            all.push(Finding { chain, end });
        }
        all
    }

    /// The steps from a candidate to the reason why it cannot be.
    fn follow(
        &self,
        one: u32,
        conflicts: &Conflicts,
        path: &mut HashSet<u32>,
    ) -> Option<(Vec<String>, End)> {
        if !path.insert(one) {
            return None;
        }
        if let Some(why) = self.rules.excluded(self.index, one) {
            return Some((Vec::new(), self.excluded(one, why)));
        }
        let needs = self.index.needs(one);
        // What cannot be met at all says more than what is far away.
        for ask in &needs {
            if self.index.takers(ask).next().is_none() {
                return Some((Vec::new(), self.unmet(one, ask)));
            }
        }
        if let Some(end) = self.conflict(one, conflicts) {
            return Some((Vec::new(), end));
        }
        for ask in &needs {
            let takers = self.index.sorted_takers(ask, Asker::Package);
            if !takers.iter().all(|taker| conflicts.nodes.contains(taker)) {
                continue;
            }
            for taker in takers.iter().take(MOST_OPTIONS) {
                if let Some((steps, end)) = self.follow(*taker, conflicts, path) {
                    let mut all = vec![format!("{} needs {ask}", self.index.name_of(one))];
                    let name = self.index.name_of(*taker);
                    if ask.terms.iter().all(|term| term.name() != name) {
                        all.push(format!("that is {name}"));
                    }
                    all.extend(steps);
                    return Some((all, end));
                }
            }
        }
        None
    }
}
