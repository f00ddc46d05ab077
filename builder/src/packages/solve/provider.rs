//! The question as `resolvo` reads it: variables, sets, and the clauses of each candidate when it is first looked at.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt::Display;

use resolvo::{
    Candidates, Condition, ConditionId, ConditionalRequirement, DenseIndex, Dependencies,
    DependencyProvider, Interner, KnownDependencies, NameId, Requirement, SolvableId, SolverCache,
    StringId, VersionSetId, VersionSetUnionId,
};

use super::index::Index;
use super::prefer::Asker;

/// Why a candidate is out of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excluded {
    /// By this unwanted.
    Unwanted(u32),
    /// A kernel that the image does not have.
    OtherKernel,
    /// Older than what is installed.
    Downgrade,
    /// Not what is installed, in an attempt to leave that.
    Held,
}

/// What is excluded, and why.
#[derive(Default)]
pub(super) struct Rules {
    /// Names that are unwanted, with the place in the question.
    pub(super) unwanted: HashMap<u32, u32>,
    /// Candidates that are no good for another reason.
    pub(super) bad: HashMap<u32, Excluded>,
    /// Names of which the installed version stays in this attempt.
    pub(super) held: HashSet<u32>,
}

impl Rules {
    pub(super) fn excluded(&self, index: &Index<'_>, candidate: u32) -> Option<Excluded> {
        let name = index.get(candidate)?.name;
        if let Some(unwanted) = self.unwanted.get(&name) {
            return Some(Excluded::Unwanted(*unwanted));
        }
        if let Some(why) = self.bad.get(&candidate) {
            return Some(*why);
        }
        let held = self.held.contains(&name) && !index.is_installed(candidate);
        held.then_some(Excluded::Held)
    }
}

/// Candidates of one name, in order of preference.
type Members = (u32, Vec<u32>);

#[derive(Default)]
struct Sets {
    singles: Vec<Members>,
    unions: Vec<Vec<VersionSetId>>,
    known: HashMap<Members, VersionSetId>,
    known_unions: HashMap<Vec<VersionSetId>, VersionSetUnionId>,
}

pub(super) struct Provider<'q, 'a> {
    pub(super) index: &'q Index<'a>,
    pub(super) rules: &'q Rules,
    sets: RefCell<Sets>,
}

pub(super) fn solvable(candidate: u32) -> SolvableId {
    SolvableId::from_index(candidate as usize)
}

pub(super) fn candidate(solvable: SolvableId) -> u32 {
    solvable.to_index() as u32
}

impl<'q, 'a> Provider<'q, 'a> {
    pub(super) fn new(index: &'q Index<'a>, rules: &'q Rules) -> Self {
        Self {
            index,
            rules,
            sets: RefCell::default(),
        }
    }

    /// One of these candidates, the first if it can be.
    ///
    /// `resolvo` prefers by name and then by version, so that a list that goes back and forth between names becomes as many
    /// sets as it has runs.
    pub(super) fn requirement(&self, takers: &[u32]) -> Requirement {
        let mut runs: Vec<Members> = Vec::new();
        for taker in takers {
            let Some(found) = self.index.get(*taker) else {
                continue;
            };
            match runs.last_mut() {
                Some((name, members)) if *name == found.name => members.push(*taker),
                _ => runs.push((found.name, vec![*taker])),
            }
        }
        if runs.is_empty() {
            // A set of no members; the name does not count.
            runs.push((0, Vec::new()));
        }
        let sets: Vec<_> = runs.into_iter().map(|run| self.single(run)).collect();
        match sets.as_slice() {
            [only] => Requirement::Single(*only),
            _ => {
                let mut all = self.sets.borrow_mut();
                let next = VersionSetUnionId::from_index(all.unions.len());
                let id = *all.known_unions.entry(sets.clone()).or_insert(next);
                if id == next {
                    all.unions.push(sets);
                }
                Requirement::Union(id)
            }
        }
    }

    fn single(&self, members: Members) -> VersionSetId {
        let mut all = self.sets.borrow_mut();
        let next = VersionSetId::from_index(all.singles.len());
        let id = *all.known.entry(members.clone()).or_insert(next);
        if id == next {
            all.singles.push(members);
        }
        id
    }

