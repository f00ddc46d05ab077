//! Why there is no solution.

use std::fmt;

/// The kind of the first reason, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// No feed has a package of this name.
    Unknown,
    /// A package is there for other architectures only.
    Architecture,
    /// No version is as asked for.
    Version,
    /// Made for another kernel than the image has.
    Kernel,
    /// Two packages cannot be there together.
    Conflict,
    /// Something needs what is not wanted.
    Unwanted,
    /// Only an older version than the installed one would do.
    Downgrade,
    /// Several packages would do, and none is named.
    Ambiguous,
    /// A name, operator or version is not as the manager writes it.
    Text,
}

/// There is no solution: what is asked for contradicts itself, or is not to be had. Its text says why, a reason a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsolvable {
    /// The kind of the first reason.
    pub cause: Cause,
    /// The reasons, each a sentence that begins with who wants what.
    pub reasons: Vec<String>,
    /// What can be done about it.
    pub help: Vec<String>,
}

impl Unsolvable {
    pub(super) fn new(cause: Cause, reason: String, help: Option<String>) -> Self {
        Self {
            cause,
            reasons: vec![reason],
            help: help.into_iter().collect(),
        }
    }

    /// Adds another's reasons.
    pub(super) fn and(&mut self, other: Self) {
        let new = |all: &[String], one: &String| !all.contains(one);
        for reason in other.reasons {
            if new(&self.reasons, &reason) {
                self.reasons.push(reason);
            }
        }
        for help in other.help {
            if new(&self.help, &help) {
                self.help.push(help);
            }
        }
    }
}

impl fmt::Display for Unsolvable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reasons.join("\n"))
    }
}

impl std::error::Error for Unsolvable {}
