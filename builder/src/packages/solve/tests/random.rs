//! The solver against trying everything, on small universes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::packages::solve::notation::{Case, package};
use crate::packages::solve::{Installed, Origin, Solution, Unwanted, Want};
use crate::packages::universe::{Description, Feed, Manager, Universe};

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
/// A name that is only provided.
const VIRTUAL: &str = "v";

/// What one package has to do with others: kind, whom, which version.
type Link = (u8, usize, u8);

#[derive(Debug, Clone)]
struct Plan {
    apk: bool,
    /// For each name, for each version that is in the feed, its links.
    feed: Vec<Vec<(bool, Vec<Link>)>>,
    /// For each name: installed as this version, asked for.
    installed: Vec<Option<(bool, bool)>>,
    want: Vec<(usize, u8)>,
    unwanted: Option<usize>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let links = prop::collection::vec((0..8u8, 0..NAMES.len() + 1, 0..4u8), 0..3);
    let version = (prop::bool::weighted(0.8), links);
    let name = prop::collection::vec(version, 2);
    (
        any::<bool>(),
        prop::collection::vec(name, NAMES.len()),
        prop::collection::vec(
            prop::option::weighted(0.4, (any::<bool>(), any::<bool>())),
            NAMES.len(),
        ),
        prop::collection::vec((0..NAMES.len(), 0..4u8), 1..4),
        prop::option::weighted(0.3, 0..NAMES.len()),
    )
        .prop_map(|(apk, feed, installed, want, unwanted)| Plan {
            apk,
            feed,
            installed,
            want,
            unwanted,
        })
}

/// Whom a link means, `NAMES.len()` being the virtual name.
fn target(number: usize) -> &'static str {
    NAMES.get(number).copied().unwrap_or(VIRTUAL)
}

/// `name`, or `name` with a condition on the version.
fn condition(apk: bool, name: &str, kind: u8) -> String {
    match (apk, kind) {
        (true, 0) => format!("{name}>=2"),
        (true, 1) => format!("{name}<2"),
        (false, 0) => format!("{name} (>= 2)"),
        (false, 1) => format!("{name} (= 1)"),
        _ => name.to_owned(),
    }
}

fn line(apk: bool, name: &str, version: usize, links: &[Link]) -> String {
    let mut fields: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (kind, whom, how) in links {
        let whom = target(*whom);
        if whom == name {
            continue;
        }
        let condition = condition(apk, whom, *how);
        match kind {
            0..=3 => fields.entry("D").or_default().push(condition),
            4 if apk => fields.entry("D").or_default().push(format!("!{condition}")),
            4 => fields.entry("C").or_default().push(condition),
            // With a version, or without and with a priority, so that it may be chosen.
            5 if apk => fields
                .entry("P")
                .or_default()
                .push(format!("{VIRTUAL}={how}")),
            _ => fields.entry("P").or_default().push(VIRTUAL.to_owned()),
        }
    }
    let mut text = format!("{name} {version}");
    for (key, mut values) in fields {
        if key == "P" {
            values.truncate(1);
        }
        let values = values.join(if apk { " " } else { ", " });
        text.push_str(&format!("; {key} {values}"));
    }
    if apk {
        text.push_str("; K 10");
    }
    text
}

impl Plan {
    fn case(&self) -> Case {
        let manager = if self.apk {
            Manager::Apk
        } else {
            Manager::Opkg
        };
        let mut packages = Vec::new();
        let mut installed = Vec::new();
        for ((name, versions), have) in NAMES.iter().zip(&self.feed).zip(&self.installed) {
            for (number, (there, links)) in versions.iter().enumerate() {
                let description = package(manager, &line(self.apk, name, number + 1, links));
                if have.is_some_and(|(newer, _)| usize::from(newer) == number) {
                    let wanted = have.is_some_and(|(_, wanted)| wanted);
                    installed.push(Installed {
                        description: description.clone(),
                        wanted,
                    });
                }
                if *there {
                    packages.push(description);
                }
            }
        }
        let feeds = vec![Feed {
            name: "base".into(),
            packages,
        }];
        let want = self.want.iter().map(|(name, how)| Want {
            name: target(*name).to_owned(),
            constraint: match how {
                0 => Some((">=".to_owned(), "2".to_owned())),
                1 => Some(("=".to_owned(), "1".to_owned())),
                _ => None,
            },
            why: "test".into(),
            default: false,
        });
        let unwanted = self.unwanted.map(|name| Unwanted {
            name: target(name).to_owned(),
            why: "test".into(),
        });
        Case {
            universe: Universe { manager, feeds },
            architectures: vec!["all".into(), "mipsel_24kc".into()],
            installed,
            want: want.collect(),
            unwanted: unwanted.into_iter().collect(),
            kernel: None,
        }
    }
}

/// A package of an image that is tried: what is installed, or what the feed has.
#[derive(Clone, Copy)]
struct One<'a> {
    description: &'a Description,
    installed: bool,
}