    /// For each name of these candidates: if it is there, then as another candidate.
    fn without(&self, mut enemies: Vec<u32>) -> Vec<VersionSetId> {
        let name = |candidate: &u32| self.index.get(*candidate).map(|found| found.name);
        enemies.sort_by_key(|enemy| (name(enemy), *enemy));
        let groups = enemies.chunk_by(|a, b| name(a) == name(b));
        groups
            .filter_map(|group| {
                let own = name(group.first()?)?;
                let rest = self.index.own(own).iter().copied();
                let rest = rest.filter(|other| !group.contains(other)).collect();
                Some(self.single((own, rest)))
            })
            .collect()
    }

    pub(super) fn members(&self, set: VersionSetId) -> Vec<u32> {
        let sets = self.sets.borrow();
        let found = sets.singles.get(set.to_index());
        found
            .map(|(_, members)| members.clone())
            .unwrap_or_default()
    }
}

impl Interner for Provider<'_, '_> {
    type NameId = NameId;
    type SolvableId = SolvableId;

    fn display_solvable(&self, id: SolvableId) -> impl Display + '_ {
        let candidate = candidate(id);
        let (name, version) = (
            self.index.name_of(candidate),
            self.index.version_of(candidate),
        );
        format!("{name} {version}")
    }

    fn display_name(&self, name: NameId) -> impl Display + '_ {
        self.index.text(name.into_raw())
    }

    fn display_version_set(&self, set: VersionSetId) -> impl Display + '_ {
        let members = self.members(set);
        let versions: Vec<_> = members
            .iter()
            .map(|member| self.index.version_of(*member))
            .collect();
        versions.join(" | ")
    }

    fn display_string(&self, _: StringId) -> impl Display + '_ {
        "out of the question"
    }

    fn version_set_name(&self, set: VersionSetId) -> NameId {
        let sets = self.sets.borrow();
        let name = sets
            .singles
            .get(set.to_index())
            .map_or(0, |(name, _)| *name);
        NameId::from_raw(name)
    }

    fn solvable_name(&self, solvable: SolvableId) -> NameId {
        let found = self.index.get(candidate(solvable));
        NameId::from_raw(found.map_or(0, |found| found.name))
    }

    fn version_sets_in_union(
        &self,
        union: VersionSetUnionId,
    ) -> impl Iterator<Item = VersionSetId> {
        let sets = self.sets.borrow();
        let found = sets.unions.get(union.to_index());
        found.cloned().unwrap_or_default().into_iter()
    }

    fn resolve_condition(&self, condition: ConditionId) -> Condition {
        // No requirement here has a condition, so nothing asks for one; the answer is one that always exists.
        let _ = condition;
        Condition::Requirement(VersionSetId::from_index(0))
    }
}

impl DependencyProvider for Provider<'_, '_> {
    async fn filter_candidates(
        &self,
        candidates: &[SolvableId],
        set: VersionSetId,
        inverse: bool,
    ) -> Vec<SolvableId> {
        let members = self.members(set);
        let all = candidates.iter().copied();
        all.filter(|one| members.contains(&candidate(*one)) != inverse)
            .collect()
    }

    async fn get_candidates(&self, name: NameId) -> Option<Candidates<SolvableId>> {
        let own = self.index.own(name.into_raw());
        let excluded = own
            .iter()
            .filter(|one| self.rules.excluded(self.index, **one).is_some());
        Some(Candidates {
            candidates: own.iter().map(|one| solvable(*one)).collect(),
            excluded: excluded.map(|one| (solvable(*one), StringId(0))).collect(),
            ..Candidates::default()
        })
    }

    async fn sort_candidates(&self, _: &SolverCache<Self>, solvables: &mut [SolvableId]) {
        // All are of one name, and `own` has these in order.
        let Some(first) = solvables.first() else {
            return;
        };
        let own = self.index.own(self.solvable_name(*first).into_raw());
        solvables.sort_by_key(|one| own.iter().position(|other| *other == candidate(*one)));
    }

    async fn get_dependencies(&self, id: SolvableId) -> Dependencies {
        let one = candidate(id);
        let needs = self.index.needs(one);
        let requirements = needs.iter().map(|ask| {
            let takers = self.index.sorted_takers(ask, Asker::Package);
            ConditionalRequirement::from(self.requirement(&takers))
        });
        Dependencies::Known(KnownDependencies {
            requirements: requirements.collect(),
            constrains: self.without(self.index.enemies(one)),
        })
    }
}
