//! Questions about an image's packages, once it is known which these are: what there is, why, and how big.
//!
//! Pure functions over a [`Universe`] and a [`Solution`]; their answers are values for programs, with a text for people
//! ([`std::fmt::Display`]).

mod list;
mod search;
mod size;
mod table;
mod tree;
mod why;

#[cfg(test)]
mod tests;

pub use list::{List, Row, State, list};
pub use search::{Found, Results, search};
pub use size::{Share, Size, Sizes, sizes};
pub use tree::{Branch, Tree, tree};
pub use why::{Chain, Reason, why};

use super::solve::{Because, Origin, Package, Solution};
use super::universe::Universe;

/// Where a package of the image comes from: the feed's name, or `image`.
fn feed<'a>(universe: &'a Universe, package: &Package) -> &'a str {
    match package.origin {
        Origin::Feed(id) => universe
            .feeds
            .get(id.feed as usize)
            .map_or("", |feed| &feed.name),
        Origin::Installed(_) | Origin::Kernel => "image",
    }
}

/// The reason why a package is there, in a few words.
fn reason(package: &Package) -> String {
    match &package.because {
        Because::Wanted(why) => format!("{why} wants it"),
        Because::Before => "was in the image".to_owned(),
        Because::NeededBy(by) if by.is_empty() => "in the image".to_owned(),
        Because::NeededBy(by) => format!("{by} needs it"),
        Because::GoesWith(with) => format!("goes with {with}"),
    }
}

/// The packages that are not there only because others need them: places in the solution.
fn roots(solution: &Solution) -> impl Iterator<Item = usize> {
    let all = solution.packages.iter().zip(0..);
    all.filter(|(package, _)| package.named || !matches!(package.because, Because::NeededBy(_)))
        .map(|(_, place)| place)
}

/// All that these packages need, and they themselves.
fn closure(solution: &Solution, from: impl Iterator<Item = usize>) -> Vec<bool> {
    let mut there = vec![false; solution.packages.len()];
    let mut todo: Vec<usize> = from.collect();
    while let Some(place) = todo.pop() {
        if let (Some(seen @ false), Some(package)) =
            (there.get_mut(place), solution.packages.get(place))
        {
            *seen = true;
            todo.extend(&package.needs);
        }
    }
    there
}