/// The rules, written down once more: on sets of packages, without indexes, preferences or search.
struct Rules<'a> {
    case: &'a Case,
}

impl Rules<'_> {
    fn provides(&self, one: &Description, name: &str) -> Vec<Option<String>> {
        let own = (one.name() == name).then(|| Some(one.version().to_owned()));
        let others: Vec<Option<String>> = match one {
            Description::Opkg(package) => {
                let found = package.provides.iter().filter(|other| *other == name);
                found.map(|_| Some(one.version().to_owned())).collect()
            }
            Description::Apk(package) => {
                let found = package.provides.iter().filter(|other| other.name == name);
                found
                    .map(|other| {
                        let text = other.to_string();
                        text.split_once('=').map(|(_, version)| version.to_owned())
                    })
                    .collect()
            }
        };
        own.into_iter().chain(others).collect()
    }

    /// Whether a package meets a condition; all versions here are single digits, and opkg takes equal ones for anything.
    fn meets(&self, one: &Description, name: &str, sign: &str, version: &str) -> bool {
        let offered = self.provides(one, name);
        offered.iter().any(|offered| match (offered, sign) {
            (_, "") | (None, _) => true,
            (Some(offered), ">=") => offered.as_str() >= version,
            (Some(offered), "<") => offered.as_str() < version,
            (Some(offered), "=") => offered == version,
            _ => unreachable!("no sign {sign}"),
        })
    }

    fn needs(&self, one: &Description) -> Vec<(bool, String, String, String)> {
        let split = |text: &str, not: bool| {
            let text = text.replace([' ', '(', ')', '!'], "");
            let at = text.find(['<', '=', '>']).unwrap_or(text.len());
            let (name, rest) = text.split_at(at);
            let version = rest.trim_start_matches(['<', '=', '>']);
            let sign = rest.trim_end_matches(version);
            (not, name.to_owned(), sign.to_owned(), version.to_owned())
        };
        let mut all: Vec<_> = match one {
            Description::Opkg(package) => {
                let needs = package
                    .depends
                    .iter()
                    .map(|one| split(&one.to_string(), false));
                let conflicts = package
                    .conflicts
                    .iter()
                    .map(|one| split(&one.to_string(), true));
                needs.chain(conflicts).collect()
            }
            Description::Apk(package) => {
                let all = package.depends.iter();
                all.map(|one| split(&one.to_string(), one.conflict))
                    .collect()
            }
        };
        // What it meets itself it does not need.
        all.retain(|(not, name, sign, version)| *not || !self.meets(one, name, sign, version));
        all
    }

    fn met(
        &self,
        image: &[One<'_>],
        (_, name, sign, version): &(bool, String, String, String),
    ) -> bool {
        image
            .iter()
            .any(|one| self.meets(one.description, name, sign, version))
    }

    fn excludes(&self, a: &One<'_>, b: &One<'_>) -> bool {
        if a.description.name() == b.description.name() || (a.installed && b.installed) {
            return false;
        }
        let opkg = self.case.universe.manager == Manager::Opkg;
        let refused = self
            .needs(a.description)
            .iter()
            .any(|(not, name, sign, version)| {
                let meant = !opkg || b.description.name() == name;
                *not && meant && self.meets(b.description, name, sign, version)
            });
        let same = |name: &&str| {
            let (a, b) = (
                self.provides(a.description, name),
                self.provides(b.description, name),
            );
            let shared = !a.is_empty() && !b.is_empty();
            shared && a.iter().chain(&b).any(Option::is_some)
        };
        refused || (!opkg && NAMES.iter().chain([&VIRTUAL]).any(same))
    }

    /// Whether these packages could be an image's.
    fn valid(&self, image: &[One<'_>]) -> bool {
        let before: Vec<One<'_>> = self
            .case
            .installed
            .iter()
            .map(|one| One {
                description: &one.description,
                installed: true,
            })
            .collect();
        let needs = image.iter().all(|one| {
            let needs = self.needs(one.description);
            needs
                .iter()
                .filter(|need| !need.0)
                .all(|need| self.met(image, need) || (one.installed && !self.met(&before, need)))
        });
        let apart = image
            .iter()
            .all(|one| image.iter().all(|other| !self.excludes(one, other)));
        let unwanted = |one: &One<'_>| {
            self.case
                .unwanted
                .iter()
                .any(|no| no.name == one.description.name())
        };
        let downgrade = |one: &One<'_>| {
            before.iter().any(|old| {
                old.description.name() == one.description.name()
                    && one.description.version() < old.description.version()
            })
        };
        let wants = self.case.want.iter().all(|want| {
            let (sign, version) = want.constraint.clone().unwrap_or_default();
            self.met(image, &(false, want.name.clone(), sign, version))
        });
        let opkg = self.case.universe.manager == Manager::Opkg;
        let kept = self.case.installed.iter().zip(&before).all(|(old, one)| {
            let name = old.description.name();
            let needed = self.needed_before(one.description);
            let stays = (old.wanted || (opkg && !needed)) && !unwanted(one);
            !stays
                || image.iter().any(|new| match opkg {
                    true => new.description.name() == name,
                    false => !self.provides(new.description, name).is_empty(),
                })
        });
        needs && apart && wants && kept && !image.iter().any(|one| unwanted(one) || downgrade(one))
    }

    /// Whether something else that is installed needs it.
    fn needed_before(&self, one: &Description) -> bool {
        let mut others = self.case.installed.iter();
        others.any(|other| {
            let needs = self.needs(&other.description);
            other.description.name() != one.name()
                && needs
                    .iter()
                    .any(|(not, name, sign, version)| !not && self.meets(one, name, sign, version))
        })
    }

    /// Every image that could be, each name in one version or absent.
    fn all(&self) -> Vec<Vec<One<'_>>> {
        let mut images = vec![Vec::new()];
        for name in NAMES {
            let old = self
                .case
                .installed
                .iter()
                .filter(|one| one.description.name() == name);
            let mut options: Vec<One<'_>> = old
                .map(|one| One {
                    description: &one.description,
                    installed: true,
                })
                .collect();
            let feed = self
                .case
                .universe
                .feeds
                .iter()
                .flat_map(|feed| &feed.packages);
            for new in feed.filter(|one| one.name() == name) {
                if options
                    .iter()
                    .all(|one| one.description.version() != new.version())
                {
                    options.push(One {
                        description: new,
                        installed: false,
                    });
                }
            }
            let longer = images.iter().flat_map(|image: &Vec<One<'_>>| {
                options.iter().map(move |one| {
                    let mut longer = image.clone();
                    longer.push(*one);
                    longer
                })
            });
            let longer: Vec<_> = longer.collect();
            images.extend(longer);
        }
        images.retain(|image| self.valid(image));
        images
    }

    /// What is installed and not left as it is, but for what is unwanted or no longer needed.
    fn changes(&self, image: &[One<'_>]) -> BTreeSet<String> {
        let opkg = self.case.universe.manager == Manager::Opkg;
        let old = self.case.installed.iter().filter(|old| {
            let name = old.description.name();
            let here = image.iter().find(|one| one.description.name() == name);
            let unwanted = self.case.unwanted.iter().any(|no| no.name == name);
            let met_before = |need: &(bool, String, String, String), one: &One<'_>| {
                let before = self
                    .case
                    .installed
                    .iter()
                    .any(|old| self.meets(&old.description, &need.1, &need.2, &need.3));
                !one.installed || before
            };
            let needed = image.iter().any(|one| {
                let needs = self.needs(one.description);
                one.description.name() != name
                    && needs.iter().any(|need| {
                        !need.0
                            && met_before(need, one)
                            && self.meets(&old.description, &need.1, &need.2, &need.3)
                    })
            });
            match here {
                Some(one) => !one.installed,
                None => {
                    !unwanted
                        && (old.wanted || needed || (opkg && !self.needed_before(&old.description)))
                }
            }
        });
        old.map(|old| old.description.name().to_owned()).collect()
    }
}

