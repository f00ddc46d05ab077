//! How a verb fails: an error with its cure and the exit code that scripts can act on.

use std::fmt;

use crate::profile::Diagnostics;
use crate::terminal::clean_lines;

/// Why `clom` stopped; the number is its exit code. (2 is a wrong command line, from clap.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Anything not named below.
    Other = 1,
    /// A profile, overlay or secret is missing or wrong.
    Profile = 3,
    /// A donor image, kernel, root file system or other source is missing, damaged or of an unknown kind,
    /// or could not be fetched.
    Source = 4,
    /// The image is too big for the device, or the agent is over its budget.
    TooBig = 5,
    /// This machine lacks a tool, a compiler or a package.
    Host = 6,
    /// A machine did not boot, or not as asked.
    Boot = 7,
    /// The output or the cache could not be written.
    Output = 8,
    /// A signature is missing or wrong, or by a key that is not trusted.
    Trust = 9,
}

/// An error with its exit code and, where there is one, its cure.
#[derive(Debug)]
pub struct Failure {
    class: Class,
    error: anyhow::Error,
    help: Option<String>,
}

impl Failure {
    /// A failure of this class.
    pub fn new(class: Class, error: impl Into<anyhow::Error>) -> Self {
        Self {
            class,
            error: error.into(),
            help: None,
        }
    }

    /// Adds what the user can do about it, as one sentence or a few lines.
    #[must_use]
    pub fn help(mut self, cure: impl Into<String>) -> Self {
        self.help = Some(cure.into());
        self
    }

    /// Adds what the user can do about it, where nothing better is known.
    #[must_use]
    pub fn or_help(self, cure: impl Into<String>) -> Self {
        match self.help {
            Some(_) => self,
            None => self.help(cure),
        }
    }

    /// Adds more to what went wrong.
    #[must_use]
    pub fn and(mut self, more: &str) -> Self {
        self.error = anyhow::anyhow!("{}{more}", causes(&self.error));
        self
    }

    /// What went wrong, without the cure.
    pub fn reason(&self) -> String {
        causes(&self.error)
    }

    /// The class, whose number is the exit code.
    pub fn class(&self) -> Class {
        self.class
    }
}

/// `error: what: why: why`, then a line `help: cure`. A profile's diagnostics, which span lines, stand as they are.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error.downcast_ref::<Diagnostics>() {
            Some(problems) => f.write_str(&problems.render_for_stderr())?,
            None => write!(f, "error: {}", causes(&self.error))?,
        }
        match &self.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

/// The error and its causes in one line; a cause that the error before already tells is left out.
fn causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.ends_with(&cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    // Errors quote feeds, images and servers, which may say anything.
    clean_lines(&text)
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<ClassedError>() {
            Ok(ClassedError(failure)) => *failure,
            Err(error) => Self::new(Class::Other, error),
        }
    }
}

/// A [`Failure`] on its way through code that speaks `anyhow`.
#[derive(Debug)]
struct ClassedError(Box<Failure>);

impl fmt::Display for ClassedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0.error)
    }
}

impl std::error::Error for ClassedError {}

impl From<Failure> for anyhow::Error {
    fn from(failure: Failure) -> Self {
        Self::new(ClassedError(Box::new(failure)))
    }
}

/// Gives the error of a `Result` its class: `read(path).or_fail(Class::Source)?`.
pub trait OrFail<T> {
    /// The value, or a [`Failure`] of this class.
    ///
    /// # Errors
    /// When `self` is one.
    fn or_fail(self, class: Class) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrFail<T> for Result<T, E> {
    fn or_fail(self, class: Class) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(class, error))
    }
}
