//! What packages ask for, of either manager.

use std::fmt;

use openwrt_formats::{apk, opkg};

use crate::packages::universe::{Description, Manager};

/// The version under which a package goes by a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Offered<'a> {
    /// opkg: the package's own, whatever the name.
    Opkg(&'a opkg::Version),
    /// apk: the package's own under its own name; under others what is said there, or none.
    Apk(Option<&'a apk::Version>),
}

impl<'a> Offered<'a> {
    /// The version under a package's own name.
    pub(super) fn own(description: &'a Description) -> Self {
        match description {
            Description::Opkg(package) => Self::Opkg(&package.version),
            Description::Apk(package) => Self::Apk(Some(&package.version)),
        }
    }
}

/// A name and perhaps a condition on the version.
#[derive(Debug, Clone, Copy)]
pub(super) enum Term<'a> {
    Opkg(&'a opkg::Relation),
    Apk(&'a apk::Dependency),
}

impl<'a> Term<'a> {
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Opkg(relation) => &relation.name,
            Self::Apk(dependency) => &dependency.name,
        }
    }

    /// Whether a package that goes by the name under this version is meant. apk takes one without version for any.
    pub(super) fn takes(self, offered: Offered<'_>) -> bool {
        match (self, offered) {
            (Self::Opkg(relation), Offered::Opkg(version)) => relation.takes(version),
            (Self::Apk(dependency), Offered::Apk(Some(version))) => dependency.means(version),
            (Self::Apk(dependency), Offered::Apk(None)) => {
                !matches!(dependency.condition, apk::Condition::Checksum(_))
            }
            _ => false,
        }
    }

    /// The only version that is taken, if the condition is so.
    pub(super) fn exact(self) -> Option<&'a str> {
        match self {
            Self::Opkg(relation) => match &relation.version {
                Some((opkg::Operator::Equal, version)) => Some(version.as_str()),
                _ => None,
            },
            Self::Apk(dependency) => match &dependency.condition {
                apk::Condition::Version(apk::Relation::Equal, version) => Some(version.as_str()),
                _ => None,
            },
        }
    }
}

impl fmt::Display for Term<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opkg(relation) => relation.fmt(f),
            Self::Apk(dependency) => dependency.fmt(f),
        }
    }
}

/// Terms of which one is enough; only opkg has more than one.
#[derive(Debug, Clone)]
pub(super) struct Ask<'a> {
    pub(super) terms: Vec<Term<'a>>,
}

impl<'a> Ask<'a> {
    pub(super) fn opkg(dependency: &'a opkg::Dependency) -> Self {
        Self {
            terms: dependency.alternatives.iter().map(Term::Opkg).collect(),
        }
    }

    pub(super) fn apk(dependency: &'a apk::Dependency) -> Self {
        Self {
            terms: vec![Term::Apk(dependency)],
        }
    }
}

impl fmt::Display for Ask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, term) in self.terms.iter().enumerate() {
            write!(f, "{}{term}", if number > 0 { " or " } else { "" })?;
        }
        Ok(())
    }
}

/// All that opkg has.
const OPERATORS: [&str; 7] = ["<<", "<=", "=", ">=", ">>", "<", ">"];

/// A want as its manager would read it on the command line or in `/etc/apk/world`.
#[derive(Debug)]
pub(super) enum Asked {
    Opkg(opkg::Dependency),
    Apk(apk::Dependency),
}

impl Asked {
    /// `None` when the text makes no sense.
    pub(super) fn new(
        manager: Manager,
        name: &str,
        constraint: Option<&(String, String)>,
    ) -> Option<Self> {
        match manager {
            Manager::Opkg => {
                // opkg reads something out of nearly every text; this is what it writes itself.
                if let Some((operator, version)) = constraint
                    && !(OPERATORS.contains(&operator.as_str())
                        && version.starts_with(|first: char| first.is_ascii_alphanumeric()))
                {
                    return None;
                }
                let text = match constraint {
                    Some((operator, version)) => format!("{name} ({operator} {version})"),
                    None => name.to_owned(),
                };
                let mut all = opkg::Dependency::list(&text).ok()?;
                let one = all.pop().filter(|one| {
                    let only = one.alternatives.len() == 1 && !one.greedy;
                    let versions = one.alternatives.iter().all(|term| {
                        term.name == name && term.version.is_some() == constraint.is_some()
                    });
                    only && versions
                });
                one.filter(|_| all.is_empty()).map(Self::Opkg)
            }
            Manager::Apk => {
                let text = match constraint {
                    Some((operator, version)) => format!("{name}{operator}{version}"),
                    None => name.to_owned(),
                };
                let one: apk::Dependency = text.parse().ok()?;
                (!one.conflict && one.name == name).then_some(Self::Apk(one))
            }
        }
    }

    pub(super) fn ask(&self) -> Ask<'_> {
        match self {
            Self::Opkg(dependency) => Ask::opkg(dependency),
            Self::Apk(dependency) => Ask::apk(dependency),
        }
    }
}
