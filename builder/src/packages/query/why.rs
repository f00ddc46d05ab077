//! `clom packages why`.

use std::collections::VecDeque;
use std::fmt;

use super::{reason, roots};
use crate::packages::solve::{Because, Solution, Why};

/// From something that is there for itself to the package that was asked about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Chain {
    /// Why the first is there: `site lone-village (…) wants it`.
    pub because: String,
    /// Names, each needing the next.
    pub names: Vec<String>,
}

/// How many chains the text tells; the values have all.
const TOLD: usize = 5;

/// Why a package is in the image, or is not.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It is there: a shortest chain from each that needs it and is there for itself, the shortest first.
    There(Vec<Chain>),
    /// It was there and goes: the reason.
    Removed(Why),
    /// It is not there.
    Absent,
}

/// Why the package of this name is in the image.
pub fn why(solution: &Solution, name: &str) -> Reason {
    let place = solution
        .packages
        .iter()
        .position(|package| package.name == name);
    let Some(place) = place else {
        let removed = solution.remove.iter().find(|removed| removed.name == name);
        return removed.map_or(Reason::Absent, |removed| {
            Reason::Removed(removed.why.clone())
        });
    };
    // From the package backwards; what is reached first is nearest.
    let mut needers: Vec<Vec<usize>> = vec![Vec::new(); solution.packages.len()];
    for (package, needer) in solution.packages.iter().zip(0..) {
        for needed in &package.needs {
            if let Some(needers) = needers.get_mut(*needed) {
                needers.push(needer);
            }
        }
    }
    let mut next: Vec<Option<usize>> = vec![None; solution.packages.len()];
    let mut seen = vec![false; solution.packages.len()];
    let mut order = Vec::new();
    let mut todo = VecDeque::from([(place, None)]);
    while let Some((at, towards)) = todo.pop_front() {
        match (seen.get_mut(at), next.get_mut(at)) {
            (Some(seen @ false), Some(next)) => (*seen, *next) = (true, towards),
            _ => continue,
        }
        order.push(at);
        let needers = needers.get(at).into_iter().flatten();
        todo.extend(needers.map(|needer| (*needer, Some(at))));
    }
    let roots: Vec<usize> = roots(solution).collect();
    let chains = order
        .into_iter()
        .filter(|at| roots.contains(at))
        .filter_map(|root| {
            let package = solution.packages.get(root)?;
            let mut names = Vec::new();
            let mut at = Some(root);
            while let Some(here) = at {
                names.push(solution.packages.get(here)?.name.clone());
                at = next.get(here).copied().flatten();
            }
            let because = match &package.because {
                // It is named, so this is not the reason.
                Because::NeededBy(_) => "was asked for by name".to_owned(),
                _ => reason(package),
            };
            Some(Chain { because, names })
        });
    Reason::There(chains.collect())
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.names.first().map_or("", String::as_str);
        writeln!(f, "{first}: {}", self.because)?;
        for pair in self.names.windows(2) {
            if let [needer, needed] = pair {
                writeln!(f, "  {needer} needs {needed}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::There(chains) => {
                chains
                    .iter()
                    .take(TOLD)
                    .try_for_each(|chain| chain.fmt(f))?;
                match chains.len().saturating_sub(TOLD) {
                    0 => Ok(()),
                    more => writeln!(f, "and {more} more"),
                }
            }
            Self::Removed(Why::Unwanted(who)) => writeln!(f, "removed: {who} does not want it"),
            Self::Removed(Why::ReplacedBy(by)) => writeln!(f, "removed: {by} takes its place"),
            Self::Removed(Why::NoLongerNeeded) => writeln!(f, "removed: nothing needs it any more"),
            Self::Absent => writeln!(f, "not in the image"),
        }
    }
}
