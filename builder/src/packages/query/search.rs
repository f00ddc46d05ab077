//! `clom packages search`.

use std::fmt;

use super::table::{self, Align, bytes};
use crate::packages::universe::{Description, Universe};

/// A package that was found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The feed that has it.
    pub feed: String,
    /// Bytes of its file, compressed.
    pub size: Option<u64>,
    /// The first line of its description.
    pub about: String,
}

/// What was found, the best first.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Results(pub Vec<Found>);

/// Searches names and descriptions, without regard to case: the very name first, then names that begin with the text, then
/// those that have it inside, then descriptions. Only packages for these architectures.
pub fn search(universe: &Universe, architectures: &[String], text: &str) -> Results {
    let text = text.to_lowercase();
    let mut found = Vec::new();
    for (id, description) in universe.iter() {
        let architecture = description.architecture();
        if !architectures
            .iter()
            .any(|accepted| accepted == architecture)
        {
            continue;
        }
        let about = about(description);
        let name = description.name().to_lowercase();
        let rank = if name == text {
            0
        } else if name.starts_with(&text) {
            1
        } else if name.contains(&text) {
            2
        } else if about.to_lowercase().contains(&text) {
            3
        } else {
            continue;
        };
        let feed = universe.feeds.get(id.feed as usize);
        let line = about.trim().lines().next().unwrap_or_default();
        found.push((
            rank,
            Found {
                name: description.name().to_owned(),
                version: description.version().to_owned(),
                feed: feed.map(|feed| feed.name.clone()).unwrap_or_default(),
                size: description.file_size(),
                about: line.trim().to_owned(),
            },
        ));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.name.cmp(&b.1.name)));
    Results(found.into_iter().map(|(_, found)| found).collect())
}

fn about(description: &Description) -> String {
    match description {
        Description::Opkg(package) => {
            let about = package.stanza.value("Description");
            about.unwrap_or_default().into_owned()
        }
        Description::Apk(package) => package.description.clone(),
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self
            .0
            .iter()
            .map(|found| {
                let about = found.about.clone();
                [
                    found.name.clone(),
                    found.version.clone(),
                    found.feed.clone(),
                    bytes(found.size),
                    about,
                ]
            })
            .collect();
        let left = Align::Left;
        table::write(f, [left, left, left, Align::Right, left], &lines)
    }
}
