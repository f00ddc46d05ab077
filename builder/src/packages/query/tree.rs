//! `clom packages tree`.

use std::fmt;

use super::roots;
use crate::packages::solve::Solution;

/// A line of the tree.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Branch {
    /// How far it is from what the tree begins with.
    pub depth: usize,
    /// Whether no other follows at this depth below the same package.
    pub last: bool,
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it needs is further up already, and not written again.
    pub repeated: bool,
}

/// What packages need, and what that needs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tree(pub Vec<Branch>);

/// The tree below the package of this name, or below all that are there for themselves. `None` when there is no such package.
pub fn tree(solution: &Solution, name: Option<&str>) -> Option<Tree> {
    let starts: Vec<usize> = match name {
        Some(name) => vec![
            solution
                .packages
                .iter()
                .position(|package| package.name == name)?,
        ],
        None => {
            let mut starts: Vec<usize> = roots(solution).collect();
            starts.sort_by_key(|place| solution.packages.get(*place).map(|package| &package.name));
            starts
        }
    };
    let mut written = vec![false; solution.packages.len()];
    let mut branches = Vec::new();
    let mut todo: Vec<(usize, usize, bool)> = Vec::new();
    let below = |places: &[usize], depth: usize| -> Vec<(usize, usize, bool)> {
        let last = places.len().saturating_sub(1);
        let all = places.iter().enumerate();
        all.map(|(at, place)| (*place, depth, at == last))
            .rev()
            .collect()
    };
    todo.extend(below(&starts, 0));
    while let Some((place, depth, last)) = todo.pop() {
        let (Some(package), Some(seen)) = (solution.packages.get(place), written.get_mut(place))
        else {
            continue;
        };
        branches.push(Branch {
            depth,
            last,
            name: package.name.clone(),
            version: package.version.clone(),
            repeated: *seen && !package.needs.is_empty(),
        });
        if !*seen {
            *seen = true;
            todo.extend(below(&package.needs, depth + 1));
        }
    }
    Some(Tree(branches))
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whether a line goes on at each depth.
        let mut open: Vec<bool> = Vec::new();
        for branch in &self.0 {
            open.truncate(branch.depth);
            for goes_on in open.iter().skip(1) {
                f.write_str(if *goes_on { "│  " } else { "   " })?;
            }
            if branch.depth > 0 {
                f.write_str(if branch.last { "└─ " } else { "├─ " })?;
            }
            let mark = if branch.repeated { " (above)" } else { "" };
            writeln!(f, "{} {}{mark}", branch.name, branch.version)?;
            open.push(!branch.last);
        }
        Ok(())
    }
}
