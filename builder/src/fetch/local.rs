//! Files of this machine.

use std::fs::File;
use std::io;
use std::path::Path;

use super::error::Problem;
use super::location::Location;
use super::wanted::{Fetched, Wanted};
use crate::store::Sha256;

/// The first of the local places that has what is wanted, and what happened at those before it.
pub(super) fn find(wanted: &Wanted) -> (Option<Fetched>, Vec<(Location, Problem)>) {
    let mut tried = Vec::new();
    for place in &wanted.urls {
        let Location::Local(path) = place else {
            continue;
        };
        match look(path, wanted) {
            Ok((sha256, size)) => {
                let found = Fetched {
                    what: wanted.what.clone(),
                    path: path.clone(),
                    sha256,
                    size,
                    from: Some(place.clone()),
                };
                return (Some(found), tried);
            }
            Err(problem) => tried.push((place.clone(), problem)),
        }
    }
    (None, tried)
}

fn look(path: &Path, wanted: &Wanted) -> Result<(Sha256, u64), Problem> {
    let file = File::open(path).map_err(Problem::Local)?;
    let meta = file.metadata().map_err(Problem::Local)?;
    if !meta.is_file() {
        return Err(Problem::Local(io::Error::other("it is not a file")));
    }
    let limit = wanted.at_most;
    match wanted.size {
        Some(expected) if meta.len() != expected => {
            let got = meta.len();
            return Err(Problem::WrongSize { got, expected });
        }
        _ if meta.len() > limit => return Err(Problem::TooLong { limit }),
        _ => {}
    }
    let (got, size) = Sha256::of_reader(&file).map_err(Problem::Local)?;
    match wanted.sha256 {
        Some(expected) if got != expected => Err(Problem::WrongHash { got, expected }),
        _ => Ok((got, size)),
    }
}
