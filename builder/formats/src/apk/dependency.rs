//! What a package asks for, offers, replaces: a name, mostly with a condition on the version.
//!
//! Source: apk-tools' `src/package.c` (`apk_dep_parse`), `src/apk_version.h`, `src/ctype.c`.
//!
//! ```text
//! text       [ "!" ] name [ relation version ]
//! relation   <  <=  <~  =  ~  >=  >~  >           on versions
//!            ><                                   exactly the package with this checksum
//! object     1 name, 2 version, 3 match (1 equal, 2 less, 4 greater, 8 within, 16 not, added up; "=" without it)
//! ```

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::adb::{Database, Encoder, Value};
use super::{Error, Version};

const EQUAL: u64 = 1;
const LESS: u64 = 2;
const GREATER: u64 = 4;
const WITHIN: u64 = 8;
const NOT: u64 = 16;

/// How a version must stand to the one named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `<~`: less, or within.
    LessOrWithin,
    /// `=`
    Equal,
    /// `~`: the same with anything more behind it.
    Within,
    /// `>=`
    GreaterOrEqual,
    /// `>~`: greater, or within.
    GreaterOrWithin,
    /// `>`
    Greater,
}

impl Relation {
    const ALL: [(Self, &'static str, u64); 8] = [
        (Self::Less, "<", LESS),
        (Self::LessOrEqual, "<=", LESS | EQUAL),
        (Self::LessOrWithin, "<~", LESS | EQUAL | WITHIN),
        (Self::Equal, "=", EQUAL),
        (Self::Within, "~", EQUAL | WITHIN),
        (Self::GreaterOrEqual, ">=", GREATER | EQUAL),
        (Self::GreaterOrWithin, ">~", GREATER | EQUAL | WITHIN),
        (Self::Greater, ">", GREATER),
    ];

    fn mask(self) -> u64 {
        let all = Self::ALL.iter();
        all.fold(
            0,
            |mask, (relation, _, bits)| if *relation == self { *bits } else { mask },
        )
    }

    fn from_mask(mask: u64) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, _, bits)| *bits == mask);
        found.map(|(relation, _, _)| *relation)
    }

    /// Whether `version` stands so to `base`.
    pub fn holds(self, version: &Version, base: &Version) -> bool {
        let mask = self.mask();
        let order = match mask & WITHIN {
            0 => version.cmp(base),
            _ => version.cmp_within(base),
        };
        let found = match order {
            Ordering::Less => LESS,
            Ordering::Equal => EQUAL,
            Ordering::Greater => GREATER,
        };
        mask & found != 0
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = Self::ALL.iter().find(|(relation, _, _)| relation == self);
        f.write_str(found.map_or("", |(_, text, _)| text))
    }
}

/// Which packages of a name are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// All.
    Any,
    /// Those whose version stands so to this one.
    Version(Relation, Version),
    /// The one with this checksum, as text (`Q1` and base64).
    Checksum(String),
}

/// What a package asks for, offers, replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Of a package, or of what packages offer.
    pub name: String,
    /// With `!`: none that is meant may be there.
    pub conflict: bool,
    /// Which ones are meant.
    pub condition: Condition,
}

