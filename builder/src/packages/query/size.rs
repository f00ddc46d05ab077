//! `clom packages size`.

use std::cmp::Reverse;
use std::fmt;

use super::table::{self, Align, bytes};
use super::{closure, roots};
use crate::packages::solve::{Origin, Solution};

/// What a new package adds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Size {
    /// Its name.
    pub name: String,
    /// Bytes of its file, compressed.
    pub file: Option<u64>,
    /// Bytes it takes installed, as it says itself.
    pub installed: Option<u64>,
}

/// What one want costs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Share {
    /// The package's name.
    pub name: String,
    /// Bytes of the files that would not be there if it were not wanted: its own and those of what only it needs.
    pub file: u64,
    /// How many packages that are.
    pub packages: usize,
}

/// How much the new packages add.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Sizes {
    /// New packages, the largest first.
    pub packages: Vec<Size>,
    /// What each want costs alone, the dearest first.
    pub wants: Vec<Share>,
    /// Bytes of all files.
    pub file: u64,
    /// Bytes that all take installed.
    pub installed: u64,
}

/// How much the new packages add, and what of it is for whom.
pub fn sizes(solution: &Solution) -> Sizes {
    let new = |place: &usize| {
        let package = solution.packages.get(*place);
        package.is_some_and(|package| matches!(package.origin, Origin::Feed(_)))
    };
    let mut packages: Vec<Size> = solution
        .installs()
        .map(|package| Size {
            name: package.name.clone(),
            file: package.file_size,
            installed: package.installed_size,
        })
        .collect();
    packages.sort_by_key(|size| (Reverse(size.file), size.name.clone()));
    let roots: Vec<usize> = roots(solution).collect();
    let wanted = roots.iter().copied().filter(|place| {
        let package = solution.packages.get(*place);
        package.is_some_and(|package| !package.wants.is_empty())
    });
    let mut wants: Vec<Share> = wanted
        .filter_map(|want| {
            let others = roots.iter().copied().filter(|place| *place != want);
            let rest = closure(solution, others);
            let places = 0..solution.packages.len();
            let only: Vec<_> = places
                .filter(|place| rest.get(*place) == Some(&false) && new(place))
                .filter_map(|place| solution.packages.get(place))
                .collect();
            Some(Share {
                name: solution.packages.get(want)?.name.clone(),
                file: only.iter().filter_map(|package| package.file_size).sum(),
                packages: only.len(),
            })
        })
        .collect();
    wants.sort_by_key(|share| (Reverse(share.file), share.name.clone()));
    Sizes {
        packages,
        wants,
        file: solution.file_size(),
        installed: solution.installed_size(),
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = |texts: [&str; 3]| texts.map(str::to_owned);
        let mut lines = vec![texts(["package", "compressed", "installed"])];
        let all = self.packages.iter();
        lines.extend(all.map(|size| [size.name.clone(), bytes(size.file), bytes(size.installed)]));
        lines.push([
            "all".to_owned(),
            bytes(Some(self.file)),
            bytes(Some(self.installed)),
        ]);
        table::write(f, [Align::Left, Align::Right, Align::Right], &lines)?;
        if self.wants.is_empty() {
            return Ok(());
        }
        writeln!(f)?;
        let mut lines = vec![texts(["without", "less", "packages"])];
        let all = self.wants.iter();
        lines.extend(all.map(|share| {
            [
                share.name.clone(),
                bytes(Some(share.file)),
                share.packages.to_string(),
            ]
        }));
        table::write(f, [Align::Left, Align::Right, Align::Right], &lines)
    }
}
