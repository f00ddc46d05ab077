//! How reading, addressing and changing a configuration can fail.

use thiserror::Error;

use super::NameKind;

/// A UCI text that cannot be read: where, and what was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {expected}")]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, counted in characters.
    pub column: usize,
    /// What was found and what was expected there.
    pub expected: Expected,
}

/// What a [`ParseError`] found, and what should have stood there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Expected {
    /// A byte sequence that is not UTF-8.
    #[error("this is not UTF-8 text")]
    Utf8,
    /// A NUL byte.
    #[error("a NUL byte, which a configuration cannot hold")]
    NoNul,
    /// A statement that starts with another word.
    #[error("unknown keyword `{0}`, expected `config`, `option`, `list` or `package`")]
    Keyword(String),
    /// A keyword without what must follow it.
    #[error("`{keyword}` must be followed by its {what}")]
    Argument {
        /// The keyword.
        keyword: &'static str,
        /// What is missing.
        what: NameKind,
    },
    /// More words than the statement takes.
    #[error("unexpected `{0}`, expected the end of the line (values with spaces need quotes)")]
    EndOfLine(String),
    /// A name with characters it may not hold.
    #[error("`{name}` is not a valid {kind}: it may hold only {}", kind.allowed())]
    Name {
        /// Whose name.
        kind: NameKind,
        /// The name.
        name: String,
    },
    /// An `option` or `list` before the first `config`.
    #[error("`{0}` before the first `config` line")]
    Section(&'static str),
    /// A quote that is never closed; the place is where it opens.
    #[error("this {0} quote is never closed")]
    ClosingQuote(char),
    /// A section that comes back with another type.
    #[error("section `{name}` was a `{first}` before and is a `{second}` here")]
    SameType {
        /// The section's name.
        name: String,
        /// The type it was opened with.
        first: String,
        /// The type it is reopened with.
        second: String,
    },
    /// A section outside any package, in a text of several packages.
    #[error("expected a `package` line before the first `config` line")]
    PackageLine,
    /// A package that comes twice.
    #[error("package `{0}` appears twice")]
    OnePackage(String),
}

/// A path such as `network.lan.proto` or `@rule[0].name` that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{path}`: {why}, expected `package.section.option`, where section is a name or `@type[n]`"
)]
pub struct PathError {
    /// The path as given.
    pub path: String,
    /// What is wrong with it.
    pub why: String,
}

/// Why a configuration was not changed. After an error it is as it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EditError {
    /// The section does not exist.
    #[error("there is no section `{0}`")]
    NoSection(String),
    /// The option does not exist.
    #[error("section `{section}` has no option `{option}`")]
    NoOption {
        /// The section.
        section: String,
        /// The option.
        option: String,
    },
    /// A name with characters it may not hold.
    #[error("`{name}` is not a valid {kind}: it may hold only {}", kind.allowed())]
    BadName {
        /// Whose name.
        kind: NameKind,
        /// The name.
        name: String,
    },
    /// A value with a control character other than tab, newline and carriage return.
    #[error("the value of `{option}` holds the control character {:?}", character)]
    BadValue {
        /// The option.
        option: String,
        /// The character.
        character: char,
    },
    /// The name is taken.
    #[error("there is a section `{0}` already")]
    SectionExists(String),
    /// The name is taken.
    #[error("section `{section}` has an option `{option}` already")]
    OptionExists {
        /// The section.
        section: String,
        /// The option.
        option: String,
    },
}
