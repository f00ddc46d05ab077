//! What differs between two locks, for people.

use std::collections::BTreeMap;
use std::fmt;

use super::{Build, Lock, Package};
use crate::source::budget::kib;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The lock is for one more build, or for one less.
    Build {
        /// The build.
        build: Build,
        /// Whether it comes.
        new: bool,
    },
    /// A donor or feed has other content, comes, or goes.
    File {
        /// What it is and where it lies.
        what: String,
        /// Its size before, bytes.
        before: Option<u64>,
        /// Its size after, bytes.
        after: Option<u64>,
    },
    /// A package has another version, comes, or goes.
    Package {
        /// Its name.
        name: String,
        /// Version and size before.
        before: Option<(String, u64)>,
        /// Version and size after.
        after: Option<(String, u64)>,
    },
}

/// All differences: builds first, then files, then packages by name.
pub fn changes(old: &Lock, new: &Lock) -> Vec<Change> {
    let mut changes = Vec::new();
    for (here, there, new) in [
        (&new.builds, &old.builds, true),
        (&old.builds, &new.builds, false),
    ] {
        let only = here.iter().filter(|build| !there.contains(build)).cloned();
        changes.extend(only.map(|build| Change::Build { build, new }));
    }
    let files = |lock: &Lock| -> BTreeMap<String, (crate::store::Sha256, u64)> {
        let donors = lock.donors.iter().map(|donor| {
            (
                format!("image of {} for {}", donor.release, donor.device),
                (donor.sha256, donor.size),
            )
        });
        let feeds = lock.feeds.iter().map(|feed| {
            (
                format!("feed {}", feed.place.parent()),
                (feed.sha256, feed.size),
            )
        });
        donors.chain(feeds).collect()
    };
    compare(&files(old), &files(new), |what, before, after| {
        changes.push(Change::File {
            what: what.clone(),
            before: before.map(|(_, size)| *size),
            after: after.map(|(_, size)| *size),
        });
    });
    // One package can be there for several architectures.
    let packages = |lock: &Lock| -> BTreeMap<(String, String), Package> {
        let keyed = lock.packages.iter().map(|package| {
            (
                (package.name.clone(), package.place.parent().to_string()),
                package.clone(),
            )
        });
        keyed.collect()
    };
    compare(
        &packages(old),
        &packages(new),
        |(name, _), before, after| {
            let short = |package: &Package| (package.version.clone(), package.size);
            changes.push(Change::Package {
                name: name.clone(),
                before: before.map(short),
                after: after.map(short),
            });
        },
    );
    changes
}

fn compare<K: Ord + Clone, V: PartialEq>(
    old: &BTreeMap<K, V>,
    new: &BTreeMap<K, V>,
    mut differs: impl FnMut(&K, Option<&V>, Option<&V>),
) {
    let keys: std::collections::BTreeSet<&K> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let (before, after) = (old.get(key), new.get(key));
        if before != after {
            differs(key, before, after);
        }
    }
}

/// One line: `+ babeld 1.13-r1 (42 KiB)`, `~ luci 1 -> 2 (+3 KiB)`, `- ppp 2.5`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build { build, new } => {
                let sign = if *new { '+' } else { '-' };
                write!(f, "{sign} build {} on {}", build.site, build.device)
            }
            Self::File {
                what,
                before,
                after,
            } => match (before, after) {
                (None, Some(size)) => write!(f, "+ {what} ({})", kib(*size)),
                (Some(_), None) => write!(f, "- {what}"),
                (Some(before), Some(after)) => write!(f, "~ {what} ({})", differs(*before, *after)),
                (None, None) => Ok(()),
            },
            Self::Package {
                name,
                before,
                after,
            } => match (before, after) {
                (None, Some((version, size))) => write!(f, "+ {name} {version} ({})", kib(*size)),
                (Some((version, _)), None) => write!(f, "- {name} {version}"),
                (Some((old, before)), Some((new, after))) if old == new => {
                    write!(
                        f,
                        "~ {name} {new} built anew ({})",
                        differs(*before, *after)
                    )
                }
                (Some((old, before)), Some((new, after))) => {
                    write!(f, "~ {name} {old} -> {new} ({})", differs(*before, *after))
                }
                (None, None) => Ok(()),
            },
        }
    }
}

fn differs(before: u64, after: u64) -> String {
    match after >= before {
        true => format!("+{}", kib(after - before)),
        false => format!("-{}", kib(before - after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Sha256;

    fn package(name: &str, version: &str, byte: u8, size: u64) -> Package {
        Package {
            name: name.to_owned(),
            version: version.to_owned(),
            place: format!("openwrt:f/{name}_{version}.ipk").parse().unwrap(),
            sha256: Sha256::from([byte; 32]),
            size,
        }
    }

    #[test]
    fn every_kind_of_change_has_a_line() {
        let old = Lock {
            packages: vec![
                package("same", "1", 1, 10),
                package("gone", "1", 1, 10),
                package("newer", "1", 1, 1000),
                package("rebuilt", "1", 1, 10),
            ],
            ..Lock::default()
        };
        let new = Lock {
            packages: vec![
                package("same", "1", 1, 10),
                package("come", "2", 1, 4096),
                package("newer", "2", 2, 3048),
                package("rebuilt", "1", 2, 5),
            ],
            ..Lock::default()
        };
        let lines: Vec<String> = changes(&old, &new)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            lines,
            [
                "+ come 2 (4 KiB)",
                "- gone 1",
                "~ newer 1 -> 2 (+2 KiB)",
                "~ rebuilt 1 built anew (-5 B)",
            ]
        );
        assert!(changes(&old, &old).is_empty());
    }
}
