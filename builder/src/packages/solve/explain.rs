//! Why there is no solution, for people: from `resolvo`'s graph of a conflict to a few sentences.

use std::collections::HashSet;

use openwrt_formats::apk;
use resolvo::conflict::{ConflictCause, ConflictEdge, ConflictGraph, ConflictNode};
use resolvo::{ConditionalRequirement, Problem, Requirement, Solver, UnsolvableOrCancelled};

use super::index::{Index, Origin};
use super::prefer::Asker;
use super::provider::{Excluded, Provider, Rules, candidate};
use super::search::{Kind, Root, Search, add};
use super::similar::{either, similar};
use super::term::{Ask, Term};
use super::{Cause, Unsolvable};
use crate::packages::universe::{Description, Manager};

/// As many versions or providers of one thing are gone into.
const MOST_OPTIONS: usize = 3;

/// What is at the end of a chain.
struct End {
    cause: Cause,
    text: String,
    help: Option<String>,
}

/// The part of the conflict that is about who excludes whom.
struct Conflicts {
    /// A candidate, and one that it does not stand.
    pairs: HashSet<(u32, u32)>,
    /// Candidates that are part of the conflict.
    nodes: HashSet<u32>,
}

impl Search<'_> {
    /// Why [`Search::run`] finds nothing.
    pub(super) fn explain(&self) -> Unsolvable {
        let core = self.core();
        let conflicts = conflicts(self.index, &self.rules, &core);
        let mut all = None;
        for root in &core {
            if let Some(one) = self.explain_root(root, &conflicts) {
                add(&mut all, one);
            }
        }
        all.unwrap_or_else(|| {
            // A conflict always has a root with an end; this says at least who is in it.
            let subjects: Vec<_> = core.iter().map(|root| self.subject(root)).collect();
            let reason = format!("these do not go together: {}", subjects.join("; "));
            Unsolvable::new(Cause::Conflict, reason, None)
        })
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

    fn explain_root(&self, root: &Root, conflicts: &Conflicts) -> Option<Unsolvable> {
        let mut all: Option<Unsolvable> = None;
        let mut said = HashSet::new();
        let involved = root
            .options
            .iter()
            .filter(|one| conflicts.nodes.contains(one));
        for option in involved.take(MOST_OPTIONS) {
            let mut path = HashSet::new();
            let Some((steps, end)) = self.follow(*option, conflicts, &mut path) else {
                continue;
            };
            if !said.insert(end.text.clone()) {
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
            chain.push(end.text);
            add(
                &mut all,
                Unsolvable::new(end.cause, chain.join("; "), end.help),
            );
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

    fn excluded(&self, one: u32, why: Excluded) -> End {
        let (name, version) = (self.index.name_of(one), self.index.version_of(one));
        let installed = self
            .index
            .get(one)
            .and_then(|found| self.index.installed(found.name));
        match why {
            Excluded::Unwanted(at) => {
                let who = self.question.unwanted.get(at as usize);
                let who = who.map_or("something", |unwanted| &unwanted.why);
                End {
                    cause: Cause::Unwanted,
                    text: format!("{who} does not want {name}"),
                    help: Some(format!(
                        "take back the removal of {name}, or remove what needs it as well"
                    )),
                }
            }
            Excluded::OtherKernel => End {
                cause: Cause::Kernel,
                text: format!(
                    "that is the kernel {version}, the image has {}",
                    self.kernel()
                ),
                help: Some(update()),
            },
            Excluded::Downgrade | Excluded::Held => {
                let have = installed.map_or("", |one| self.index.version_of(one));
                End {
                    cause: Cause::Downgrade,
                    text: format!("{name} {version} is older than {have}, which is installed"),
                    help: Some(update()),
                }
            }
        }
    }

    /// The version of the image's kernel.
    fn kernel(&self) -> String {
        let number = self.index.lookup("kernel");
        let installed = number.and_then(|number| self.index.installed(number));
        let version = installed.map(|one| self.index.version_of(one));
        version
            .or(self.question.kernel)
            .unwrap_or("another")
            .to_owned()
    }

    /// Nothing meets an ask of a package.
    fn unmet(&self, one: u32, ask: &Ask<'_>) -> End {
        let name = self.index.name_of(one);
        let kernel = ask.terms.iter().find(|term| term.name() == "kernel");
        if let Some(made_for) = kernel.and_then(|term| term.exact())
            && !self.index.own_of("kernel").is_empty()
        {
            return End {
                cause: Cause::Kernel,
                text: format!(
                    "{name} is made for kernel {made_for}, the image has {}",
                    self.kernel()
                ),
                help: Some(update()),
            };
        }
        let mut end = self.nothing(ask);
        end.text = format!("{name} needs {ask}; {}", end.text);
        end
    }

    /// Nothing meets an ask.
    fn nothing(&self, ask: &Ask<'_>) -> End {
        let versions = ask.terms.iter().find_map(|term| self.other_versions(*term));
        if let Some(text) = versions {
            return End {
                cause: Cause::Version,
                text,
                help: Some(update()),
            };
        }
        let elsewhere = ask
            .terms
            .iter()
            .find_map(|term| self.elsewhere(term.name()));
        if let Some(text) = elsewhere {
            return End {
                cause: Cause::Architecture,
                text,
                help: None,
            };
        }
        let names: Vec<String> = ask
            .terms
            .iter()
            .map(|term| term.name().to_owned())
            .collect();
        End {
            cause: Cause::Unknown,
            text: format!("no feed has {}", either(&names)),
            help: Some("check that the feed which has it is among the profile's feeds, and run `clom update`".to_owned()),
        }
    }

    /// The name is there, in other versions.
    fn other_versions(&self, term: Term<'_>) -> Option<String> {
        let offers = self.index.offers(term.name());
        let mut versions: Vec<String> = offers
            .iter()
            .filter_map(|offer| {
                let found = self.index.get(offer.candidate)?;
                let installed = match found.origin {
                    Origin::Feed(_) => "",
                    _ => " (in the image)",
                };
                let name = found.description.name();
                let other = match name == term.name() {
                    true => String::new(),
                    false => format!(" of {name}"),
                };
                Some(format!("{}{other}{installed}", found.description.version()))
            })
            .collect();
        versions.sort();
        versions.dedup();
        versions.truncate(MOST_OPTIONS);
        (!versions.is_empty()).then(|| format!("there is only {}", versions.join(", ")))
    }

    /// The name is there, for other architectures.
    fn elsewhere(&self, name: &str) -> Option<String> {
        let all = self.question.universe.iter();
        let named = all.filter(|(_, description)| description.name() == name);
        let mut others: Vec<String> = named
            .map(|(_, description)| description.architecture().to_owned())
            .collect();
        others.sort();
        others.dedup();
        if others.is_empty() {
            return None;
        }
        let ours = either(self.question.architectures);
        Some(format!(
            "{name} is there for {} only, the image takes {ours}",
            either(&others)
        ))
    }

    /// A want that nothing meets.
    pub(super) fn missing(&self, at: usize) -> Unsolvable {
        let (Some(want), Some(asked)) = (self.question.want.get(at), self.asked.get(at)) else {
            return Unsolvable::new(Cause::Unknown, String::new(), None);
        };
        let ask = asked.ask();
        let mut end = self.nothing(&ask);
        if end.cause == Cause::Unknown {
            let alike = similar(&want.name, self.index.names());
            if !alike.is_empty() {
                end.help = Some(format!("did you mean {}?", either(&alike)));
            }
        }
        let reason = format!("{} wants {ask}; {}", want.why, end.text);
        Unsolvable::new(end.cause, reason, end.help)
    }

    /// Whom a package does not stand, or who does not stand it.
    fn conflict(&self, one: u32, conflicts: &Conflicts) -> Option<End> {
        let name = self.index.name_of(one);
        let mut pairs: Vec<_> = conflicts
            .pairs
            .iter()
            .filter_map(|(a, b)| match (*a == one, *b == one) {
                (true, _) => Some((*b, *a)),
                (_, true) => Some((*a, *a)),
                _ => None,
            })
            .collect();
        pairs.sort_unstable();
        let (other, who) = pairs.first().copied()?;
        let other_name = self.index.name_of(other);
        let text = match other_name == name {
            true => format!(
                "{name} {} and {} cannot both be there",
                self.index.version_of(one),
                self.index.version_of(other)
            ),
            false if self.refuses(one, other) || self.refuses(other, one) => {
                let (a, b) = if who == one {
                    (name, other_name)
                } else {
                    (other_name, name)
                };
                format!("{a} conflicts with {b}")
            }
            false => format!("{name} and {other_name} provide the same, and only one can"),
        };
        let named = self.index.is_installed(other) && self.is_named(other);
        let (keep, go) = match self.index.is_installed(one) && self.is_named(one) {
            true => (other_name, name),
            false => (name, other_name),
        };
        let help = match named || go == name {
            true => format!("to have {keep} instead of {go}, remove it: `-{go}`"),
            false => format!("leave out one of {name} and {other_name}"),
        };
        Some(End {
            cause: Cause::Conflict,
            text,
            help: Some(help),
        })
    }

    /// Whether a package says itself that it does not stand another.
    fn refuses(&self, one: u32, other: u32) -> bool {
        let name = self.index.name_of(other);
        match self.index.get(one).map(|found| found.description) {
            Some(Description::Opkg(_)) => true,
            Some(Description::Apk(package)) => {
                let refused = |term: &apk::Dependency| {
                    term.conflict
                        && self
                            .index
                            .meant(Term::Apk(term))
                            .any(|meant| meant == other)
                };
                package.depends.iter().any(refused)
            }
            None => name.is_empty(),
        }
    }

    /// apk takes nothing by itself that has a name without version and without priority, when others have the name too.
    pub(super) fn check_named(&self, chosen: &[u32]) -> Result<(), Unsolvable> {
        if self.index.manager == Manager::Opkg {
            return Ok(());
        }
        let mut named: HashSet<u32> = HashSet::new();
        let mut doubtful: Vec<(u32, String, String)> = Vec::new();
        let mut look = |subject: String, ask: &Ask<'_>, candidate: u32| {
            if self.index.is_automatic(ask, candidate) {
                named.insert(candidate);
            } else {
                let name = ask.terms.first().map_or("", |term| term.name());
                doubtful.push((candidate, subject, name.to_owned()));
            }
        };
        for one in chosen {
            for ask in self.index.needs(*one) {
                let there: Vec<u32> = self
                    .index
                    .takers(&ask)
                    .filter(|taker| chosen.contains(taker))
                    .collect();
                for taker in there {
                    look(
                        format!("{} needs {ask}", self.index.name_of(*one)),
                        &ask,
                        taker,
                    );
                }
            }
        }
        for root in &self.roots {
            if let Kind::Want(at) = root.kind
                && let Some(asked) = self.asked.get(at)
            {
                let there = root.options.iter().filter(|option| chosen.contains(option));
                for option in there {
                    look(self.subject(root), &asked.ask(), *option);
                }
            }
        }
        let others = self
            .roots
            .iter()
            .filter(|root| !matches!(root.kind, Kind::Want(_)));
        named.extend(others.flat_map(|root| root.options.iter().copied()));
        let mut all = None;
        for (candidate, subject, name) in doubtful {
            if named.contains(&candidate) || self.index.is_installed(candidate) {
                continue;
            }
            let offers = self.index.offers(&name).iter();
            let mut providers: Vec<String> = offers
                .map(|offer| self.index.name_of(offer.candidate).to_owned())
                .collect();
            providers.sort();
            providers.dedup();
            let reason = format!(
                "{subject}; {} would do, and none is preferred",
                either(&providers)
            );
            let help = format!("name the one to have: {}", either(&providers));
            add(
                &mut all,
                Unsolvable::new(Cause::Ambiguous, reason, Some(help)),
            );
        }
        all.map_or(Ok(()), Err)
    }
}

fn update() -> String {
    "run `clom update`: image and feeds must be of the same release and build".to_owned()
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
fn involved(index: &Index<'_>, rules: &Rules, roots: &[Root]) -> Vec<Root> {
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

fn conflicts(index: &Index<'_>, rules: &Rules, roots: &[Root]) -> Conflicts {
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
