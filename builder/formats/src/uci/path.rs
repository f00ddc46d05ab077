//! How the `uci` tool names things: `network.lan.proto`, `firewall.@rule[-1]`.

use std::fmt;
use std::str::FromStr;

use super::error::PathError;
use super::name::{is_valid_name, is_valid_package, is_valid_type};

/// Which section is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SectionRef {
    /// The section of this name, or the unnamed one for which libuci generates it.
    Name(String),
    /// `@type[n]`: the n-th section of a type, or of all when `kind` is `None`; from the end when negative.
    Nth {
        /// The type.
        kind: Option<String>,
        /// Which one, from 0; -1 is the last.
        index: i32,
    },
}

/// A package, or a section or an option in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The file in `/etc/config`.
    pub package: String,
    /// The section.
    pub section: Option<SectionRef>,
    /// The option; only with a section.
    pub option: Option<String>,
}

impl fmt::Display for SectionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Nth { kind, index } => {
                write!(f, "@{}[{index}]", kind.as_deref().unwrap_or_default())
            }
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.package)?;
        if let Some(section) = &self.section {
            write!(f, ".{section}")?;
        }
        if let Some(option) = &self.option {
            write!(f, ".{option}")?;
        }
        Ok(())
    }
}

impl FromStr for SectionRef {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let wrong = |why: &str| PathError {
            path: text.to_owned(),
            why: why.to_owned(),
        };
        let Some(extended) = text.strip_prefix('@') else {
            return if is_valid_name(text) {
                Ok(Self::Name(text.to_owned()))
            } else {
                Err(wrong("not a valid section name"))
            };
        };
        let (kind, index) = extended
            .strip_suffix(']')
            .and_then(|rest| rest.split_once('['))
            .ok_or_else(|| wrong("`@` without `type[n]`"))?;
        if !kind.is_empty() && !is_valid_type(kind) {
            return Err(wrong("not a valid section type"));
        }
        Ok(Self::Nth {
            kind: Some(kind.to_owned()).filter(|kind| !kind.is_empty()),
            index: index
                .parse()
                .map_err(|_| wrong("the index is not a number"))?,
        })
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let wrong = |why: &str| PathError {
            path: text.to_owned(),
            why: why.to_owned(),
        };
        let mut parts = text.split('.');
        let package = parts.next().unwrap_or_default();
        if !is_valid_package(package) {
            return Err(wrong("not a valid package name"));
        }
        let section = parts
            .next()
            .map(|part| {
                part.parse::<SectionRef>()
                    .map_err(|error| wrong(&error.why))
            })
            .transpose()?;
        let option = parts.next();
        if option.is_some_and(|option| !is_valid_name(option)) {
            return Err(wrong("not a valid option name"));
        }
        if parts.next().is_some() {
            return Err(wrong("more than three parts"));
        }
        Ok(Self {
            package: package.to_owned(),
            section,
            option: option.map(str::to_owned),
        })
    }
}
