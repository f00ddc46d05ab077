//! `clom packages list`.

use std::collections::HashMap;
use std::fmt;

use super::table::{self, Align, bytes};
use super::{feed, reason};
use crate::packages::solve::{Origin, Solution, Why};
use crate::packages::universe::Universe;

/// What becomes of a package.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is in the image and stays.
    Kept,
    /// It is new.
    New,
    /// It is new in this version; before it was this one.
    Newer(String),
    /// It goes.
    Removed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept => f.write_str("kept"),
            Self::New => f.write_str("new"),
            Self::Newer(before) => write!(f, "newer than {before}"),
            Self::Removed => f.write_str("removed"),
        }
    }
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The feed it comes from, or `image`.
    pub feed: String,
    /// Bytes of its file, compressed.
    pub size: Option<u64>,
    /// What becomes of it.
    pub state: State,
    /// The reason.
    pub why: String,
}

/// All packages, by name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct List(pub Vec<Row>);

/// Lists what the image has in the end, and what goes.
pub fn list(universe: &Universe, solution: &Solution) -> List {
    let before: HashMap<&str, &str> = solution
        .replaced
        .iter()
        .map(|replaced| (replaced.name.as_str(), replaced.version.as_str()))
        .collect();
    let there = solution.packages.iter().map(|package| Row {
        name: package.name.clone(),
        version: package.version.clone(),
        feed: feed(universe, package).to_owned(),
        size: package.file_size,
        state: match (package.origin, before.get(package.name.as_str())) {
            (Origin::Installed(_) | Origin::Kernel, _) => State::Kept,
            (Origin::Feed(_), Some(before)) => State::Newer((*before).to_owned()),
            (Origin::Feed(_), None) => State::New,
        },
        why: reason(package),
    });
    let gone = solution.remove.iter().map(|removed| Row {
        name: removed.name.clone(),
        version: removed.version.clone(),
        feed: "image".to_owned(),
        size: None,
        state: State::Removed,
        why: match &removed.why {
            Why::Unwanted(who) => format!("{who} does not want it"),
            Why::ReplacedBy(by) => format!("{by} takes its place"),
            Why::NoLongerNeeded => "no longer needed".to_owned(),
        },
    });
    let mut rows: Vec<Row> = there.chain(gone).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    List(rows)
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self
            .0
            .iter()
            .map(|row| {
                let size = match row.size {
                    None => String::new(),
                    size => bytes(size),
                };
                [
                    row.name.clone(),
                    row.version.clone(),
                    row.feed.clone(),
                    size,
                    row.state.to_string(),
                    row.why.clone(),
                ]
            })
            .collect();
        let left = Align::Left;
        table::write(f, [left, left, left, Align::Right, left, left], &lines)
    }
}