impl Dependency {
    /// Any package of this name.
    pub fn any(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            conflict: false,
            condition: Condition::Any,
        }
    }

    /// Whether a package of this name and version is meant, `!` left aside. What is asked for by checksum is never.
    pub fn means(&self, version: &Version) -> bool {
        match &self.condition {
            Condition::Any => true,
            Condition::Version(relation, base) => relation.holds(version, base),
            Condition::Checksum(_) => false,
        }
    }

    fn parts(&self) -> (&str, u64) {
        match &self.condition {
            Condition::Any => ("", EQUAL | LESS | GREATER),
            Condition::Version(relation, version) => (version.as_str(), relation.mask()),
            Condition::Checksum(checksum) => (checksum, LESS | GREATER),
        }
    }

    fn new(name: &str, version: Option<&str>, mask: u64) -> Result<Self, Error> {
        let wrong = || Error::Dependency(format!("{name}{}", version.unwrap_or_default()));
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+,-./:[]_".contains(&byte);
        if name.is_empty() || !name.bytes().all(letter) {
            return Err(wrong());
        }
        let condition = match (version, mask & !NOT) {
            (None, _) => Condition::Any,
            (Some(checksum), mask) if mask == LESS | GREATER => {
                Condition::Checksum(checksum.into())
            }
            (Some(version), mask) => Condition::Version(
                Relation::from_mask(mask).ok_or_else(wrong)?,
                version.parse()?,
            ),
        };
        Ok(Self {
            name: name.into(),
            conflict: mask & NOT != 0,
            condition,
        })
    }

    /// Reads a list of objects.
    pub(super) fn read_all(database: &Database<'_>, list: Value) -> Result<Vec<Self>, Error> {
        let list = database.slots(list)?;
        list.iter()
            .map(|value| Self::read(database, value))
            .collect()
    }

    fn read(database: &Database<'_>, value: Value) -> Result<Self, Error> {
        database.spend(size_of::<Self>() as u64)?;
        let fields = database.slots(value)?;
        let text = |slot| -> Result<Option<&str>, Error> {
            let blob = database.blob(fields.get(slot))?;
            let text = |blob: &[u8]| Error::Dependency(String::from_utf8_lossy(blob).into_owned());
            blob.map(|blob| std::str::from_utf8(blob).map_err(|_| text(blob)))
                .transpose()
        };
        let mask = database.int(fields.get(3))?.unwrap_or(EQUAL);
        Self::new(text(1)?.unwrap_or_default(), text(2)?, mask)
    }

    /// Writes a list of objects, sorted and each once, as apk-tools does.
    pub(super) fn write_all(encoder: &mut Encoder, list: &[Self]) -> Result<Value, Error> {
        let mut values = Vec::new();
        for dependency in list {
            let name = encoder.blob(dependency.name.as_bytes())?;
            let (version, mask) = dependency.parts();
            let version = encoder.blob(version.as_bytes())?;
            let mask = if dependency.conflict {
                mask | NOT
            } else {
                mask
            };
            let mask = match mask {
                EQUAL => Value::NULL,
                mask if mask == EQUAL | LESS | GREATER => Value::NULL,
                mask => encoder.int(mask)?,
            };
            values.push((dependency, encoder.object(&[name, version, mask])?));
        }
        values.sort_by(|(a, _), (b, _)| a.order(b));
        values.dedup_by_key(|(_, value)| *value);
        let values: Vec<_> = values.into_iter().map(|(_, value)| value).collect();
        encoder.object(&values)
    }

    fn order(&self, other: &Self) -> Ordering {
        let versions = match (&self.condition, &other.condition) {
            (Condition::Version(_, a), Condition::Version(_, b)) => a.cmp(b),
            _ => Ordering::Equal,
        };
        let mask = |dependency: &Self| match dependency.parts().1
            | if dependency.conflict { NOT } else { 0 }
        {
            mask if mask == EQUAL || mask == EQUAL | LESS | GREATER => 0,
            mask => mask,
        };
        (self.name.as_bytes().cmp(other.name.as_bytes()))
            .then(versions)
            .then_with(|| mask(self).cmp(&mask(other)))
    }
}

impl FromStr for Dependency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |_| Error::Dependency(text.into());
        let (mask, rest) = match text.strip_prefix('!') {
            Some(rest) => (NOT, rest),
            None => (0, text),
        };
        let Some(at) = rest.find(['<', '=', '>', '~']) else {
            return Self::new(rest, None, mask).map_err(wrong);
        };
        let (name, rest) = rest.split_at(at);
        let version = rest.trim_start_matches(['<', '=', '>', '~']);
        let relation = rest.get(..rest.len() - version.len()).unwrap_or_default();
        let mask = relation.bytes().fold(mask, |mask, byte| match byte {
            b'<' => mask | LESS,
            b'>' => mask | GREATER,
            b'=' => mask | EQUAL,
            _ => mask | EQUAL | WITHIN,
        });
        Self::new(name, Some(version), mask).map_err(wrong)
    }
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = if self.conflict { "!" } else { "" };
        let name = &self.name;
        match &self.condition {
            Condition::Any => write!(f, "{not}{name}"),
            Condition::Version(relation, version) => write!(f, "{not}{name}{relation}{version}"),
            Condition::Checksum(checksum) => write!(f, "{not}{name}><{checksum}"),
        }
    }
}
