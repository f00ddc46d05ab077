//! The words for what is at the end of a chain.

use openwrt_formats::apk;

use super::super::index::Origin;
use super::super::provider::Excluded;
use super::super::search::Search;
use super::super::similar::{either, similar};
use super::super::term::{Ask, Term};
use super::super::{Cause, Unsolvable};
use super::MOST_OPTIONS;
use super::graph::Conflicts;
use crate::packages::universe::Description;

/// What is at the end of a chain.
pub(super) struct End {
    pub(super) cause: Cause,
    pub(super) text: String,
    pub(super) help: Option<String>,
}

impl Search<'_> {
    pub(super) fn excluded(&self, one: u32, why: Excluded) -> End {
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
    pub(super) fn kernel(&self) -> String {
        let number = self.index.lookup("kernel");
        let installed = number.and_then(|number| self.index.installed(number));
        let version = installed.map(|one| self.index.version_of(one));
        version
            .or(self.question.kernel)
            .unwrap_or("another")
            .to_owned()
    }

    /// Nothing meets an ask of a package.
    pub(super) fn unmet(&self, one: u32, ask: &Ask<'_>) -> End {
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
    pub(super) fn nothing(&self, ask: &Ask<'_>) -> End {
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
    pub(super) fn other_versions(&self, term: Term<'_>) -> Option<String> {
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
        (!versions.is_empty()).then(|| format!("there is only {}", either(&versions)))
    }

    /// The name is there, for other architectures.
    pub(super) fn elsewhere(&self, name: &str) -> Option<String> {
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
    pub(in super::super) fn missing(&self, at: usize) -> Unsolvable {
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
    pub(super) fn conflict(&self, one: u32, conflicts: &Conflicts) -> Option<End> {
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
        if other_name == name {
            let mut versions = [one, other].map(|one| self.index.version_of(one).to_owned());
            versions.sort();
            return Some(End {
                cause: Cause::Conflict,
                text: format!(
                    "of {name} only one version can be there, {}",
                    either(&versions)
                ),
                help: Some(format!(
                    "leave out one of those that need different versions of {name}"
                )),
            });
        }
        let text = if self.refuses(who, if who == one { other } else { one }) {
            let (a, b) = if who == one {
                (name, other_name)
            } else {
                (other_name, name)
            };
            format!("{a} conflicts with {b}")
        } else {
            format!(
                "{} provide the same, and only one of them can be there",
                both(name, other_name)
            )
        };
        let asked = |one: u32| self.index.is_installed(one) && self.is_named(one);
        let help = match (asked(one), asked(other)) {
            (true, false) => {
                format!("to have {other_name} instead of {name}, remove it: `-{name}`")
            }
            (false, true) => {
                format!("to have {name} instead of {other_name}, remove it: `-{other_name}`")
            }
            _ => format!("leave out one of {}", both(name, other_name)),
        };
        Some(End {
            cause: Cause::Conflict,
            text,
            help: Some(help),
        })
    }

    /// Whether a package says itself that it does not stand another.
    pub(super) fn refuses(&self, one: u32, other: u32) -> bool {
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
}

/// Two names, always in the same order.
fn both(a: &str, b: &str) -> String {
    format!("{} and {}", a.min(b), a.max(b))
}

fn update() -> String {
    "run `clom update`: image and feeds must be of the same release and build".to_owned()
}
