//! Reading `resolvo`'s graph of a conflict.

use std::collections::HashSet;

use resolvo::conflict::{ConflictCause, ConflictEdge, ConflictGraph, ConflictNode};
use resolvo::{ConditionalRequirement, Problem, Requirement, Solver, UnsolvableOrCancelled};

use super::super::index::Index;
use super::super::provider::{Provider, Rules, candidate};
use super::super::search::Root;

/// The part of the conflict that is about who excludes whom.
pub(super) struct Conflicts {
    /// A candidate, and one that it does not stand.
    pub(super) pairs: HashSet<(u32, u32)>,
    /// Candidates that are part of the conflict.
    pub(super) nodes: HashSet<u32>,
}

/// The graph of why these roots have no solution; `None` if they have one.
fn graph<T>(
    index: &Index<'_>,
    rules: &Rules,
    roots: &[Root],
    read: impl FnOnce(&ConflictGraph, &[Requirement]) -> T,
) -> Option<T> {
    let provider = Provider::new(index, rules);
    let requirements: Vec<Requirement> = roots
        .iter()
        .map(|root| provider.requirement(&root.options))
        .collect();
    let conditional = requirements
        .iter()
        .copied()
        .map(ConditionalRequirement::from);
    let problem = Problem::new().requirements(conditional.collect());
    let mut solver = Solver::new(provider);
    match solver.solve(problem) {
        Err(UnsolvableOrCancelled::Unsolvable(conflict)) => {
            Some(read(&conflict.graph(&solver), &requirements))
        }
        _ => None,
    }
}

/// The roots that are part of the conflict.
pub(super) fn involved(index: &Index<'_>, rules: &Rules, roots: &[Root]) -> Vec<Root> {
    let found = graph(index, rules, roots, |graph, requirements| {
        let edges = graph.graph.edges(graph.root_node);
        let asked: HashSet<Requirement> = edges
            .filter_map(|edge| match edge.weight() {
                ConflictEdge::Requires(requirement) => Some(*requirement),
                ConflictEdge::Conflict(_) => None,
            })
            .collect();
        let all = roots.iter().zip(requirements);
        all.filter(|(_, requirement)| asked.contains(requirement))
            .map(|(root, _)| root.clone())
            .collect()
    });
    found.unwrap_or_default()
}

pub(super) fn conflicts(index: &Index<'_>, rules: &Rules, roots: &[Root]) -> Conflicts {
    let found = graph(index, rules, roots, |graph, _| {
        let at = |node| match graph.graph.node_weight(node) {
            Some(ConflictNode::Solvable(solvable)) => Some(candidate(*solvable)),
            _ => None,
        };
        let edges = graph.graph.edge_indices();
        let pairs = edges.filter_map(|edge| {
            let (from, to) = graph.graph.edge_endpoints(edge)?;
            match graph.graph.edge_weight(edge)? {
                ConflictEdge::Conflict(
                    ConflictCause::Constrains(_) | ConflictCause::ForbidMultipleInstances,
                ) => Some((at(from)?, at(to)?)),
                _ => None,
            }
        });
        Conflicts {
            pairs: pairs.collect(),
            nodes: graph.graph.node_indices().filter_map(at).collect(),
        }
    });
    found.unwrap_or_else(|| Conflicts {
        pairs: HashSet::new(),
        nodes: HashSet::new(),
    })
}
