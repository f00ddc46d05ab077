//! Lists of packages that a package wants or does not want.

use std::fmt;

use super::Version;

/// How a version must compare with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `<<`.
    Earlier,
    /// `<=`; also `<`, for which it is the old spelling.
    EarlierEqual,
    /// `=`.
    Equal,
    /// `>=`; also `>`, for which it is the old spelling.
    LaterEqual,
    /// `>>`.
    Later,
}

impl Operator {
    /// The operator that a text begins with, and what is behind it.
    fn split(text: &str) -> Option<(Self, &str)> {
        // The longer ones first.
        const ALL: [(&str, Operator); 7] = [
            ("<<", Operator::Earlier),
            ("<=", Operator::EarlierEqual),
            (">=", Operator::LaterEqual),
            (">>", Operator::Later),
            ("=", Operator::Equal),
            ("<", Operator::EarlierEqual),
            (">", Operator::LaterEqual),
        ];
        let mut all = ALL.into_iter();
        all.find_map(|(sign, operator)| Some((operator, text.strip_prefix(sign)?)))
    }

    /// Whether `have` compares with `want` as the operator says: what `opkg compare-versions` answers.
    pub fn holds(self, have: &Version, want: &Version) -> bool {
        let order = have.cmp(want);
        match self {
            Self::Earlier => order.is_lt(),
            Self::EarlierEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::LaterEqual => order.is_ge(),
            Self::Later => order.is_gt(),
        }
    }

    /// Whether `have` is good enough for opkg in a dependency or conflict on `want`: there it takes equal versions for any
    /// operator, so `<<` is as `<=` and `>>` as `>=`.
    pub fn satisfies(self, have: &Version, want: &Version) -> bool {
        have == want || self.holds(have, want)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Earlier => "<<",
            Self::EarlierEqual => "<=",
            Self::Equal => "=",
            Self::LaterEqual => ">=",
            Self::Later => ">>",
        })
    }
}

/// A package or what it provides, perhaps of some versions only: `kernel (= 6.6.73~1-r1)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// The name.
    pub name: String,
    /// What its version must be. A version without operator counts for nothing, as in opkg.
    pub version: Option<(Operator, Version)>,
}

impl Relation {
    /// Whether opkg takes this version for it.
    pub fn takes(&self, version: &Version) -> bool {
        let wanted = self.version.as_ref();
        wanted.is_none_or(|(operator, want)| operator.satisfies(version, want))
    }

    /// The relation, and whether a `*` is behind it.
    fn parse(text: &str) -> Result<(Self, bool), String> {
        let text = text.trim_ascii();
        let end = text.find([' ', '\t', '(']).unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(end).unwrap_or_default();
        check_name(name)?;
        let rest = rest.trim_ascii();
        let (version, rest) = match rest.strip_prefix('(') {
            None => (None, rest),
            Some(inside) => {
                let (inside, behind) = inside
                    .split_once(')')
                    .ok_or_else(|| format!("`{text}` has a bracket that does not close"))?;
                let version = Operator::split(inside.trim_ascii())
                    .map(|(operator, version)| (operator, Version::new(version)));
                if version
                    .as_ref()
                    .is_some_and(|(_, version)| version.as_str().is_empty())
                {
                    return Err(format!("`{text}` names no version"));
                }
                (version, behind.trim_ascii())
            }
        };
        let relation = Self {
            name: name.to_owned(),
            version,
        };
        match rest {
            "" => Ok((relation, false)),
            "*" => Ok((relation, true)),
            rest => Err(format!("`{rest}` behind {name} is not understood")),
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.version {
            Some((operator, version)) => write!(f, " ({operator} {version})"),
            None => Ok(()),
        }
    }
}

/// Alternatives, of which one is enough: `foo | bar (>= 2)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// At least one.
    pub alternatives: Vec<Relation>,
    /// Marked `*`: opkg installs all that provide it.
    pub greedy: bool,
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, relation) in self.alternatives.iter().enumerate() {
            write!(f, "{}{relation}", if number > 0 { " | " } else { "" })?;
        }
        f.write_str(if self.greedy { " *" } else { "" })
    }
}

impl Dependency {
    /// Reads a field such as `Depends` or `Conflicts`: dependencies with commas between them. Empty ones are left out, as opkg does.
    ///
    /// # Errors
    /// What is wrong with which one.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        let items = text.split(',').map(str::trim_ascii);
        let mut all = Vec::new();
        for item in items.filter(|item| !item.is_empty()) {
            let mut dependency = Self {
                alternatives: Vec::new(),
                greedy: false,
            };
            for one in item.split('|').filter(|one| !one.trim_ascii().is_empty()) {
                let (relation, greedy) = Relation::parse(one)?;
                dependency.alternatives.push(relation);
                dependency.greedy |= greedy;
            }
            if dependency.alternatives.is_empty() {
                return Err(format!("`{item}` names no package"));
            }
            all.push(dependency);
        }
        Ok(all)
    }
}

/// Reads a field such as `Provides` or `Replaces`: names with commas or spaces between them. opkg has no versions there, and
/// what is in brackets is left out.
pub(super) fn names(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('(') {
        names.extend(before.split([',', ' ', '\t', '\n']));
        rest = behind.split_once(')').map_or("", |(_, behind)| behind);
    }
    names.extend(rest.split([',', ' ', '\t', '\n']));
    let names: Vec<String> = names
        .into_iter()
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    names.iter().try_for_each(|name| check_name(name))?;
    Ok(names)
}

/// Names of packages become names of files.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let fits = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'+' | b'-' | b'.' | b'_' | b'@' | b'~' | b'=')
    };
    match name.as_bytes().first() {
        None => Err("a name is missing".to_owned()),
        Some(b'.') => Err(format!(
            "`{name}` begins with a dot, which no package's name does"
        )),
        Some(_) if name.bytes().all(fits) => Ok(()),
        Some(_) => Err(format!(
            "`{name}` is not the name of a package: letters, digits and +-._ only"
        )),
    }
}