fn image<'a>(case: &'a Case, solution: &Solution) -> Vec<One<'a>> {
    let all = solution
        .packages
        .iter()
        .map(|package| match package.origin {
            Origin::Installed(at) => One {
                description: &case.installed[at].description,
                installed: true,
            },
            Origin::Feed(id) => One {
                description: case.universe.get(id).unwrap(),
                installed: false,
            },
            Origin::Kernel => unreachable!("no kernel was given"),
        });
    all.collect()
}

/// As many as fit into a few seconds; more for a night.
fn cases() -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(600)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn as_if_all_were_tried(plan in plan()) {
        let case = plan.case();
        let rules = Rules { case: &case };
        let all = rules.all();
        match case.solve() {
            Err(error) => {
                prop_assert!(all.is_empty(), "{error}\nbut there are {}", all.len());
                prop_assert!(!error.to_string().contains("do not go together:"), "no reason found: {error}");
            }
            Ok(solution) => {
                let image = image(&case, &solution);
                prop_assert!(rules.valid(&image), "{solution:#?}");
                prop_assert_eq!(&case.solve().unwrap(), &solution);
                let changes = rules.changes(&image);
                for other in &all {
                    let fewer = rules.changes(other);
                    prop_assert!(
                        !(fewer.len() < changes.len() && fewer.is_subset(&changes)),
                        "changes {changes:?}, {fewer:?} would do"
                    );
                }
                // Nothing is installed that could be left out with all else as it is.
                for (at, one) in image.iter().enumerate().filter(|(_, one)| !one.installed) {
                    let mut less = image.clone();
                    less.remove(at);
                    prop_assert!(!rules.valid(&less), "{} is not needed", one.description.name());
                }
                // What is needed comes first, but in cycles.
                let mut removed: BTreeSet<&str> = solution.remove.iter().map(|gone| gone.name.as_str()).collect();
                removed.extend(image.iter().map(|one| one.description.name()));
                for old in &case.installed {
                    prop_assert!(removed.contains(old.description.name()), "dropped silently");
                }
            }
        }
    }
}
